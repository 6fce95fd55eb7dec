"""Answers of every kind are counted once, and screens, REST and command line say the same numbers."""

from __future__ import annotations

import json
import re
import uuid
from html import unescape
from pathlib import Path

import pytest
from drawing import draw_folder
from fastapi.testclient import TestClient
from typer.testing import CliRunner
from web_screens import Screens

from concepts.cli import app
from concepts.labelling.consensus import consensus
from concepts.labelling.dataset import AnswerCount, count_answers
from concepts.settings import Settings
from concepts.workbench import Workbench
from storage.labels import Author, LabelEvent
from storage.tables import now
from web.server import create_app

NAME = "Round thing"
ANA, BEN, NOBODY = Author("ana"), Author("ben"), Author("simulation", "simulated")


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def say(bench: Workbench, picture: str, value: str, author: Author = ANA, *, in_view: bool = False) -> None:
    bench.concept(NAME).labels.give(
        picture,
        value,
        author=author.name,
        simulated=author.kind == "simulated",
        key=uuid.uuid4().hex,
        in_view=in_view,
    )


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Workbench:
    """15 answers: 4 yes and 3 no to learn from, 3 that measure, 2 that certify, one with the machine in view,
    a tie and a skip."""
    root = tmp_path_factory.mktemp("count")
    bench = Workbench(Settings(home=root / "home"))
    bench.library.add([draw_folder(root / "pictures", 60)], encoder=f"local-dir:{tiny_open_clip}").wait()
    bench.concepts.begin(NAME, "A filled ellipse, not a rectangle.")
    learned = [picture.id for picture in bench.concept(NAME).labels.next_pictures(9)]
    for picture, value in zip(learned, ("yes", "no") * 3, strict=False):
        say(bench, picture, value)
    bench.concept(NAME).versions.train().wait()
    say(bench, learned[6], "yes", NOBODY)
    say(bench, learned[7], "skip")
    say(bench, learned[8], "yes")
    say(bench, learned[8], "no", BEN)
    measuring = bench.concept(NAME).labels.next_pictures(4, purpose="evaluation")
    for picture, value in zip(measuring, ("yes", "no", "unsure", "no"), strict=True):
        say(bench, picture.id, value, in_view=picture == measuring[-1])
    bench.concept(NAME).certificates.begin(0.5, author="ana")
    for certifies in bench.concept(NAME).labels.next_pictures(2, purpose="evaluation"):
        say(bench, certifies.id, "yes")
    return bench


SENTENCE = (
    "15 labels by 2 people, 1 of them simulated: 7 for training, 3 for testing, 2 for guarantees, "
    "2 undecided, 1 of test pictures, given with the suggestion in view (unused)."
)


def test_every_answer_is_counted_once_by_what_was_said_and_by_what_it_is_for(bench: Workbench) -> None:
    count = bench.concept(NAME).labels.count()
    assert count.sentence == SENTENCE
    assert count.yes + count.no + count.unsure + count.skip + count.conflict == count.answers
    assert (count.teach_yes, count.teach_no, count.given) == (4, 3, 13)


def test_every_screen_rest_and_the_command_line_say_the_same(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    screens, line, more = (
        Screens(bench),
        "13 of about 100 labels · 9 test labels to the next figures",
        "About 87 more labels help.",
    )
    assert "15 labels (simulated) · not tested yet" in words(screens.load("")["home-concepts"])
    assert f"{SENTENCE} 1 new since version 1. {more}" in words(
        screens.load("check", concept=NAME)["check-figures"]
    )
    assert "Not tested yet: 9 more test labels." in words(screens.load("check", concept=NAME)["check-main"])
    label = screens.load("label", concept=NAME)["label-area"]
    state = json.loads(unescape(re.search(r'data-state="([^"]*)"', label)[1]))  # type: ignore[index]
    assert (state["advice"]["count"]["sentence"], state["advice"]["progress"]) == (SENTENCE, line)
    client = TestClient(create_app(bench), base_url="http://127.0.0.1:7860/api/v1/")
    shown, (listed,) = client.get(f"concepts/{NAME}").json(), client.get("concepts").json()
    assert shown["answers"] == listed["answers"] == state["advice"]["count"]
    assert shown["advice"] == listed["advice"] == more
    assert client.get(f"concepts/{NAME}/versions/1/quality").json()["answered"] == shown["answers"]["measure"]
    monkeypatch.setenv("DISCERN_HOME", str(bench.context.settings.home))
    assert f"{SENTENCE} {more}" in CliRunner().invoke(app, ["concept", "show", NAME]).stdout


def test_a_look_alike_of_what_measures_is_said_to_teach_nothing() -> None:
    event = LabelEvent(1, "k", "twin", "yes", ANA, 1, "", now(), None)
    count = count_answers(consensus([event]), set(), {"original": "random"}, {}, {"original", "twin"})
    assert (count.teach, count.look_alike) == (0, 1)
    assert "1 of near-duplicates of test pictures" in count.sentence


def test_without_an_answer_there_is_nothing_to_count() -> None:
    assert AnswerCount(to_measure=30).sentence == "No labels yet."
