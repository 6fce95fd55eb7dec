"""Test pictures that are asked about a second time: when they come, and which answers they change.

Repeats say how consistent people are, and change no answer. Renewals are asked because the definition has
changed, and take the place of the first answers once all are there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import count, pairwise
from pathlib import Path

import pytest
from patience import PATIENCE
from rows import add_pictures, picture_ids

from concepts.definition.document import Criterion, Definition, Query
from concepts.labelling import rechecks as rules
from concepts.labelling.dataset import ConceptDataset
from concepts.labelling.rechecks import APART, ENOUGH, SHARE, SOONEST, Renewal, Repeats, renewal
from concepts.labelling.selection import NextPicture, to_measure
from concepts.workbench.concept import Concept
from concepts.workbench.label_files import LabelFiles
from concepts.workbench.labels import GivenLabel
from storage.concepts import ConceptStore
from storage.database import Database
from storage.files import sqlite_url
from storage.labels import Author, LabelEvent, LabelLog, NewLabel

NAME = "Round thing"
ME = Author("me")
NUMBERS = count(1)


def say(concept: Concept, picture: str, value: str, *, repeat: bool = False) -> str:
    key = f"key {next(NUMBERS)}"
    label = GivenLabel(picture=picture, value=value, repeat=repeat)
    concept.labels.commit({key: label}, ME)
    return key


def dataset_of(concept: Concept) -> ConceptDataset:
    return concept.context.dataset(concept.row)


# Repeats


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(sqlite_url(tmp_path / "discern.sqlite"))
    yield database
    database.close()


def test_repeats_are_few_never_soon_and_of_pictures_drawn_alike(database: Database) -> None:
    """A session of 270 answers, one in three about what measures."""
    log, store = LabelLog(database), ConceptStore(database)
    ids = picture_ids(270)
    add_pictures(database, ids)
    row = store.create("round")
    row.seed = "round"  # so that the same come back in every run
    concept = row.id
    measuring = ids[2::3]
    store.draw_apart(concept, measuring, "random", 1)
    repeats = Repeats(log, store.evaluation_pictures(concept), row)
    given: list[tuple[str, bool]] = []

    def answer(picture: str, repeat: bool) -> None:
        given.append((picture, repeat))
        log.append(concept, [NewLabel(f"{len(given)}", picture, "yes", ME, 1, repeat=repeat)])

    for picture in ids:
        for other in repeats.due(ME, 1, 1) if len(given) > 20 else ():
            assert Repeats(log, store.evaluation_pictures(concept), row).due(ME, 1, 1) == [other]
            answer(other, True)
        answer(picture, False)

    places = [place for place, (_, repeat) in enumerate(given) if repeat]
    assert 0.6 * SHARE * len(measuring) < len(places) < 1.4 * SHARE * len(measuring)
    assert places[0] >= ENOUGH
    assert all(later - earlier > APART for earlier, later in pairwise(places))
    for place in places:
        first = given.index((given[place][0], False))
        assert given[place][0] in measuring
        assert place - first > SOONEST
    assert len({given[place][0] for place in places}) == len(places)
    assert repeats.due(ME, 2, 1) == []  # under a new definition nothing was answered yet
    assert repeats.due(Author("ben"), 1, 1) == []


@pytest.fixture
def asked_again(concept: Concept, monkeypatch: pytest.MonkeyPatch) -> Concept:
    """Two pictures that measure have an answer, and each may come back after one more."""
    for name, value in {"SHARE": 1, "ENOUGH": 1, "SOONEST": 1, "LATEST": 1, "APART": 1}.items():
        monkeypatch.setattr(rules, name, value)
    for picture in concept.labels.next_pictures(2, purpose="evaluation"):
        say(concept, picture.id, "yes")
    return concept


def state(concept: Concept) -> tuple[object, ...]:
    """All that an answer can change."""
    dataset = dataset_of(concept)
    rows = concept.label_files.rows()
    return dataset.decisions, dataset.blind, dataset.measuring, concept.labels.count(), rows


def test_a_repeat_looks_like_any_other_question_and_changes_no_answer(asked_again: Concept) -> None:
    concept, before = asked_again, state(asked_again)
    question = concept.labels.upcoming([], 3, "me").pictures[0]
    assert question == to_measure(question.id, question.path, repeat=True)
    assert not any(p.repeat for p in concept.labels.upcoming([question.id], 5, "me").pictures)
    key = say(concept, question.id, "no", repeat=True)
    assert state(concept) == before
    (pair,) = dataset_of(concept).twice.pairs
    assert [event.value for event in pair] == ["yes", "no"]
    assert concept.labels.recent("me", 1)[0].repeat
    concept.labels.take_back(author="me", only=[key])
    assert (state(concept), dataset_of(concept).twice.pairs) == (before, [])
    assert question.id in {p.id for p in concept.labels.upcoming([], 3, "me").pictures}


def test_only_what_was_answered_and_drawn_for_it_is_a_repeat(asked_again: Concept) -> None:
    concept = asked_again
    answered = next(iter(concept.context.store.evaluation_pictures(concept.id)))
    (new,) = concept.labels.next_pictures(1, purpose="evaluation")
    (learns,) = concept.labels.next_pictures(1)
    for picture in (new.id, learns.id):
        say(concept, picture, "no", repeat=True)
        assert concept.labels.decisions()[picture].value == "no"
    seen = GivenLabel(picture=answered, value="no", repeat=True)
    concept.labels.commit({"seen": seen}, ME, in_view=True)
    assert concept.labels.decisions()[answered].value == "no"
    assert dataset_of(concept).twice.pairs == []


def test_a_list_of_n_test_pictures_has_n_new_ones_and_repeats_besides(asked_again: Concept) -> None:
    asked = asked_again.labels.next_pictures(3, purpose="evaluation", author="me")
    assert (sum(not p.repeat for p in asked), sum(p.repeat for p in asked)) == (3, 1)


def test_a_repeat_goes_out_and_comes_back_in_a_file(asked_again: Concept, tmp_path: Path) -> None:
    concept, before = asked_again, state(asked_again)
    asked = concept.labels.next_pictures(3, purpose="evaluation", author="me")
    (again,) = [p for p in asked if p.repeat]
    LabelFiles.write_questions([again], tmp_path / "asked.csv")
    text = (tmp_path / "asked.csv").read_text()
    (tmp_path / "filled.csv").write_text(text.replace(",,,evaluation", ",no,,evaluation"))
    for imported in (1, 0):
        assert concept.label_files.import_file(tmp_path / "filled.csv")["imported"] == imported
    assert len(dataset_of(concept).twice.pairs) == 1
    assert state(concept)[0] == before[0]


def test_a_repeat_never_takes_the_place_of_a_first_answer_that_is_taken_back(asked_again: Concept) -> None:
    concept = asked_again
    first = concept.labels.recent("me", 2)[0]
    say(concept, first.id, "no", repeat=True)
    concept.labels.take_back(author="me", only=[first.key])
    dataset = dataset_of(concept)
    assert first.id not in dataset.blind.keys() | dataset.decisions.keys()
    say(concept, first.id, "no", repeat=True)  # asked anew, so this is the first answer, whatever was meant
    dataset = dataset_of(concept)
    assert (dataset.blind[first.id].value, dataset.twice.pairs) == ("no", [])


def test_only_pictures_that_come_again_are_the_sample_also_after_a_rename(concept: Concept) -> None:
    """Homes of before have second labels of others, too, which a version's mistakes had chosen."""
    measuring = [picture.id for picture in concept.labels.next_pictures(30, purpose="evaluation")]
    for picture in measuring:
        for repeat in (False, True):
            label = NewLabel(f"{picture} {repeat}", picture, "yes", ME, 1, repeat=repeat)
            concept.context.log.append(concept.id, [label])
    expected = {picture for picture in measuring if rules.comes_again(concept.row.seed, picture)}
    assert len(expected) < len(measuring)
    for name in (NAME, "Ball"):
        renamed = concept.bench.concept(name)
        assert {first.picture_id for first, _ in dataset_of(renamed).twice.pairs} == expected
        renamed.definition.rename("Ball", author="me")


# Renewals

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
def measured(concept: Concept) -> Concept:
    """Twelve answers of a person that measure, two that teach."""
    for picture in concept.labels.next_pictures(12, purpose="evaluation"):
        say(concept, picture.id, truth(concept, picture.id))
    for picture, value in zip(concept.labels.next_pictures(2), ("yes", "no"), strict=True):
        say(concept, picture.id, value)
    return concept


def truth(concept: Concept, picture: str) -> str:
    return "yes" if "ellipse" in concept.context.collection.paths([picture])[picture] else "no"


def edit(concept: Concept, words: str) -> None:
    definition = concept.definition.read().revision.definition
    changed = definition.model_copy(update={"description": words})
    concept.definition.revise(changed, author="me", note="other words")


def now(concept: Concept) -> Renewal:
    return dataset_of(concept).renewal


def first_shown_to(author: str, concept: Concept) -> NextPicture:
    """The first picture that is shown, once the next ones have been chosen in the background."""
    deadline = time.monotonic() + PATIENCE
    while not (found := concept.labels.upcoming([], 8, author).pictures):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found[0]


def test_the_question_looks_like_any_other_and_only_its_answer_takes_the_first_ones_place(
    measured: Concept,
) -> None:
    concept = measured
    dataset = dataset_of(concept)
    before, teaching, reserved = dataset.blind, dataset.training.ids, dataset.reserved
    assert not any(p.repeat for p in concept.labels.upcoming([], 8, "me").pictures)
    edit(concept, "An ellipse, filled or not.")
    asked = now(concept).drawn
    assert len(asked) == 4
    question = concept.labels.upcoming([], 8, "me").pictures[0]
    assert question == to_measure(question.id, question.path, repeat=True)
    assert not first_shown_to("ben", concept).repeat
    assert not any(p.repeat for p in concept.labels.upcoming([question.id], 7, "me").pictures)
    for picture in asked:
        assert dataset_of(concept).blind == before
        key = say(concept, picture, "unsure", repeat=True)
    dataset = dataset_of(concept)
    assert {i for i, said in dataset.blind.items() if said != before[i]} == set(asked)
    assert (dataset.training.ids, dataset.reserved, dataset.twice.pairs) == (teaching, reserved, [])
    assert concept.labels.recent("me", 1)[0].repeat
    concept.labels.take_back(author="me", only=[key])
    assert now(concept).open == asked[-1:]
    assert concept.labels.upcoming([], 8, "me").pictures[0].id == asked[-1]


def test_another_answer_to_such_a_picture_measures_nothing(measured: Concept) -> None:
    """A change of mind, with the first answer or what the machine says in view."""
    concept = measured
    edit(concept, "An ellipse, filled or not.")
    asked = now(concept).drawn[0]
    say(concept, asked, "unsure")
    seen = GivenLabel(picture=asked, value="unsure", repeat=True)
    concept.labels.commit({"seen": seen}, ME, in_view=True)
    assert now(concept).open[0] == asked
    assert dataset_of(concept).blind[asked].value == truth(concept, asked)


def test_it_goes_out_and_comes_back_in_a_file(measured: Concept, tmp_path: Path) -> None:
    concept = measured
    edit(concept, "An ellipse, filled or not.")
    asked = concept.labels.next_pictures(6, purpose="evaluation", author="me")
    assert [p.repeat for p in asked] == [False, True, False, False, True, False, False, False]
    out = tmp_path / "asked.csv"
    LabelFiles.write_questions([p for p in asked if p.repeat], out)
    text = out.read_text().replace(",,,evaluation", ",no,,evaluation")
    (tmp_path / "filled.csv").write_text(text)
    for imported in (2, 0):
        assert concept.label_files.import_file(tmp_path / "filled.csv")["imported"] == imported
    assert len(now(concept).open) == 2
    concept.label_files.export_file(tmp_path / "all.csv")
    assert concept.label_files.import_file(tmp_path / "all.csv")["imported"] == 0


@pytest.fixture
def in_use(measured: Concept) -> Concept:
    """A version whose figures rest on twenty answers."""
    for picture in measured.labels.next_pictures(8, purpose="evaluation"):
        say(measured, picture.id, truth(measured, picture.id))
    for picture in measured.labels.next_pictures(12):
        say(measured, picture.id, truth(measured, picture.id))
    measured.versions.train().wait()
    measured.versions.measure()
    return measured


def test_figures_say_which_words_they_are_under_and_follow_the_edit(in_use: Concept) -> None:
    concept = in_use
    before = concept.versions.quality()
    assert (before.under, before.stale) == (None, False)
    edit(concept, "An ellipse, filled or not.")
    view = concept.versions.quality()
    assert view.under
    assert view.under.is_open
    assert not view.stale
    assert view.under.sentences[0].startswith("These figures are under definition 1: all 18 test labels")
    assert "under definition 1" in concept.exports.card()
    assert concept.versions.measure().metrics == before.version.report.metrics  # type: ignore[union-attr]
    drawn = now(concept).drawn
    for picture in drawn:
        say(concept, picture, "no", repeat=True)
    view = concept.versions.quality()
    assert view.under
    assert not view.under.is_open
    assert view.stale
    assert view.under.changed == sum(truth(concept, i) == "yes" for i in drawn) > 0
    report = concept.versions.measure()
    assert report.under == view.under
    assert set(view.under.sentences) <= set(report.sentences)
    assert sum(count.yes for count in report.labels) == before.positives - view.under.changed
    assert not concept.versions.quality().stale
    assert "changed under definition 2" in concept.exports.card()
