"""A synthetic library: rows in SQL made by bulk inserts, without picture files and without vectors.

Folders are years of events. What real libraries have, and what makes filters hard, is in it: one kind of file
is only in one year, dates follow folders, copies and look-alikes are few, some pictures have no date.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import JSON, Connection

from storage.database import Database
from storage.folders import count_places
from storage.kept_counts import KeptCounts
from storage.library import Library, LibraryEncoder
from storage.tables import (
    UNDATED,
    Base,
    CandidateRow,
    ConceptRow,
    DefinitionRow,
    EvaluationPictureRow,
    LabelEventRow,
    PictureRow,
    RemovalRow,
    SourceRow,
    UtcDateTime,
)

ROOT = "/synthetic"
YEARS, EVENTS = 10, 100  # folders, and folders in each
FIRST_YEAR = 2010
BEGUN = datetime(2024, 1, 1, tzinfo=UTC)
AT_ONCE = 20_000  # rows
FINGERPRINT = "synthetic"
SIZES = ((640, 480), (1024, 768), (1600, 1200), (3000, 2000), (4000, 3000))
COPIED_EACH, ALIKE_EACH, REMOVED_EACH, UNDATED_EACH, RARE_EACH = 50, 33, 1000, 10, 10_000
COPY = 7  # of each `COPIED_EACH` that one is at two places

Row = dict[str, Any]


def picture_id(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def folder(number: int, pictures: int) -> str:
    year, event = divmod(number * YEARS * EVENTS // pictures, EVENTS)
    return f"{ROOT}/{FIRST_YEAR + year}/event {event:03}"


def place(number: int, pictures: int) -> str:
    return (
        f"{folder(number, pictures)}/IMG_{(7919 * number) % pictures:07}.{_format(number, pictures).lower()}"
    )


def build(database: Database, pictures: int, concepts: int, answers: int) -> None:
    """Fills an empty database. The secondary indexes of the largest tables are made afterwards."""
    Library(database).set_encoder(LibraryEncoder("synthetic", FINGERPRINT, 8))
    tables = Base.metadata.tables
    indexes = [i for row in (PictureRow, SourceRow) for i in tables[row.__tablename__].indexes]
    with database.engine.begin() as connection:
        for index in indexes:
            index.drop(connection)
    numbers = sorted(range(pictures), key=picture_id)  # as the primary key goes: quicker
    places: dict[str, list[int]] = defaultdict(list)
    for start in range(0, pictures, AT_ONCE):
        some = numbers[start : start + AT_ONCE]
        write(database, PictureRow, [_picture(n, pictures) for n in some])
    for start in range(0, pictures, AT_ONCE):
        own = range(start, min(start + AT_ONCE, pictures))
        numbered = [(n, row) for n in own for row in _sources(n, pictures)]
        for n, row in numbered:
            places[row["uri"].rpartition("/")[0]].append(n)
        write(database, SourceRow, [row for _, row in numbered])
    _count(database, pictures, places)
    moment = BEGUN + timedelta(days=365)
    removed = [picture_id(n) for n in range(3, pictures, REMOVED_EACH)]
    rows = [{"picture_id": i, "deed": "removed", "author": "synthetic", "created": moment} for i in removed]
    write(database, RemovalRow, rows)
    with database.engine.begin() as connection:
        for index in indexes:
            index.create(connection)
    _concepts(database, pictures, concepts, answers)
    analyse(database)


def analyse(database: Database) -> None:
    """As PostgreSQL's own housekeeping does after a while; SQLite is left as it is."""
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def write(database: Database, table: type[Base], rows: Sequence[Row]) -> None:
    """Many rows of the same columns."""
    if not rows:
        return
    with database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            _copy(connection, table, rows)
        else:
            _insert(connection, table, rows)


def _insert(connection: Connection, table: type[Base], rows: Sequence[Row]) -> None:
    """With values as SQLite keeps them: SQLAlchemy's own way there takes three times as long."""
    names = list(rows[0])
    moments = [name for name in names if isinstance(table.__table__.c[name].type, UtcDateTime)]
    documents = [name for name in names if isinstance(table.__table__.c[name].type, JSON)]
    given = []
    for row in rows:
        for name in moments:
            if row[name] is not None:
                row[name] = row[name].replace(tzinfo=None).isoformat(" ", "microseconds")
        for name in documents:
            row[name] = json.dumps(row[name])
        given.append(tuple(row.values()))
    into = f"{table.__tablename__} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    connection.exec_driver_sql(f"INSERT INTO {into}", given)


def _copy(connection: Connection, table: type[Base], rows: Sequence[Row]) -> None:
    names = list(rows[0])
    psycopg: Any = connection.connection
    with psycopg.cursor() as cursor:
        columns = ", ".join(f'"{name}"' for name in names)
        with cursor.copy(f"COPY {table.__tablename__} ({columns}) FROM STDIN") as copy:
            for row in rows:
                given = (row[name] for name in names)
                copy.write_row([json.dumps(v) if isinstance(v, (dict, list)) else v for v in given])


def _count(database: Database, pictures: int, places: dict[str, list[int]]) -> None:
    """What the product keeps wherever pictures are added. `places`: folder → numbers of what is in it."""
    shown = np.array([not _is_removed(number) for number in range(pictures)])
    pairs = sum(_looks_alike(number, pictures) for number in range(pictures)) // 2
    placed = [(f"{path}/", int(shown[numbers].sum())) for path, numbers in places.items()]
    counts = KeptCounts(int(shown.sum()), int(_draws(pictures)[shown, 1].sum()), int(shown.sum()) - pairs)
    with database.write("library") as session:
        count_places(session, placed, counts)


def _format(number: int, pictures: int) -> str:
    if number % RARE_EACH == 5:
        return "TIFF"
    screens = number * YEARS // pictures == 2  # one year of them, long ago
    return "PNG" if screens and number % 10 else "WEBP" if number % 50 == 1 else "JPEG"


def _picture(number: int, pictures: int) -> Row:
    size, weight = _draws(pictures)[number]
    width, height = SIZES[size]
    own = picture_id(number)
    return {
        "id": own,
        "bytes": int(weight),
        "format": _format(number, pictures),
        "width": width,
        "height": height,
        "perceptual_hash": own[:16],
        "near_group": min(own, picture_id(_other(number, pictures))),
        "added": _added(number, pictures),
        "name": place(number, pictures).rpartition("/")[2].casefold(),
        "taken": _taken(number, pictures),
        "removed": BEGUN + timedelta(days=365) if _is_removed(number) else None,
        "copied": number % COPIED_EACH == COPY,
        "alike": _looks_alike(number, pictures),
    }


def _added(number: int, pictures: int) -> datetime:
    return BEGUN + timedelta(milliseconds=20 * number, hours=number * YEARS // pictures)


def _taken(number: int, pictures: int) -> int:
    if number % UNDATED_EACH == 4:
        return UNDATED
    year, event = divmod(number * YEARS * EVENTS // pictures, EVENTS)
    return _new_year(FIRST_YEAR + year) + event * 3 * 24 * 3600 + number % 1000


@cache
def _new_year(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


def _other(number: int, pictures: int) -> int:
    """The one that looks like it, or itself."""
    other = number + {0: 1, 1: -1}.get(number % ALIKE_EACH, 0)
    return other if other < pictures else number


def _looks_alike(number: int, pictures: int) -> bool:
    other = _other(number, pictures)
    return other != number and not (_is_removed(number) or _is_removed(other))


def _is_removed(number: int) -> bool:
    return number % REMOVED_EACH == 3


@cache
def _draws(pictures: int) -> NDArray[np.int64]:
    """(which of `SIZES`, bytes) of each picture."""
    rng = np.random.default_rng(0)
    sizes, weights = rng.integers(len(SIZES), size=pictures), rng.integers(20_000, 9_000_000, size=pictures)
    return np.stack([sizes, weights], axis=1)


def _sources(number: int, pictures: int) -> Iterator[Row]:
    places = [place(number, pictures)]
    if number % COPIED_EACH == COPY:
        places.append(f"{ROOT}/copies/{number % 97:02}/{number:07}.jpg")
    for uri in places:
        yield {
            "uri": uri,
            "picture_id": picture_id(number),
            "size": 1,
            "mtime_ns": 10**9 * number,
            "added": _added(number, pictures),
        }


def _concepts(database: Database, pictures: int, concepts: int, answers: int) -> None:
    moment, each = BEGUN + timedelta(days=400), answers // max(concepts, 1)
    ids = range(1, concepts + 1)
    names = {number: f"Synthetic concept {number}" for number in ids}
    key = {number: name.casefold() for number, name in names.items()}
    rows = [{"name": names[n], "key": key[n], "seed": key[n], "created": moment} for n in ids]
    write(database, ConceptRow, rows)
    document = {"description": "A synthetic concept."}
    definitions = [
        {
            "concept_id": n,
            "number": 1,
            "document": {"name": names[n]} | document,
            "author": "synthetic",
            "note": "",
            "created": moment,
        }
        for n in ids
    ]
    write(database, DefinitionRow, definitions)
    for n in ids:
        drawn = [int(one) for one in np.random.default_rng(n).choice(pictures, each, replace=False)]
        events = [
            {
                "key": f"{n}-{one}",
                "concept_id": n,
                "picture_id": picture_id(one),
                "value": "yes" if one % 3 else "no",
                "author": "synthetic",
                "author_kind": "person",
                "definition_number": 1,
                "comment": "",
                "created": moment,
                "in_view": False,
                "repeat": False,
            }
            for one in drawn
        ]
        write(database, LabelEventRow, events)
        ours: list[Row] = [{"concept_id": n, "picture_id": picture_id(one), "added": moment} for one in drawn]
        pool = [{**one, "brought_by": ["random"], "definition_number": 1} for one in ours]
        write(database, CandidateRow, pool)
        draw = enumerate(ours[: each // 10])
        measuring = [{**one, "ordinal": ordinal, "drawn": "random", "wave": 0} for ordinal, one in draw]
        write(database, EvaluationPictureRow, measuring)
