"""What is corrected on Check, where only what the version gets wrong is shown, never improves its figures.

The answers are simulated: a drawing counts if its file is called ellipse, and every sixth answer is a slip.
"""

from __future__ import annotations

import re
import shutil
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from drawing import draw_folder
from web_screens import Screens

from concepts.installation.users import Role
from concepts.labelling.reasons import Reason
from concepts.labelling.review import ReviewRow
from concepts.learning import waves
from concepts.settings import Settings
from concepts.workbench import Workbench
from web.http.roles import rule_of_button, why_not
from web.render import ALLOWED, render
from web.screens.mistakes import listed, opened

NAME = "Round thing"
OF = {"concept": NAME}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Path:
    """A home with 90 drawings and a version that was trained and measured, with slips among the answers to
    learn from and those that measure."""
    root = tmp_path_factory.mktemp("corrections")
    bench = Workbench(Settings(home=root / "home"))
    bench.library.add([draw_folder(root / "pictures", 90)], encoder=f"local-dir:{tiny_open_clip}").wait()
    concept = bench.concepts.begin(NAME, "A filled ellipse, not a rectangle.")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waves, "SHARE", 0.4)  # of a small library: figures need ten of each kind
        given = concept.labels.next_pictures(100, purpose="evaluation")
    given += concept.labels.next_pictures(30)
    for place, picture in enumerate(given):
        counts = ("ellipse" in picture.path) != (place % 6 == 5)
        concept.labels.give(picture.id, "yes" if counts else "no", author="me")
    concept.versions.train().wait()
    concept.versions.measure()
    bench.close()
    return root / "home"


@pytest.fixture
def bench(made: Path, own_home: Path) -> Workbench:
    shutil.copytree(made, own_home)
    return Workbench(Settings(home=own_home))


def figures(bench: Workbench) -> Any:
    """All that is measured, anew."""
    return bench.concept(NAME).versions.measure().model_dump()


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def mistakes_of(bench: Workbench) -> list[ReviewRow]:
    return bench.review.queue(NAME, Reason.MISTAKE).rows


def other(said: str) -> str:
    return "no" if said == "yes" else "yes"


def test_correcting_every_mistake_on_the_screen_changes_no_figure(bench: Workbench) -> None:
    screens, before = Screens(bench), figures(bench)
    mistakes = mistakes_of(bench)
    assert {mistake.purpose for mistake in mistakes} == {"train", "evaluation"}
    first = {mistake.purpose: mistake for mistake in reversed(mistakes)}
    for mistake in mistakes:
        if mistake in first.values():
            value = f'["{mistake.id}", "key {mistake.purpose}"]'
            screens.press("check-dialog", "answer", value, OF, value=other(mistake.label), comment="")
        else:  # the same without the screen, which looks all labels over after each
            label = other(mistake.label)
            bench.concept(NAME).labels.give(mistake.id, label, author="me", in_view=True)
    assert mistakes_of(bench) == []
    assert figures(bench) == before
    shown = words(screens.load("check", **OF)["check-pictures"])
    measuring = sum(mistake.purpose == "evaluation" for mistake in mistakes)
    assert f"{measuring} test label{'s' if measuring > 1 else ''} changed since" in shown
    quality = bench.concept(NAME).versions.quality()
    assert not quality.stale
    assert quality.new_answers == len(mistakes) - measuring  # which teach the next version


def test_who_only_looks_is_offered_no_labels(bench: Workbench) -> None:
    view = bench.concept(NAME).definition.read()
    parts = {"sides": None, "name": NAME, "scale": view.scale, **listed(bench, view, "me", (0, 0))}
    mistake = mistakes_of(bench)[0].id
    for role in (Role.LABELLER, Role.VIEWER):
        before = ALLOWED.set(lambda action, role=role: not why_not(rule_of_button(action), role))
        among, over = render("check/pictures.html", **parts), opened(bench, NAME, mistake, "me") or ""
        ALLOWED.reset(before)
        assert ("data-say=" in among, "<form" in over) == (role == Role.LABELLER,) * 2
        assert "that it counts." in over


def test_mistakes_are_those_behind_the_figures(bench: Workbench) -> None:
    report = bench.concept(NAME).versions.measure()
    found = [mistake for mistake in mistakes_of(bench) if mistake.purpose == "evaluation"]
    assert len(found) == report.confusion["false_positive"] + report.confusion["false_negative"]


def test_answers_after_the_last_look_wait_and_it_is_said_which_ones_count(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waves, "LOOKS", (20, 60))
    monkeypatch.setattr(waves, "SHARE", 1)
    report, dataset = (
        bench.concept(NAME).versions.measure(),
        bench.context.dataset(bench.context.concept(NAME)),
    )
    answered = len(dataset.evaluation)
    said = f"These figures rest on the first 20 of {answered} test labels."
    view = bench.concept(NAME).versions.quality()
    assert (report.n, view.n) == (20, 20)
    assert view.waiting_answers.startswith(said)
    assert view.waiting_answers in report.notes
    assert view.waiting_answers in bench.concept(NAME).exports.card()
    assert said in words(Screens(bench).load("check", **OF)["check-main"])
    waiting = set(dataset.evaluation) - set(dataset.measuring)
    assert waiting
    assert not waiting & {mistake.id for mistake in mistakes_of(bench)}  # to list them is to look


def test_the_pictures_on_both_sides_follow_the_threshold_without_unlabelled_test_pictures(
    bench: Workbench,
) -> None:
    """The last flagged is the nearest above it, the first not flagged the nearest below."""
    concept, screens = bench.concept(NAME), Screens(bench)
    tested = next(a for a in concept.labels.recent("me", 100) if a.purpose == "evaluation")
    concept.labels.take_back(author="me", only=[tested.key])
    page = concept.scores.page("top", limit=200)
    assert page
    assert tested.id not in {picture.id for picture in page.pictures}
    (score,) = bench.context.scores.of(
        concept.versions.head(), bench.context.collection.index()
    ).probability.of([tested.id])
    ranked = sorted(page.pictures, key=lambda picture: -picture.probability)
    place = max(sum(picture.probability > score[1] for picture in ranked), 6)
    threshold = ranked[place].probability
    html = screens.press("check-pictures", "around", str(threshold), OF)["check-around"]
    below, above = (re.findall(r'data-value="(\w+)"', part) for part in html.split("Last flagged"))
    assert above == [picture.id for picture in ranked[place - 5 : place + 1]][::-1]
    assert below[::-1] == [picture.id for picture in ranked[place + 1 : place + 7]]


def test_versions_are_compared_and_gone_back_to(bench: Workbench) -> None:
    screens, versions = Screens(bench), bench.concept(NAME).versions
    versions.use(1, 0.9, author="me").wait()
    compared = screens.press("check-versions", "compare", "", OF, one="1", other="2")
    assert "they differ in" in words(compared["check-dialog"])
    shown = screens.press("check-versions", "again", "1", OF)
    assert "Version 1 is in use again, as version 3." in words(shown["check-said"])
    assert shown["check-trained"] == ""  # where an earlier training may still be told
    assert versions.head().threshold == versions.head(1).threshold
    assert "Go back to version 2" in shown["check-versions"]
