"""What is kept of all answers of a concept is what counting them anew would say, in a process that goes on
and in one that has just begun, whatever was said, taken back, drawn, removed, put back or purged."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rows import add_pictures, clear_pictures, draw_apart, picture_ids
from sqlalchemy import delete
from statements import statements

from concepts.labelling.consensus import consensus
from concepts.labelling.dataset import AnswerCount, count_answers
from concepts.labelling.label_cache import LabelCache, label_cache_of
from concepts.library.search import with_look_alikes
from concepts.results import overview
from concepts.results.next_step import NextStep
from concepts.results.overview import list_concepts
from concepts.use_cases.handles import App
from storage.concepts import CERTIFYING, ConceptStore
from storage.database import Database
from storage.frames import ConceptFrames
from storage.heads import HeadStore
from storage.jobs import JobStore
from storage.labels import Author, LabelLog, NewLabel
from storage.library import Library
from storage.overview import Overview
from storage.removed import Removed
from storage.tables import EvaluationPictureRow, KeptFigureRow, LabelEventRow

IDS = picture_ids(6)
CONCEPTS = (1, 2)
AUTHORS = (Author("ana"), Author("ben"), Author("simulation", "simulated"), Author("machine", "annotator"))
concept, one = st.sampled_from(CONCEPTS), st.sampled_from(IDS)
some = st.lists(one, min_size=1, max_size=3, unique=True)
value = st.sampled_from(("yes", "no", "unsure", "skip"))
step = st.one_of(
    st.tuples(st.just("say"), concept, some, st.tuples(value, st.sampled_from(AUTHORS), st.booleans())),
    st.tuples(st.just("undo"), concept, some, st.sampled_from(AUTHORS)),
    st.tuples(st.just("measure"), concept, some, st.none()),
    st.tuples(st.just("certify"), concept, some, st.none()),
    st.tuples(st.sampled_from(["remove", "restore", "purge"]), concept, some, st.none()),
)


@pytest.fixture(autouse=True)
def labels_come_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next step has tests of its own, and follows from more than labels."""
    monkeypatch.setattr(overview, "next_step", lambda *_, **__: NextStep.of("label"))


def progress(database: Database) -> App:
    """As a process has it that has just begun."""
    collection: Any = SimpleNamespace(
        library=Library(database), frames=ConceptFrames(database), removed=Removed(database)
    )
    cache = LabelCache(database, collection)
    app: Any = SimpleNamespace(
        database=database,
        overview=Overview(database),
        once=lambda make: cache if make is label_cache_of.__wrapped__ else collection,
        store=ConceptStore(database),
        heads=HeadStore(database),
        jobs=SimpleNamespace(store=JobStore(database)),
    )
    return cast(App, app)


def counted(database: Database, concept_id: int) -> AnswerCount:
    """From everything that was said, without anything kept."""
    store, log = ConceptStore(database), LabelLog(database)
    apart = store.kept_apart(concept_id)
    return count_answers(
        consensus(log.standing(concept_id)),
        {event.picture_id for event in log.blind(concept_id)},
        store.evaluation_pictures(concept_id),
        store.certifying_pictures(concept_id),
        with_look_alikes(apart, Library(database)),
        apart,
    )


@pytest.fixture
def two_concepts(database: Database) -> Database:
    store = ConceptStore(database)
    for concept_id in CONCEPTS:
        assert store.create(f"concept {concept_id}").id == concept_id
        store.add_definition(concept_id, {"name": "c", "description": "A thing."}, "me", "")
    return database


@given(st.lists(step, min_size=1, max_size=7))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_kept_of_answers_is_what_counting_them_anew_says(
    two_concepts: Database, steps: list[tuple[str, int, list[str], Any]]
) -> None:
    database, concepts = two_concepts, ConceptStore(two_concepts).all()
    with database.write() as session:
        for table in (KeptFigureRow, EvaluationPictureRow, LabelEventRow):
            session.execute(delete(table))
    clear_pictures(database)
    add_pictures(database, IDS)
    Library(database).set_near_groups({IDS[1]: IDS[0]})
    goes_on = progress(database)
    for number, (what, concept_id, pictures, more) in enumerate(steps):
        _do(database, number, what, concept_id, pictures, more)
        anew = [counted(database, one.id) for one in concepts]
        for process in (progress(database), goes_on):
            listed = list_concepts(process, None)
            assert [one.answers for one in listed] == anew, what
        decisions = consensus(LabelLog(database).standing(concept_id))
        assert label_cache_of(goes_on).decisions(concept_id) == decisions
        assert all(decisions[i].value == "yes" for i in listed[concept_id - 1].cover)


def test_what_is_kept_of_a_concept_stays_while_pictures_of_another_go(two_concepts: Database) -> None:
    add_pictures(two_concepts, IDS)
    for concept_id in CONCEPTS:
        said = ("yes", AUTHORS[0], True)
        _do(two_concepts, concept_id, "say", concept_id, [IDS[concept_id]], said)
    cache, worked_out = label_cache_of(progress(two_concepts)), []

    def work_out(concept_id: int) -> tuple[Any, bool]:
        worked_out.append(concept_id)
        return [], False

    for gone in ([], [IDS[1]], []):
        if gone:
            _do(two_concepts, 3, "remove", 1, gone, None)
        cache.figures("covers", {i: cache.state(i).follows for i in CONCEPTS}, work_out)
    assert worked_out == [1, 2, 1]


def _do(database: Database, number: int, what: str, concept_id: int, pictures: list[str], more: Any) -> None:
    log, there = LabelLog(database), set(Library(database).all_ids())
    known = [i for i in pictures if i in there]
    if what == "say":
        said, author, in_view = more
        labels = [NewLabel(f"{number}-{i}", i, said, author, 1, in_view=in_view) for i in known]
        log.append(concept_id, labels)
    elif what == "undo":
        log.undo(concept_id, f"undo {number}", more, count=len(pictures))
    elif what in ("measure", "certify"):
        draw_apart(database, concept_id, known, "random" if what == "measure" else CERTIFYING, 1)
    elif what == "purge":
        Removed(database).remove(known, "me")
        Removed(database).purge(known, "me", refuse=False)
    else:
        getattr(Removed(database), what)(pictures, "me")


def test_a_process_that_has_just_begun_reads_no_answers_for_its_list(two_concepts: Database) -> None:
    database = two_concepts
    add_pictures(database, IDS)
    LabelLog(database).append(1, [NewLabel(i, i, "yes", AUTHORS[0], 1) for i in IDS])
    before = list_concepts(progress(database), None)
    Removed(database).remove(IDS[:1], "me")
    Removed(database).restore(IDS[:1], "me")
    with statements(database) as sent:
        assert list_concepts(progress(database), None) == before  # one of its pictures has moved
    assert any("label_events.value" in statement for statement in sent)
    with statements(database) as sent:
        assert list_concepts(progress(database), None) == before
    assert not any("label_events.value" in statement for statement in sent)
