"""What is asked again and again is found by an index, however much there is: SQLite says how it looks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from storage.browsing import _SORTINGS, Browsing, Key, Order, PictureFilter, Place, _read_on
from storage.calls import Ledger
from storage.collections import NamedCollections
from storage.concepts import ConceptStore
from storage.database import Database
from storage.files import sqlite_url
from storage.frames import ConceptFrames
from storage.heads import HeadStore
from storage.jobs import JobStore
from storage.labels import Author, LabelLog
from storage.library import Library
from storage.picture_columns import PictureColumns
from storage.removed import Removed
from storage.tables import now

ANA = Author("ana")


def _page(database: Database, order: Order, key: Key) -> object:
    """Behind a picture, of a part that many fit: the order's own index is read on, and nothing is sorted."""
    filtered = PictureFilter(format="JPEG", folder="/a")
    with database.read() as session:
        return _read_on(session, filtered, _SORTINGS[order], _SORTINGS[order].falling, 10, Place(key, "a"))


QUESTIONS: dict[str, Callable[[Database], object]] = {
    "the latest job of a concept": lambda d: JobStore(d).latest(["train", "evaluate"], 1),
    "the latest job of a kind": lambda d: JobStore(d).latest(["add pictures"]),
    "jobs about a concept": lambda d: JobStore(d).about(1, ["score files"]),
    "work to take up": lambda d: JobStore(d).claim(kinds=["train"]),
    "what a job spent": lambda d: Ledger(d).spent_usd(job_id=1),
    "what a job has spent": lambda d: (Ledger(d).spent_usd(job_id=1), Ledger(d).count(job_id=1)),
    "what changed since": lambda d: LabelLog(d).changed_since(1, 7),
    "what stands for some": lambda d: LabelLog(d).standing(1, picture_ids=["a"]),
    "the last answers of a person": lambda d: LabelLog(d).recent(1, ANA, 3),
    "how far the log is": lambda d: LabelLog(d).last_sequence(1),
    "undoing": lambda d: LabelLog(d).undo(1, "key", ANA),
    "ratings of a concept": lambda d: (ConceptStore(d).ratings(1), ConceptStore(d).annotated(1)),
    "what a machine said of a picture": lambda d: ConceptStore(d).annotations(1, ["a"]),
    "the newest version": lambda d: (HeadStore(d).get(1), HeadStore(d).evaluations(1, [1])),
    **{
        f"a page by {order}": partial(_page, order=order, key=key)
        for order, key in {
            Order.NEWEST: now(),
            Order.OLDEST: now(),
            Order.NAME: "a",
            Order.NAME_BACK: "a",
            Order.TAKEN: 1,
            Order.LARGEST: 1,
            Order.LIGHTEST: 1,
        }.items()
    },
    "a few pictures of a folder": lambda d: Browsing(d).fitting(PictureFilter(folder="/a")),
    "what is in the bin": lambda d: (Removed(d).hidden(), Removed(d).page(10)),
    "what files say of a picture": lambda d: (PictureColumns(d).of("a"), PictureColumns(d).captions(["a"])),
    "what a concept looks in": lambda d: ConceptFrames(d).now(1),
    "what measures where a concept looks": lambda d: ConceptStore(d).evaluation_pictures(1),
    "a page of a collection": lambda d: NamedCollections(d).page(1, 10, "a"),
    "the collections of a picture": lambda d: NamedCollections(d).of_picture("a"),
    "a picture by a start of its id": lambda d: Library(d).starting_with("ab" * 4),
}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """But for a concept that looks in a collection, so that this is asked for too."""
    database = Database(sqlite_url(Path(tmp_path_factory.mktemp("plans")) / "discern.sqlite"))
    ConceptStore(database).create("looks")
    collection = NamedCollections(database).make("some", "hand", {}, [], "ana")
    ConceptFrames(database).add(1, [collection], "ana")
    return database


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_table_is_read_through_for(empty: Database, question: str) -> None:
    plans: list[str] = []
    beside = empty.engine.raw_connection()

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        if statement.startswith("SELECT"):
            steps = beside.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            plans.extend(step[3] for step in steps)

    event.listen(empty.engine, "before_cursor_execute", explain)
    try:
        QUESTIONS[question](empty)
    finally:
        event.remove(empty.engine, "before_cursor_execute", explain)
        beside.close()
    assert plans
    assert [step for step in plans if step.startswith("SCAN")] == []
