"""Answers that measure and are asked for again because the definition has changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from concepts.definition.document import Criterion, Definition, Query
from concepts.labelling.rechecks import Renewal, renewal
from concepts.labelling.selection import to_measure
from concepts.workbench import Workbench
from concepts.workbench.label_files import LabelFiles
from concepts.workbench.labels import GivenLabel
from storage.labels import Author, LabelEvent

NAME = "Round thing"
ME = Author("me")
NUMBERS = count(1)
PICTURES = [f"{n:02}" for n in range(30)]


def event(picture: str, value: str, definition: int, *, renewed: bool = False) -> LabelEvent:
    n, then = next(NUMBERS), datetime(2024, 1, 1, tzinfo=UTC)
    return LabelEvent(n, f"key {n}", picture, value, ME, definition, "", then, None, renewed=renewed)


def values(now: Renewal) -> dict[str, str]:
    return {said.picture_id: said.value for said in now.events}


def again(pictures: Sequence[str], value: str, definition: int) -> list[LabelEvent]:
    return [event(i, value, definition, renewed=True) for i in pictures]


FIRST = [event(i, "yes", 1) for i in PICTURES]
CHANGED = {1: "round", 2: "round and red"}


def test_a_third_is_drawn_whatever_was_said_and_the_same_on_every_machine() -> None:
    drawn = renewal(CHANGED, FIRST, [], "key").drawn
    assert len(drawn) == 10
    other = [event(i, "no" if n % 2 else "unsure", 1) for n, i in enumerate(PICTURES)]
    assert renewal(CHANGED, other[::-1], [], "key").drawn == drawn
    assert renewal(CHANGED, FIRST, [], "another key").drawn != drawn
    assert renewal(CHANGED, FIRST, again(drawn[:4], "no", 2), "key").drawn == drawn


def test_every_answer_is_as_likely_to_be_drawn() -> None:
    draws = [set(renewal(CHANGED, FIRST, [], f"key {n}").drawn) for n in range(300)]
    often = [sum(i in drawn for drawn in draws) for i in PICTURES]
    assert sum(often) == 3000
    assert 65 < min(often) < max(often) < 135  # of 300; a third is 100, and four of its deviations 33


def test_an_edit_that_changes_no_meaning_asks_for_nothing() -> None:
    now = renewal({1: "round", 2: "round"}, FIRST, [], "key")
    assert (now.drawn, now.before, values(now)) == ([], {}, dict.fromkeys(PICTURES, "yes"))


def test_new_answers_count_when_all_that_was_drawn_has_one() -> None:
    drawn = renewal(CHANGED, FIRST, [], "key").drawn
    some = renewal(CHANGED, FIRST, again(drawn[:9], "no", 2), "key")
    assert (some.complete, some.open, values(some)) == (False, drawn[9:], dict.fromkeys(PICTURES, "yes"))
    every = renewal(CHANGED, FIRST, again(drawn, "no", 2), "key")
    assert every.complete
    assert values(every) == dict.fromkeys(PICTURES, "yes") | dict.fromkeys(drawn, "no")
    assert every.changes == dict.fromkeys(drawn, ("yes", "no"))


def test_a_skipped_one_is_asked_no_more_and_changes_nothing() -> None:
    drawn = renewal(CHANGED, FIRST, [], "key").drawn
    said = [*again(drawn[:1], "skip", 2), *again(drawn[1:], "no", 2)]
    now = renewal(CHANGED, FIRST, said, "key")
    assert (now.complete, drawn[0] in now.changes, values(now)[drawn[0]]) == (True, False, "yes")


def test_answers_given_after_the_edit_stand_beside_those_of_before() -> None:
    now = renewal(CHANGED, [*FIRST, event("new", "no", 2)], [], "key")
    assert now.drawn == renewal(CHANGED, FIRST, [], "key").drawn
    assert (values(now)["new"], "new" in now.before) == ("no", False)


def test_a_second_edit_begins_anew_from_what_stood_by_then() -> None:
    three = {**CHANGED, 3: "round and blue"}
    drawn = renewal(CHANGED, FIRST, [], "key").drawn
    first = again(drawn, "no", 2)
    now = renewal(three, FIRST, first, "key")
    assert len(now.drawn) == 10
    assert now.drawn != drawn
    assert {i: said[0].value for i, said in now.before.items() if i in drawn} == dict.fromkeys(drawn, "no")
    left_open = renewal(three, FIRST, first[:9], "key")
    assert set(values(left_open).values()) == {"yes"}


def test_back_at_the_first_words_only_what_was_said_in_between_is_in_doubt() -> None:
    back = {**CHANGED, 3: "round"}
    assert renewal(back, FIRST, [], "key").drawn == []
    drawn = renewal(CHANGED, FIRST, [], "key").drawn
    now = renewal(back, FIRST, again(drawn, "no", 2), "key")
    assert now.before.keys() == set(drawn)
    assert len(now.drawn) == 4


def test_what_words_mean_is_what_one_reads_to_decide() -> None:
    plain = Definition(name="Round thing", description="A filled ellipse.")
    kind = Criterion(kind="excluding", text="a rectangle")
    for same in (
        {"description": "a filled  Ellipse."},
        {"queries": (Query(text="ball"),)},
        {"criteria": (Criterion(kind="undecided", text="an egg"),)},
    ):
        assert plain.model_copy(update=same).meaning() == plain.meaning()
    for other in ({"description": "An ellipse."}, {"criteria": (kind,)}):
        assert plain.model_copy(update=other).meaning() != plain.meaning()


# In the product


@pytest.fixture
def measured(bench: Workbench) -> Workbench:
    """Twelve answers of a person that measure, two that teach."""
    for picture in bench.concept(NAME).labels.next_pictures(12, purpose="evaluation"):
        say(bench, picture.id, truth(bench, picture.id))
    for picture, value in zip(bench.concept(NAME).labels.next_pictures(2), ("yes", "no"), strict=True):
        say(bench, picture.id, value)
    return bench


def truth(bench: Workbench, picture: str) -> str:
    return "yes" if "ellipse" in bench.context.collection.paths([picture])[picture] else "no"


def say(bench: Workbench, picture: str, value: str, *, repeat: bool = False) -> str:
    key = f"key {next(NUMBERS)}"
    label = GivenLabel(picture=picture, value=value, repeat=repeat)
    bench.concept(NAME).labels.commit({key: label}, ME)
    return key


def edit(bench: Workbench, words: str) -> None:
    definition = bench.concept(NAME).definition.read().revision.definition
    changed = definition.model_copy(update={"description": words})
    bench.concept(NAME).definition.revise(changed, author="me", note="other words")


def now(bench: Workbench) -> Renewal:
    return bench.context.dataset(bench.context.concept(NAME)).renewal


def test_the_question_looks_like_any_other_and_only_its_answer_takes_the_first_ones_place(
    measured: Workbench,
) -> None:
    bench = measured
    concept = bench.concept(NAME)
    dataset = bench.context.dataset(concept.row)
    before, teaching, reserved = dataset.blind, dataset.training.ids, dataset.reserved
    assert not any(p.repeat for p in concept.labels.upcoming([], 8, "me").pictures)
    edit(bench, "An ellipse, filled or not.")
    asked = now(bench).drawn
    assert len(asked) == 4
    question = concept.labels.upcoming([], 8, "me").pictures[0]
    assert question == to_measure(question.id, question.path, repeat=True)
    assert not concept.labels.upcoming([], 8, "ben").pictures[0].repeat
    assert not any(p.repeat for p in concept.labels.upcoming([question.id], 7, "me").pictures)
    for picture in asked:
        assert bench.context.dataset(concept.row).blind == before
        key = say(bench, picture, "unsure", repeat=True)
    dataset = bench.context.dataset(concept.row)
    assert {i for i, said in dataset.blind.items() if said != before[i]} == set(asked)
    assert (dataset.training.ids, dataset.reserved, dataset.twice.pairs) == (teaching, reserved, [])
    assert concept.labels.recent("me", 1)[0].repeat
    concept.labels.take_back(author="me", only=[key])
    assert now(bench).open == asked[-1:]
    assert concept.labels.upcoming([], 8, "me").pictures[0].id == asked[-1]


def test_another_answer_to_such_a_picture_measures_nothing(measured: Workbench) -> None:
    """A change of mind, with the first answer or what the machine says in view."""
    bench = measured
    edit(bench, "An ellipse, filled or not.")
    asked = now(bench).drawn[0]
    say(bench, asked, "unsure")
    seen = GivenLabel(picture=asked, value="unsure", repeat=True)
    bench.concept(NAME).labels.commit({"seen": seen}, ME, in_view=True)
    assert now(bench).open[0] == asked
    assert bench.context.dataset(bench.context.concept(NAME)).blind[asked].value == truth(bench, asked)


def test_it_goes_out_and_comes_back_in_a_file(measured: Workbench, tmp_path: Path) -> None:
    bench = measured
    edit(bench, "An ellipse, filled or not.")
    concept = bench.concept(NAME)
    asked = concept.labels.next_pictures(6, purpose="evaluation", author="me")
    assert [p.repeat for p in asked] == [False, True, False, False, True, False]
    out = tmp_path / "asked.csv"
    LabelFiles.write_questions([p for p in asked if p.repeat], out)
    text = out.read_text().replace(",,,evaluation", ",no,,evaluation")
    (tmp_path / "filled.csv").write_text(text)
    for imported in (2, 0):
        assert concept.label_files.import_file(tmp_path / "filled.csv")["imported"] == imported
    assert len(now(bench).open) == 2
    concept.label_files.export_file(tmp_path / "all.csv")
    assert concept.label_files.import_file(tmp_path / "all.csv")["imported"] == 0


@pytest.fixture
def in_use(measured: Workbench) -> Workbench:
    """A version whose figures rest on twenty answers."""
    for picture in bench_next(measured, 8):
        say(measured, picture, truth(measured, picture))
    concept = measured.concept(NAME)
    for picture in concept.labels.next_pictures(12):
        say(measured, picture.id, truth(measured, picture.id))
    concept.versions.train().wait()
    concept.versions.measure()
    return measured


def bench_next(bench: Workbench, n: int) -> list[str]:
    return [picture.id for picture in bench.concept(NAME).labels.next_pictures(n, purpose="evaluation")]


def test_figures_say_which_words_they_are_under_and_follow_the_edit(in_use: Workbench) -> None:
    bench = in_use
    concept = bench.concept(NAME)
    before = concept.versions.quality()
    assert (before.under, before.stale) == (None, False)
    edit(bench, "An ellipse, filled or not.")
    view = concept.versions.quality()
    assert view.under
    assert view.under.is_open
    assert not view.stale
    assert view.under.sentences[0].startswith("These figures are under definition 1: all 18 answers that")
    assert "under definition 1" in concept.exports.card()
    assert concept.versions.measure().metrics == before.version.report.metrics  # type: ignore[union-attr]
    drawn = now(bench).drawn
    for picture in drawn:
        say(bench, picture, "no", repeat=True)
    view = concept.versions.quality()
    assert view.under
    assert not view.under.is_open
    assert view.stale
    assert view.under.changed == sum(truth(bench, i) == "yes" for i in drawn) > 0
    report = concept.versions.measure()
    assert report.under == view.under
    assert set(view.under.sentences) <= set(report.sentences)
    assert sum(count.yes for count in report.labels) == before.positives - view.under.changed
    assert not concept.versions.quality().stale
    assert "changed under definition 2" in concept.exports.card()
