"""What is corrected on Quality, where only what the version gets wrong is shown, never improves its figures.

The answers are simulated: a drawing counts if its file is called ellipse, and every sixth answer is a slip.
"""

from __future__ import annotations

import json
import re
import shutil
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from slips import trained_with_slips
from small_app import app_without_screens
from web_screens import Screens

from concepts.labels.dataset import Material
from concepts.learning import waves
from concepts.settings import Settings
from concepts.workbench import Workbench
from storage.labels import Author
from web.screens.mistakes import listed

NAME = "Round thing"
OF = {"concept": NAME}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Path:
    """A home with a version that was trained and measured, with slips among both kinds of answers."""
    root = tmp_path_factory.mktemp("corrections")
    bench = trained_with_slips(root, tiny_open_clip, NAME)
    bench.versions.evaluate(NAME)
    bench.close()
    return root / "home"


@pytest.fixture
def bench(made: Path, own_home: Path) -> Workbench:
    shutil.copytree(made, own_home)
    return Workbench(Settings(home=own_home))


def figures(bench: Workbench) -> Any:
    """All that is measured, anew."""
    return bench.versions.evaluate(NAME).model_dump()


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def other(said: str) -> str:
    return "no" if said == "yes" else "yes"


def test_correcting_every_mistake_on_the_screen_changes_no_figure(bench: Workbench) -> None:
    screens, before = Screens(bench), figures(bench)
    mistakes = bench.versions.mistakes(NAME)
    assert {mistake.purpose for mistake in mistakes} == {"train", "evaluation"}
    for number, mistake in enumerate(mistakes):
        value = f'["{mistake.id}", "key {number}"]'
        screens.press("quality-dialog", "answer", value, OF, value=other(mistake.said), comment="")
    assert bench.versions.mistakes(NAME) == []
    assert figures(bench) == before
    shown = words(screens.load("quality", **OF)["quality-mistakes"])
    measuring = sum(mistake.purpose == "evaluation" for mistake in mistakes)
    assert f"Answered otherwise since: {measuring}" in shown
    quality = bench.versions.quality(NAME)
    assert not quality.stale
    assert quality.new_answers == len(mistakes) - measuring  # which teach the next version


def test_correcting_every_mistake_over_rest_changes_no_figure(bench: Workbench) -> None:
    before = figures(bench)
    client = TestClient(app_without_screens(bench), base_url=f"http://127.0.0.1:7860/api/v1/concepts/{NAME}/")
    mistakes = client.get("versions/1/mistakes").json()
    assert mistakes
    given = [{"picture": one["id"], "value": other(one["said"])} for one in mistakes]
    assert client.post("labels", json={"answers": given, "in_view": True}).status_code == 201
    assert client.get("versions/1/mistakes").json() == []
    assert figures(bench) == before
    assert client.get("versions/1/quality").json()["version"]["report"] == bench.versions.quality(
        NAME
    ).version.report.model_dump(mode="json")  # type: ignore[union-attr]


def test_correcting_every_mistake_where_it_is_listed_changes_no_figure(bench: Workbench) -> None:
    before = figures(bench)
    client = TestClient(app_without_screens(bench), base_url="http://127.0.0.1:7860")
    mistakes = bench.versions.mistakes(NAME)
    for number, one in enumerate(mistakes):
        body = {"concept": NAME, "key": f"listed-{number:04}", "answers": [[one.id, other(one.said)]]}
        assert client.post("/app/answers/elsewhere", json=body | {"in_view": True}).status_code == 200
    given = bench.answers.own(NAME, [one.id for one in mistakes], "me")
    assert all(event.in_view for event in given)
    assert bench.versions.mistakes(NAME) == []
    assert figures(bench) == before


def test_who_only_looks_is_offered_no_answers(bench: Workbench) -> None:
    view = bench.definitions.concept(NAME)
    shown = [listed(bench, view, "me", (0, 0), looking=False, may_answer=may) for may in (True, False)]
    assert ["data-say=" in html for html in shown] == [True, False]


def test_the_screen_says_that_corrections_change_no_figure(bench: Workbench) -> None:
    shown = words(Screens(bench).load("quality", **OF)["quality-mistakes"])
    assert "It changes no figure: those stay with what was said first" in shown


def test_a_second_look_is_at_as_many_right_as_wrong_pictures_and_tells_nothing_before_its_end(
    bench: Workbench,
) -> None:
    """Every answer is now what the picture is: every slip is found, whichever way it spoke."""
    screens, before = Screens(bench), figures(bench)
    path_of = {picture.id: picture.path for picture in bench.pictures.browse(90, "").pictures}
    wrong = {mistake.id for mistake in bench.versions.mistakes(NAME) if mistake.purpose == "evaluation"}
    asked: list[str] = []
    shown = screens.press("quality-again", "begin-again", "", OF)
    assert not any(f"open-{picture[:12]}" in shown["quality-mistakes"] for picture in wrong)
    while found := re.search(r'form data-action="look-again" data-value="([^"]*)"', shown["quality-again"]):
        picture, _ = json.loads(unescape(found[1]))
        assert "wrong" not in words(shown["quality-again"])
        assert Path(path_of[picture]).name not in shown["quality-again"]
        value = "yes" if "ellipse" in path_of[picture] else "no"
        shown = screens.press("quality-again", "look-again", unescape(found[1]), OF, value=value)
        asked.append(picture)
    assert len(asked) == len(set(asked)) >= 8
    assert len(wrong & set(asked)) == len(asked) // 2
    material = bench.context.material(bench.context.concept(NAME))
    changed = [i for i in asked if material.blind[i].value != ("yes" if "ellipse" in path_of[i] else "no")]
    assert changed
    of_wrong, of_right = len(wrong & set(changed)), len(set(changed) - wrong)
    half = len(asked) // 2
    said = f"of {half} it has wrong you see {of_wrong} otherwise now, of {half} it has right {of_right}."
    assert said in words(shown["quality-again"])
    assert figures(bench) == before
    assert bench.versions.quality(NAME).consistency is None  # that sample stays a random one


def test_to_rename_a_concept_changes_nothing_of_its_second_look(bench: Workbench) -> None:
    """Else whoever renames it would be asked about others, and its consistency be that of other pictures."""
    first = bench.second_look.again(NAME, "me")
    assert first.next
    bench.second_look.answer_again(NAME, first.next.id, "yes", author="me", key="second look 1")
    before = bench.second_look.again(NAME, "me"), material(bench, NAME).twice
    bench.catalogue.rename(NAME, "Ball", author="me")
    assert (bench.second_look.again("Ball", "me"), material(bench, "Ball").twice) == before


def material(bench: Workbench, name: str) -> Material:
    return bench.context.material(bench.context.concept(name))


def test_a_picture_whose_verdict_was_shown_is_not_looked_at_blindly(bench: Workbench) -> None:
    look = bench.second_look.again(NAME, "me")
    assert look.next is not None
    for mistake in bench.versions.mistakes(NAME):
        if mistake.purpose == "evaluation":
            bench.answers.label(
                NAME, mistake.id, mistake.said, author=Author("me"), key=mistake.id, in_view=True
            )
    assert bench.second_look.again(NAME, "me").asked == 0
    assert bench.second_look.again(NAME, "somebody else").asked == 0


def test_mistakes_are_those_behind_the_figures_and_both_screens_say_what_they_count(bench: Workbench) -> None:
    report = bench.versions.evaluate(NAME)
    found = [mistake for mistake in bench.versions.mistakes(NAME) if mistake.purpose == "evaluation"]
    assert len(found) == report.confusion["false_positive"] + report.confusion["false_negative"]
    doubts = bench.second_look.current(NAME).doubts
    assert doubts is not None
    judged = bench.versions.beside_answers(NAME).judged
    assert (judged.measured, judged.learned) == (report.n, doubts.judged)
    on_quality = words(Screens(bench).load("quality", **OF)["quality-mistakes"])
    assert f"{len(found)} of the {report.n} pictures these figures rest on" in on_quality
    assert f"it would get {doubts.mistakes} of {doubts.judged} wrong. Those are on Second look" in on_quality
    on_second_look = words(Screens(bench).load("review", **OF)["review-main"])
    assert (
        f"{doubts.mistakes} of {doubts.judged} answers to learn from come out the other way" in on_second_look
    )


def test_answers_after_the_last_look_wait_and_it_is_said_which_ones_count(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waves, "LOOKS", (20, 60))
    monkeypatch.setattr(waves, "SHARE", 1)
    report, material = bench.versions.evaluate(NAME), bench.context.material(bench.context.concept(NAME))
    answered = len(material.evaluation)
    said = f"These figures rest on the first 20 of the {answered} answers that measure. The other"
    view = bench.versions.quality(NAME)
    assert (report.n, view.n) == (20, 20)
    assert view.waiting_answers.startswith(said)
    assert view.waiting_answers in report.notes
    assert view.waiting_answers in bench.exports.model_card(NAME)
    assert said in words(Screens(bench).load("quality", **OF)["quality-main"])
    waiting = set(material.evaluation) - set(material.measuring)
    assert waiting
    assert not waiting & {mistake.id for mistake in bench.versions.mistakes(NAME)}  # to list them is to look
