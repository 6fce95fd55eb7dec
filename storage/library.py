"""The library in SQL, looked up: pictures, where they are, and what was skipped."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

from sqlalchemy import ColumnElement, func, select, update

from storage.adding import Adding, PictureFacts
from storage.buckets import in_bucket
from storage.database import PARAMETERS, Database, among, chunks, insert_or_update, tuples
from storage.errors import UnknownError
from storage.frames import EVERYTHING, Frame, was_inside
from storage.kept_counts import KeptCounts, add_to_counts, groups_shown, kept_counts, recount_groups
from storage.pictures.files import SkippedFile, Source
from storage.pictures.sources import absolute
from storage.pictures.videos import split
from storage.removed import shown
from storage.tables import (
    COMPARISON,
    PURGED,
    BadFileRow,
    FolderRow,
    LibraryCountRow,
    LibraryRow,
    PendingVectorRow,
    PictureRow,
    SourceRow,
)

LIBRARY_TABLES = (
    LibraryRow,
    PictureRow,
    SourceRow,
    FolderRow,
    LibraryCountRow,
    PendingVectorRow,
)  # but for the files that were skipped: what they are is said of the computer
_ID = re.compile(r"[0-9a-f]{64}")
_START_OF_AN_ID = re.compile(r"[0-9a-fA-F]{8,63}")
_UNTIDY = re.compile(r"//|/\.\.?/|/\.{0,2}$")


@dataclass(frozen=True)
class LibraryEncoder:
    """The encoder the vectors of this library are from, and how to load it again."""

    name: str
    fingerprint: str
    dimension: int


@dataclass(frozen=True, kw_only=True)
class Picture(PictureFacts):
    """`sources` are its places as they are told, `files` those to read from."""

    near_group: str
    added: datetime
    sources: tuple[str, ...]
    root: str = ""

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(f"{self.root}{place}" for place in self.sources)


@dataclass(frozen=True)
class LibraryCounts:
    """`near_duplicates` counts pictures beyond the first of their near-duplicate group."""

    pictures: int
    sources: int
    bytes: int
    near_duplicates: int
    bad_files: int
    pending: int
    in_bin: int = 0

    @property
    def exact_duplicates(self) -> int:
        return self.sources - self.pictures


_SHOWN = PictureRow.removed.is_(None)


class Library:
    """The picture tables; `adding` takes in what files turned out to be. Every method is one short
    transaction. A picture that was removed is no picture of the library: `storage.removed` has it until the
    bin is emptied."""

    def __init__(self, database: Database, root: str = "") -> None:
        """`root`: the folder that all files are below and no place tells of."""
        self._database = database
        self.root = root
        self.adding = Adding(database, root)

    # The encoder

    def encoder(self) -> LibraryEncoder | None:
        """None before the first pictures were added."""
        row = self._database.get(LibraryRow, 1)
        return LibraryEncoder(row.encoder, row.fingerprint, row.dimension) if row else None

    def set_encoder(self, encoder: LibraryEncoder) -> None:
        values = {
            "encoder": encoder.name,
            "fingerprint": encoder.fingerprint,
            "dimension": encoder.dimension,
        }
        with self._database.write("library") as session:
            insert_or_update(session, LibraryRow, [{"id": 1} | values])

    # Near-duplicates

    def hashes_of(self, picture_ids: Sequence[str]) -> list[str | None]:
        """The perceptual hash of each picture, in the order asked; None where there is none."""
        query = select(PictureRow.id, PictureRow.perceptual_hash)
        found = dict(self._database.rows_among(query, PictureRow.id, picture_ids))
        return [found.get(picture_id) for picture_id in picture_ids]

    def hashes(self) -> tuple[list[str], list[str | None]]:
        """Every id with its perceptual hash, by id; also of those in the bin, so that what looks alike stays
        together when they are put back."""
        with self._database.read() as session:
            rows = tuples(session, select(PictureRow.id, PictureRow.perceptual_hash).order_by(PictureRow.id))
        return [row[0] for row in rows], [row[1] for row in rows]

    def named_groups(self) -> list[tuple[str, str]]:
        """Every picture that is in a group of another name, with that name."""
        p = PictureRow
        with self._database.read() as session:
            return list(tuples(session, select(p.id, p.near_group).where(p.near_group != p.id)))

    def set_near_groups(self, groups: dict[str, str]) -> int:
        """Writes the groups that changed (a picture not in `groups` is alone), and says how many moved."""
        changed: list[dict[str, str]] = []
        left: set[str] = set()
        p = PictureRow
        query = select(p.id, p.near_group)
        with self._database.write("library") as session:
            # Nearly every picture is alone and stays so: the database passes over those.
            before: dict[str, str] = dict(tuples(session, query.where(p.near_group != p.id)))
            for ids in chunks(sorted(groups.keys() - before.keys())):
                before.update(tuples(session, query.where(p.id.in_(ids))))
            for picture_id, group in sorted(before.items()):
                if (new := groups.get(picture_id, picture_id)) != group:
                    changed.append({"id": picture_id, "near_group": new})
                    left.add(group)
            if changed:
                groups_now = left | {row["near_group"] for row in changed}
                shown_before = groups_shown(session, groups_now)
                session.execute(update(PictureRow), changed)
                recount_groups(session, groups_now)
                more = groups_shown(session, groups_now) - shown_before
                add_to_counts(session, KeptCounts(groups=more))
        return len(changed)

    def videos(self) -> dict[str, dict[str, str]]:
        """Of each video the places of its frames → their pictures."""
        found: dict[str, dict[str, str]] = {}
        query = select(SourceRow.uri, SourceRow.picture_id).where(SourceRow.uri.like("%!/__:__:__.___"))
        with self._database.read() as session:
            for uri, picture_id in tuples(session, query):
                if frame := split(uri):
                    found.setdefault(frame[0], {})[uri] = picture_id
        return found

    def near_groups(self, picture_ids: Sequence[str]) -> list[str]:
        """The near-duplicate group of each picture, in the order asked."""
        found: dict[str, str] = {}
        with self._database.read() as session:
            for ids in chunks(picture_ids):
                query = select(PictureRow.id, PictureRow.near_group).where(PictureRow.id.in_(ids))
                found.update(tuples(session, query))
        return [found.get(picture_id, picture_id) for picture_id in picture_ids]

    def groups(self, frame: Frame = EVERYTHING, until: datetime | None = None) -> dict[str, str]:
        """Of every group of near-duplicates its name, and the picture that speaks for it: its smallest id;
        with a `frame` of the pictures that are, or were, in it, with `until` of those that had been added by
        then. Seconds for a million."""
        p = PictureRow.__table__.c
        query = select(p.id, func.nullif(p.near_group, p.id)).where(_SHOWN, was_inside(frame, PictureRow.id))
        query = query.where(PictureRow.added <= until) if until else query
        found: dict[str, str] = {}
        with self._database.read() as session:
            # Of Core, whose rows take a quarter of the time. Nearly every picture is alone in its group.
            for picture, other in session.connection().execute(query):
                name = other or picture
                found[name] = min(picture, found.get(name, picture))
        return found

    def silent(self, frame: Frame = EVERYTHING) -> set[str]:
        """Pictures of a frame for whose group of near-duplicates another one speaks (see `groups`). Takes as
        long as there are pictures that look alike, of which the rows know."""
        p = PictureRow
        query = select(p.id, p.near_group).where(p.alike, _SHOWN, was_inside(frame, p.id))
        speaks: dict[str, str] = {}
        pictures: set[str] = set()
        with self._database.read() as session:
            for picture, name in tuples(session, query):
                speaks[name] = min(picture, speaks.get(name, picture))
                pictures.add(picture)
        return pictures.difference(speaks.values())

    def speakers(self, names: Iterable[str], frame: Frame) -> dict[str, str]:
        """Of these groups of near-duplicates the picture that speaks for each (see `groups`): of those that
        have one."""
        group = PictureRow.near_group
        found: dict[str, str] = {}
        with self._database.read() as session:
            for some in chunks(sorted(set(names))):
                query = select(group, func.min(PictureRow.id)).group_by(group)
                query = query.where(group.in_(some), _SHOWN, was_inside(frame, PictureRow.id))
                found.update(tuples(session, query))
        return found

    def groups_since(self, moment: datetime, frame: Frame = EVERYTHING) -> dict[str, datetime]:
        """Of the groups of which there was no picture up to a moment, since when there has been one. Takes as
        long as there are pictures since."""
        group = PictureRow.near_group
        first = func.min(PictureRow.added)
        inside = (_SHOWN, was_inside(frame, PictureRow.id))
        found: dict[str, datetime] = {}
        with self._database.read() as session:
            new = session.scalars(select(group).where(PictureRow.added > moment, *inside).distinct()).all()
            for some in chunks(sorted(new)):
                query = select(group, first).where(group.in_(some), *inside)
                query = query.group_by(group).having(first > moment)
                found.update((row[0], row[1]) for row in session.execute(query))
        return found

    def members(self, groups: Iterable[str]) -> set[str]:
        """Every picture of these near-duplicate groups."""
        query = select(PictureRow.id).where(_SHOWN)
        return {
            row[0] for row in self._database.rows_among(query, PictureRow.near_group, sorted(set(groups)))
        }

    # Looking

    def embedded(self, fingerprint: str) -> int:
        """How many pictures must have a vector: all that don't wait for one, also those in the bin."""
        with self._database.read() as session:
            query = select(func.count()).select_from(PictureRow).where(PictureRow.id != PURGED)
            pictures = session.scalar(query) or 0
            waiting = select(func.count()).where(PendingVectorRow.fingerprint == fingerprint)
            return pictures - (session.scalar(waiting) or 0)

    def some_ids(self, n: int) -> list[str]:
        """Ids from all over the library: they are hashes, so those behind any point are as good as drawn."""
        start = os.urandom(4).hex()
        query = select(PictureRow.id).where(_SHOWN).order_by(PictureRow.id).limit(n)
        with self._database.read() as session:
            behind = list(session.scalars(query.where(PictureRow.id >= start)))
            return behind + list(session.scalars(query.where(PictureRow.id < start).limit(n - len(behind))))

    def has(self, picture_id: str) -> bool:
        found = self._database.scalar(select(PictureRow.id).where(PictureRow.id == picture_id, _SHOWN))
        return found is not None

    def known(self, picture_ids: Sequence[str]) -> set[str]:
        """Those of these that are in the library or in the bin."""
        return self._database.scalars_among(select(PictureRow.id), PictureRow.id, picture_ids)

    def sources(self, limit: int, after: str) -> list[tuple[Source, str]]:
        """Files that were read, each with its picture's id, by URI, beginning behind `after`."""
        query = select(SourceRow).where(SourceRow.uri > after).order_by(SourceRow.uri).limit(limit)
        return [(Source(r.uri, r.size, r.mtime_ns), r.picture_id) for r in self._database.scalars(query)]

    def kept_counts(self) -> KeptCounts:
        """Other ones whenever there are other pictures, or other groups of those that look alike."""
        with self._database.read() as session:
            return kept_counts(session)

    def counts(self) -> LibraryCounts:
        """Nothing large is counted for it."""
        with self._database.read() as session:

            def count(table: type, *which: ColumnElement[bool]) -> int:
                return session.scalar(select(func.count()).select_from(table).where(*which)) or 0

            kept, waiting = kept_counts(session), PendingVectorRow
            return LibraryCounts(
                pictures=kept.pictures,
                sources=kept.places,
                bytes=kept.bytes,
                near_duplicates=kept.pictures - kept.groups,
                bad_files=count(BadFileRow),
                pending=count(PendingVectorRow, shown(waiting.picture_id), waiting.fingerprint != COMPARISON),
                in_bin=count(PictureRow, PictureRow.removed.is_not(None), PictureRow.id != PURGED),
            )

    def picture(self, picture_id: str) -> Picture:
        """Raises `UnknownError`."""
        pictures = self.pictures([picture_id])
        if not pictures:
            raise UnknownError(f"No picture of this library has the id {picture_id}.", "picture")
        return pictures[0]

    def require(self, picture_ids: Sequence[str]) -> None:
        """Raises `UnknownError` where one of them is no picture of the library."""
        wanted = set(picture_ids)
        query = select(PictureRow.id).where(_SHOWN)
        wanted.difference_update(
            row[0] for row in self._database.rows_among(query, PictureRow.id, sorted(wanted))
        )
        if wanted:
            raise UnknownError(f"No picture of this library has the id {min(wanted)[:80]}.", "picture")

    def pictures(self, picture_ids: Sequence[str]) -> list[Picture]:
        """Those that exist, in the order asked."""
        with self._database.read() as session:
            rows: dict[str, PictureRow] = {}
            sources: dict[str, list[str]] = {}
            for ids in chunks(picture_ids):
                for row in session.scalars(select(PictureRow).where(PictureRow.id.in_(ids), _SHOWN)):
                    rows[row.id] = row
                for source in session.scalars(
                    select(SourceRow).where(SourceRow.picture_id.in_(ids)).order_by(SourceRow.uri)
                ):
                    sources.setdefault(source.picture_id, []).append(source.uri)
        return [_picture(rows[i], sources.get(i, []), self.root) for i in picture_ids if i in rows]

    def repeated(self, limit: int, after: str) -> list[str]:
        """Ids of pictures that are at more than one place, by id, beginning behind `after`."""
        query = select(SourceRow.picture_id).where(SourceRow.picture_id > after, shown(SourceRow.picture_id))
        query = query.group_by(SourceRow.picture_id).having(func.count() > 1)
        return self._database.scalars(query.order_by(SourceRow.picture_id).limit(limit))

    def look_alikes(self, limit: int, after: str) -> list[str]:
        """Names of near-duplicate groups of more than one picture, beginning behind `after`."""
        query = select(PictureRow.near_group).where(PictureRow.near_group > after, _SHOWN)
        query = query.group_by(PictureRow.near_group).having(func.count() > 1)
        return self._database.scalars(query.order_by(PictureRow.near_group).limit(limit))

    def resolve(self, path_or_id: str) -> str:
        """The id of the picture a person means by an id, a unique start of one, or a path.

        Raises `UnknownError`.
        """
        found = self.resolve_many([path_or_id])[0]
        if found is None and _START_OF_AN_ID.fullmatch(path_or_id):
            found = self.starting_with(path_or_id.lower())
        if found is None:
            raise UnknownError(
                f"“{path_or_id}” is no picture of this library. Give an id or the path it was added from.",
                "picture",
            )
        return found

    def starting_with(self, start: str) -> str | None:
        """The one id that begins so. Not LIKE, which uses no index here and takes upper for lower case."""
        beyond = f"{start}g"  # behind every hex digit
        query = select(PictureRow.id).where(PictureRow.id >= start, PictureRow.id < beyond, _SHOWN).limit(2)
        matches = self._database.scalars(query)
        return matches[0] if len(matches) == 1 else None

    def resolve_many(
        self, paths_or_ids: Sequence[str], *, relative_to: Path | None = None, in_bin: bool = False
    ) -> list[str | None]:
        """Ids for full ids and paths; None where the library, or with `in_bin` its bin, has no such picture.

        Relative paths count from `relative_to`, or from the working folder. Below a `root` no link is
        followed, as whoever asks is to learn of none.
        """
        base = str((relative_to or Path.cwd()).absolute())
        written_out = os.path.normpath if self.root else _written_out
        uris = [
            text if "!/" in text or in_bucket(text) else written_out(os.path.join(base, text))  # noqa: PTH118
            for text in paths_or_ids
        ]
        meant = ~_SHOWN if in_bin else _SHOWN
        of_places = ~shown(SourceRow.picture_id) if in_bin else shown(SourceRow.picture_id)
        with self._database.read() as session:
            by_id = select(PictureRow.id, PictureRow.id).where(meant)
            by_place = select(SourceRow.uri, SourceRow.picture_id).where(of_places)
            known = dict(among(session, by_id, PictureRow.id, filter(_ID.fullmatch, paths_or_ids)))
            if len(uris) > kept_counts(session).places:  # a file of millions of rows about a few pictures
                known.update(tuples(session, by_place))
            else:
                known.update(among(session, by_place, SourceRow.uri, uris))
        return [known.get(text) or known.get(uri) for text, uri in zip(paths_or_ids, uris, strict=True)]

    def ending_with(self, paths: Sequence[str]) -> dict[str, set[str]]:
        """Relative path → ids of the pictures at places that end with it, part by part. Reads through all
        places, once for all paths."""
        found: dict[str, set[str]] = {path: set() for path in paths}
        if not found:
            return {}
        last = {path.rpartition("/")[2] for path in paths}
        query = select(SourceRow.uri, SourceRow.picture_id).where(shown(SourceRow.picture_id))
        query = query.execution_options(yield_per=PARAMETERS)
        with self._database.read() as session:
            for uri, picture_id in session.execute(query):
                begin = len(uri)
                if uri.rpartition("/")[2] not in last:
                    continue
                while (begin := uri.rfind("/", 0, begin)) >= 0:
                    if (end := uri[begin + 1 :]) in found:
                        found[end].add(picture_id)
        return found

    def all_ids(self, *, in_bin: bool = False) -> list[str]:
        """By id; with `in_bin` also those that are there: whatever has a vector and a thumbnail."""
        query = select(PictureRow.id).where(PictureRow.id != PURGED if in_bin else _SHOWN)
        return self._database.scalars(query.order_by(PictureRow.id))

    def bad_files(self, limit: int = 1000, offset: int = 0) -> list[SkippedFile]:
        rows = self._database.scalars(select(BadFileRow).order_by(BadFileRow.uri).limit(limit).offset(offset))
        return [SkippedFile(r.uri, r.reason, r.message, r.size, r.mtime_ns) for r in rows]


def _picture(row: PictureRow, sources: list[str], root: str) -> Picture:
    facts = {field.name: getattr(row, field.name) for field in fields(PictureFacts)}
    return Picture(**facts, near_group=row.near_group, added=row.added, sources=tuple(sources), root=root)


def _written_out(path: str) -> str:
    """As a picture's place is written when it is added, which takes pathlib long for millions."""
    return absolute(Path(path)) if _UNTIDY.search(path) else path
