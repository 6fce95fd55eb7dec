"""The list of concepts costs a number of statements that doesn't grow with it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from statements import statements

from concepts.labelling.training_data import TrainingData
from concepts.workbench import Workbench
from web.screens import SCREENS
from web.shell import rail as rail_of

NAME = "Round thing"


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
        bench.concepts.steps("Shape 0")
    assert not any("annotations.evidence" in statement for statement in sent)


def test_a_step_is_done_once_its_result_is_there(trained: Workbench) -> None:
    (listed,) = trained.concepts.all()
    assert {"Define", "Label"} <= set(listed.steps_done)
    assert listed.next_step not in ("Define", "Label")


def test_to_review_the_machine_is_a_step_only_where_its_labels_are_used(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(bench, 0, 1)
    name = "Shape 0"
    plain = ("Define", "Label", "Quality", "Use")

    def steps() -> tuple[str, ...]:
        found = bench.concepts.steps(name)
        assert found is not None
        assert found.names == tuple(bench.concepts.all()[-1].steps)
        return found.names

    assert steps() == plain  # no machine has looked at anything
    bench.concept(name).annotations.annotate(limit=5).wait()
    monkeypatch.setattr(TrainingData, "agreement", SimpleNamespace(weight=0.0))
    bench.concept(name).labels.give(bench.library.pictures(limit=8).pictures[5].id, "no", author="ana")
    assert steps() == plain  # one has, and is no better than chance
    monkeypatch.setattr(TrainingData, "agreement", SimpleNamespace(weight=0.3))
    bench.concept(name).labels.give(bench.library.pictures(limit=8).pictures[6].id, "no", author="ana")
    assert steps() == ("Define", "Label", "Review", "Quality", "Use")


def test_a_review_that_is_no_step_is_a_part_of_quality(bench: Workbench) -> None:
    begin(bench, 0, 1)
    state = SimpleNamespace(sandbox=None)
    request = SimpleNamespace(query_params={"concept": "Shape 0"}, state=state, username=None)
    review = next(screen for screen in SCREENS if screen.title == "Review")
    html = rail_of(bench, SCREENS, review, request)  # type: ignore[arg-type]
    assert "Review</a>" not in html
    steps = html.split('class="steps"')[1].split("</div>", 1)[0]
    assert [n for n in "12345" if f">{n}</span>" in steps] == ["1", "2", "3", "4"]
    assert 'aria-current="step"' in steps.split("/quality")[1]


def test_what_is_no_step_stands_behind_the_journey_and_what_takes_concepts_waits_for_one(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = SimpleNamespace(sandbox=None)
    start = next(screen for screen in SCREENS if screen.title == "Start")

    def rail(**query: str) -> str:
        request = SimpleNamespace(query_params=query, state=state, username=None)
        return rail_of(bench, SCREENS, start, request)  # type: ignore[arg-type]

    with monkeypatch.context() as nothing_yet:
        nothing_yet.setattr(bench.concepts, "scales", dict)
        assert "Combine" not in rail()
    begin(bench, 0, 1)
    assert "Combine" in rail()
    assert "Borderline" not in rail()  # of a concept, and none is chosen
    titles = ("Library", "Define", "Use", "Borderline", "Combine", "Side by side", "Activity", "Settings")
    at = [rail(concept="Shape 0").index(title) for title in titles]
    assert at == sorted(at)


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
