"""Answers of every kind are counted once, and REST and command line say the same numbers."""

from __future__ import annotations

import uuid

import pytest
from typer.testing import CliRunner
from web_screens import browser

from concepts.cli import app
from concepts.labelling.consensus import consensus
from concepts.labelling.dataset import AnswerCount, count_answers
from concepts.labelling.labels import give_label, label_count, next_pictures
from concepts.results.certificates import ask_for_guarantee
from concepts.results.concepts import begin_concept
from concepts.results.trained import train
from concepts.use_cases import App
from storage.labels import Author, LabelEvent
from storage.tables import now
from web.server import create_service

NAME = "Round thing"


@pytest.fixture(scope="module")
def bench(library: App) -> App:
    """15 answers: 4 yes and 3 no to learn from, 3 that measure, 2 that certify, one with the machine in view,
    a tie and a skip."""
    concept = begin_concept(library, NAME, "A filled ellipse, not a rectangle.")

    def say(picture: str, value: str, author: str = "ana", **more: bool) -> None:
        give_label(concept, picture, value, author=author, key=uuid.uuid4().hex, **more)

    learned = [picture.id for picture in next_pictures(concept, 9)]
    for picture, value in zip(learned, ("yes", "no") * 3, strict=False):
        say(picture, value)
    concept.begin(train).wait()
    say(learned[6], "yes", "simulation", simulated=True)
    say(learned[7], "skip")
    say(learned[8], "yes")
    say(learned[8], "no", "ben")
    measuring = [picture.id for picture in next_pictures(concept, 4, purpose="evaluation")]
    for picture, value in zip(measuring, ("yes", "no", "unsure", "no"), strict=True):
        say(picture, value, in_view=picture == measuring[-1])
    ask_for_guarantee(concept, 0.5, author="ana")
    for certifies in next_pictures(concept, 2, purpose="evaluation"):
        say(certifies.id, "yes")
    return library


SENTENCE = (
    "15 labels by 2 people, 1 of them simulated: 7 for training, 3 for testing, 2 for guarantees, "
    "2 undecided, 1 of test pictures, given with the suggestion in view (unused)."
)


def test_every_answer_is_counted_once_and_told_alike_everywhere(
    bench: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, more = label_count(bench.concept(NAME)), "About 87 more labels help."
    assert count.sentence == SENTENCE
    assert count.yes + count.no + count.unsure + count.skip + count.conflict == count.answers
    assert (count.teach_yes, count.teach_no, count.given) == (4, 3, 13)
    client = browser(create_service(bench))
    told = client.get(f"/api/v1/concepts/{NAME}/upcoming").json()["advice"]
    assert told["progress"] == "13 of about 100 labels · 9 test labels to the next figures"
    shown = client.get(f"/api/v1/concepts/{NAME}").json()
    (listed,) = client.get("/api/v1/concepts").json()
    assert shown["answers"] == listed["answers"] == told["count"] == count.model_dump(mode="json")
    assert shown["advice"] == listed["advice"] == more
    quality = client.get(f"/api/v1/concepts/{NAME}/versions/1/quality").json()
    assert quality["answered"] == count.measure
    monkeypatch.setenv("DISCERN_HOME", str(bench.settings.home))
    assert f"{SENTENCE} {more}" in CliRunner().invoke(app, ["concept", "show", NAME]).stdout


def test_a_look_alike_of_what_measures_is_said_to_teach_nothing() -> None:
    event = LabelEvent(1, "k", "twin", "yes", Author("ana"), 1, "", now(), None)
    count = count_answers(consensus([event]), set(), {"original": "random"}, {}, {"original", "twin"})
    assert (count.teach, count.look_alike) == (0, 1)
    assert "1 of near-duplicates of test pictures" in count.sentence
    assert AnswerCount(to_measure=30).sentence == "No labels yet."
