"""The list of concepts costs a number of statements that doesn't grow with it."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from statements import statements

from concepts.installation.users import Role
from concepts.workbench import Workbench
from concepts.workbench.protection import OnPage
from web.screens import SCREENS
from web.shell import rail as rail_of
from web.shell import tabs as tabs_of

NAME = "Round thing"
PLAIN = OnPage(parts=[], key="v")


def begin(bench: Workbench, first: int, last: int) -> None:
    pictures = [picture.id for picture in bench.library.pictures(limit=8).pictures]
    for number in range(first, last):
        name = f"Shape {number}"
        bench.concepts.begin(name, f"A shape of kind {number}.")
        for picture in pictures[:4]:
            bench.concept(name).labels.give(picture, "yes", author="ana")


def sent_for_the_list(bench: Workbench) -> int:
    bench.concepts.all()  # what changed since the last look is read once
    with statements(bench.context.database) as sent:
        bench.concepts.all()
    return len(sent)


def test_ten_times_as_many_concepts_take_the_same_number_of_statements(bench: Workbench) -> None:
    begin(bench, 0, 2)
    few = sent_for_the_list(bench)
    begin(bench, 2, 20)
    assert sent_for_the_list(bench) == few


def test_the_list_knows_an_answer_as_soon_as_it_is_given(bench: Workbench) -> None:
    begin(bench, 0, 1)
    before = bench.concepts.all()[-1]
    picture = bench.library.pictures(limit=8).pictures[7].id
    bench.concept("Shape 0").labels.give(picture, "no", author="ana")
    after = bench.concepts.all()[-1]
    assert after.answers.answers == before.answers.answers + 1
    bench.concept("Shape 0").labels.take_back(author="ana", key="back")
    assert bench.concepts.all()[-1].answers.answers == before.answers.answers


def test_where_a_concept_stands_is_told_without_reading_what_the_machine_said(bench: Workbench) -> None:
    begin(bench, 0, 1)
    with statements(bench.context.database) as sent:
        bench.concepts.steps_done("Shape 0")
    assert not any("annotations.evidence" in statement for statement in sent)


def test_a_step_is_done_once_its_result_is_there(trained: Workbench) -> None:
    (listed,) = trained.concepts.all()
    assert {"Describe", "Label"} <= set(listed.steps_done)
    assert listed.next_step not in ("Describe", "Label")


def test_the_rail_leads_through_the_seven_screens(bench: Workbench) -> None:
    begin(bench, 0, 1)
    state = SimpleNamespace(sandbox=None, role=Role.OWNER, demo=False)
    home = next(screen for screen in SCREENS if screen.title == "Home")
    request = SimpleNamespace(query_params={"concept": "Shape 0"}, state=state, username=None)
    links = re.findall(r'href="(/[a-z-]*)[?"]', rail_of(bench, SCREENS, home, request, PLAIN))  # type: ignore[arg-type]
    order = ["/", "/library", "/describe", "/label", "/check", "/results", "/settings"]
    assert [link for link in dict.fromkeys(links) if link in order] == order


def test_on_a_tab_the_rail_marks_the_screen_that_it_belongs_to(bench: Workbench) -> None:
    begin(bench, 0, 1)
    request = SimpleNamespace(
        query_params={"concept": "Shape 0"},
        state=SimpleNamespace(sandbox=None, role=Role.OWNER, demo=False),
        username=None,
    )
    review = next(screen for screen in SCREENS if screen.title == "Review")
    html = rail_of(bench, SCREENS, review, request, PLAIN)  # type: ignore[arg-type]
    assert re.findall(r'href="(/[a-z]+)\?[^"]*" aria-current="step"', " ".join(html.split())) == ["/label"]
    shown = tabs_of(SCREENS, review, request)  # type: ignore[arg-type]
    assert re.findall(r">([A-Z][a-z]+)</a>", shown) == ["Label", "Review", "Borderline"]


def test_a_cover_shows_what_counts_and_never_a_no(
    trained: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People's last yeses first, then what the version flags, then what the words find; never what is to be
    answered blindly."""
    bench, concept = trained, trained.context.concept(NAME)

    def cover() -> list[str]:
        return bench.concepts.all()[-1].cover

    bench.concept(NAME).versions.use(bench.concept(NAME).versions.head().number, 0.2, author="ana").wait()
    decisions = bench.concept(NAME).labels.decisions()
    yes = [i for i, decision in decisions.items() if decision.value == "yes"]
    assert cover() == yes[-3:]
    for picture in yes[1:]:
        bench.concept(NAME).labels.give(picture, "no", author="simulation", simulated=True)
    flagged = bench.concepts._flagged(concept, 200)
    noes = {i for i, decision in bench.concept(NAME).labels.decisions().items() if decision.value == "no"}
    apart = bench.context.store.kept_apart(concept.id)
    assert noes & set(flagged)
    assert cover() == [yes[0], *(i for i in flagged if i not in noes | apart | {yes[0]})][:3]
    monkeypatch.setattr(bench.concepts, "_flagged", lambda concept, n: [])
    bench.concept(NAME).labels.give(yes[0], "no", author="ana")
    bench.concept(NAME).definition.mine().wait()
    found = cover()
    assert not set(found) & (set(bench.concept(NAME).labels.decisions()) | apart)
    assert set(found) <= bench.context.store.candidates(concept.id).keys()
