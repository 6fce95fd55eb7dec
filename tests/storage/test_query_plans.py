"""What is asked again and again is found by an index, however much there is: SQLite says how it looks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from postgres import Server
from sqlalchemy import event

from storage.browsing import Browsing, Place, _read_on
from storage.calls import Ledger
from storage.collections import NamedCollections, in_folder
from storage.concepts import ConceptStore
from storage.database import Database
from storage.files import sqlite_url
from storage.frames import ConceptFrames
from storage.heads import HeadStore
from storage.jobs import JobStore
from storage.kept_figures import Follows, KeptFigures
from storage.labels import Author, LabelLog
from storage.library import Library
from storage.overview import Overview
from storage.picture_columns import PictureColumns
from storage.picture_filter import SORTINGS, Key, Order, PictureFilter
from storage.places import Places
from storage.removed import Removed
from storage.tables import Base, now
from storage.trash import TrashStore
from storage.vectors.ids import PictureIds

ANA = Author("ana")
KEYS: dict[Order, Key] = {
    Order.NEWEST: now(),
    Order.OLDEST: now(),
    Order.NAME: "a",
    Order.NAME_BACK: "a",
    Order.TAKEN: 1,
    Order.LARGEST: 1,
    Order.LIGHTEST: 1,
    Order.RANDOM: "a",
}


def _page(database: Database, order: Order, key: Key) -> object:
    """Behind a picture, of a part that many fit: the order's own index is read on, and nothing is sorted."""
    filtered, sorting = PictureFilter(format="JPEG", folder="/a"), SORTINGS[order]
    with database.read() as session:
        return list(_read_on(session, filtered, sorting, sorting.falling, 10, Place(key, "a")))


PARTS = {
    "copies": PictureFilter(copies=True, format="PNG"),
    "look-alikes": PictureFilter(look_alikes=True, dated=False),
    "a folder": PictureFilter(folder="/a", taken=(1, 2)),
    "a time": PictureFilter(taken=(1, 2), format="PNG"),
    "a format": PictureFilter(format="PNG", pixels=(1, 2)),
    "a size": PictureFilter(pixels=(1, 2)),
}
# A part of the library is found by what leaves fewest of it.
FOUND_BY = {
    "the part that is copies": ["pictures_copied (copied=?"],
    "the part that is look-alikes": ["pictures_alike (alike=?"],
    "the part that is a folder": ["sources_1 (uri>? AND uri<?"],
    "the part that is a time": ["pictures_by_taken (taken>? AND taken<?"],
    "the part that is a format": ["pictures_by_format (format=?"],
    "the part that is a size": ["pictures_by_pixels (<expr>>? AND <expr><?"],
    "what stands for some": ["COVERING INDEX pictures_removed"],
    "where concepts stand": [
        "COVERING INDEX evaluation_pictures_by_drawn (concept_id=?)",
        "COVERING INDEX evaluation_pictures_by_picture (picture_id=?)",
    ],
    "where pictures are": ["COVERING INDEX sources_by_picture (picture_id>? AND picture_id<?)"],
}
QUESTIONS: dict[str, Callable[[Database], object]] = {
    "the latest job of a concept": lambda d: JobStore(d).latest(["train", "evaluate"], 1),
    "the latest job of a kind": lambda d: JobStore(d).latest(["add pictures"]),
    "jobs about a concept": lambda d: JobStore(d).newest_first(["score files"], 1),
    "work to take up": lambda d: JobStore(d).claim(kinds=["train"]),
    "what a job has spent": lambda d: (Ledger(d).spent_usd(job_id=1), Ledger(d).count(job_id=1)),
    "what changed since": lambda d: LabelLog(d).changed_since(1, 7),
    "what stands for some": lambda d: LabelLog(d).standing(1, picture_ids=["a"]),
    "the last answers of a person": lambda d: LabelLog(d).recent(1, ANA, 3),
    "how far the log is": lambda d: (LabelLog(d).last_sequence(1), LabelLog(d).state(1)),
    "undoing": lambda d: LabelLog(d).undo(1, "key", ANA),
    "ratings of a concept": lambda d: (ConceptStore(d).ratings(1), ConceptStore(d).annotated(1)),
    "candidates of a concept": lambda d: ConceptStore(d).candidate_count(1),
    "what a machine said of a picture": lambda d: ConceptStore(d).annotations(1, ["a"]),
    "the newest version": lambda d: (HeadStore(d).get(1), HeadStore(d).evaluations(1, [1])),
    **{f"a page by {order}": partial(_page, order=order, key=key) for order, key in KEYS.items()},
    **{
        f"the part that is {name}": lambda d, part=part: Browsing(d).page(part, Order.NAME, 10)
        for name, part in PARTS.items()
    },
    "where concepts stand": lambda d: Overview(d).of([1, 2]),
    "what is known of all answers": lambda d: KeptFigures(d).of("answers", {1: Follows("", 0)}),
    "folders": lambda d: (Browsing(d).folders("/a"), Browsing(d).folders("")),
    "how many pictures there are": lambda d: Library(d).counts(),
    "for which concepts a picture is answered": lambda d: LabelLog(d).about(["a", "b"], [1, 2]),
    "what came into a folder": lambda d: NamedCollections(d).ids(in_folder("/a")),
    "a few pictures of a folder": lambda d: Browsing(d).fitting(PictureFilter(folder="/a")),
    "what is in the trash": lambda d: (Removed(d).hidden(), TrashStore(d).page("picture", 10)),
    "what files say of a picture": lambda d: (PictureColumns(d).of("a"), PictureColumns(d).captions(["a"])),
    "what a concept looks in": lambda d: ConceptFrames(d).now(1),
    "what measures where a concept looks": lambda d: ConceptStore(d).evaluation_pictures(1),
    "a page of a collection": lambda d: NamedCollections(d).page(1, 10, "a"),
    "collections": lambda d: NamedCollections(d).all(20),
    "the covers of collections": lambda d: NamedCollections(d).covers([1, 2], 4),
    "where pictures are": lambda d: Places(d).first(PictureIds.of(["a", "b"])),
    "a picture by a start of its id": lambda d: Library(d).starting_with("ab" * 4),
}


SMALL = (  # those with a problem, those without a vector yet, and what a person has named
    "bad_files",
    "pending_vectors",
    "collections",
    "collection_changes",
)
IN_ORDER = [question for question in QUESTIONS if question.startswith("a page")]


def _looks_in_a_collection(database: Database) -> Database:
    """With a concept that looks in a collection, so that this is asked for too."""
    ConceptStore(database).create("looks")
    collection = NamedCollections(database).make("some", "hand", {}, [], "ana")
    ConceptFrames(database).add(1, [collection], "ana")
    return database


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Database:
    return _looks_in_a_collection(
        Database(sqlite_url(Path(tmp_path_factory.mktemp("plans")) / "discern.sqlite"))
    )


def asked(database: Database, question: str) -> list[str]:
    """The steps of all plans of a question."""
    plans: list[str] = []
    beside = database.engine.raw_connection()
    on_postgres = database.engine.dialect.name == "postgresql"
    explain_with = "EXPLAIN" if on_postgres else "EXPLAIN QUERY PLAN"
    if on_postgres:  # of an empty table everything is quicker: what is told is whether an index would do
        beside.cursor().execute(
            "; ".join(f"SET enable_{way} = off" for way in ("seqscan", "bitmapscan", "sort"))
        )

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        if statement.startswith(("SELECT", "WITH")):
            own = beside.cursor()
            own.execute(f"{explain_with} {statement}", parameters)
            plans.extend(str(step[-1]).strip() for step in own.fetchall())

    event.listen(database.engine, "before_cursor_execute", explain)
    try:
        QUESTIONS[question](database)
    finally:
        event.remove(database.engine, "before_cursor_execute", explain)
        beside.invalidate()
    assert plans
    return plans


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_table_is_read_through_for(empty: Database, question: str) -> None:
    tables = tuple(f"SCAN {name} " for name in Base.metadata.tables if name not in SMALL)
    assert [step for step in asked(empty, question) if f"{step} ".startswith(tables)] == []


@pytest.mark.parametrize("question", [*IN_ORDER, "where pictures are"])
def test_nothing_is_sorted_for(empty: Database, question: str) -> None:
    assert [step for step in asked(empty, question) if "TEMP B-TREE" in step] == []


@pytest.mark.parametrize("question", FOUND_BY)
def test_an_index_is_used_for(empty: Database, question: str) -> None:
    steps = asked(empty, question)
    for index in FOUND_BY[question]:
        assert any(index in step for step in steps), steps
    assert question != "where pictures are" or len(steps) == 1  # no row is copied or sorted


def test_postgres_has_an_index_in_the_order_for_each(postgres: Server) -> None:
    database = _looks_in_a_collection(Database(postgres.new_database()))
    questions = (*IN_ORDER, "where pictures are", "folders", "for which concepts a picture is answered")
    steps = {question: asked(database, question) for question in questions}
    database.close()
    assert not [one for one in steps.items() if any("Seq Scan" in s or s.startswith("Sort") for s in one[1])]
