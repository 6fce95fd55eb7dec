"""What is kept of pictures, folders and the whole library is what counting it anew would say, whatever was
added, moved, removed, put back or purged."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rows import FINGERPRINT, clear_pictures, facts, picture_ids
from sqlalchemy import select

from storage.database import Database
from storage.folders import above
from storage.library import Library
from storage.pictures.files import Source
from storage.removed import Removed
from storage.tables import PURGED, FolderRow, PictureRow, SourceRow

IDS = picture_ids(6)
PLACES = ("/a/1", "/a/b/1", "/a/b/2", "/c.zip!/d/1", "/c.zip!/2", "/3")
some = st.lists(st.sampled_from(IDS), max_size=4, unique=True)
step = st.one_of(
    st.tuples(st.just("add"), st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(IDS)), max_size=5)),
    st.tuples(st.just("group"), st.lists(st.integers(0, 2), min_size=6, max_size=6)),
    st.tuples(st.just("remove"), some),
    st.tuples(st.just("restore"), some),
    st.tuples(st.just("purge"), some),
)


@given(st.lists(step, min_size=1, max_size=8))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_kept_is_what_counting_anew_says(
    database: Database, steps: list[tuple[str, list[Any]]]
) -> None:
    live_through(database, steps)


def test_a_picture_that_comes_back_is_in_no_group_until_it_is_compared(database: Database) -> None:
    comes = [("add", [("/a/1", IDS[0]), ("/a/b/1", IDS[1])]), ("group", [0, 0, 1, 1, 1, 1])]
    goes = [("remove", IDS[:1]), ("purge", IDS[:1]), ("add", [("/a/1", IDS[0])])]
    live_through(database, [*comes, *goes])
    with database.read() as session:
        assert session.scalars(select(PictureRow.alike).where(PictureRow.id.in_(IDS))).all() == [False, False]


def live_through(database: Database, steps: list[tuple[str, list[Any]]]) -> None:
    library, removed = Library(database), Removed(database)
    clear_pictures(database)
    for what, chosen in steps:
        there = library.all_ids(in_bin=True)
        if what == "add":
            rows = [
                (Source(uri, 1, 1), i if i in there else replace(facts(i), taken=7 + n))
                for n, (uri, i) in enumerate(chosen)
            ]
            library.adding.record(rows, [], FINGERPRINT)
        elif what == "group":
            of = dict(zip(IDS, chosen, strict=True))
            library.set_near_groups({i: min(j for j in there if of[j] == of[i]) for i in there})
        elif what == "purge":
            removed.purge(chosen, "me", refuse=False)
        else:
            getattr(removed, what)(chosen, "me")
        assert kept(database) == counted(database), what
        assert set(library.groups().values()) == set(library.all_ids()) - library.silent(), what


def kept(database: Database) -> object:
    with database.read() as session:
        flags = session.execute(select(PictureRow.id, PictureRow.copied, PictureRow.alike)).all()
        folders = session.execute(select(FolderRow.path, FolderRow.files).where(FolderRow.files != 0)).all()
    counts = Library(database).counts()
    return (
        {row.id: (row.copied, row.alike) for row in flags if row.id != PURGED},
        {row.path: row.files for row in folders},
        (counts.pictures, counts.sources, counts.bytes, counts.near_duplicates),
    )


def counted(database: Database) -> object:
    with database.read() as session:
        query = select(PictureRow.id, PictureRow.near_group, PictureRow.removed, PictureRow.bytes)
        rows = [row for row in session.execute(query) if row.id != PURGED]
        places = session.execute(select(SourceRow.uri, SourceRow.picture_id)).all()
    shown = {row.id for row in rows if row.removed is None}
    groups = Counter(row.near_group for row in rows if row.id in shown)
    copies = Counter(picture for _, picture in places)
    at = [uri for uri, picture in places if picture in shown]
    return (
        {row.id: (copies[row.id] > 1, groups[row.near_group] > 1) for row in rows},
        Counter(folder for uri in at for folder in above(uri)),
        (len(shown), len(at), sum(row.bytes for row in rows if row.id in shown), len(shown) - len(groups)),
    )
