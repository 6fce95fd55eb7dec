"""Adding to the library in SQL: what files turned out to be, and whose vectors are still missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TypeVar

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from storage.database import Database, Store, among, chunks, insert_new, insert_or_update, tuples
from storage.folders import count_places
from storage.kept_counts import KeptCounts, recount_places
from storage.picture_columns import PictureColumn, add_columns
from storage.pictures.files import SkippedFile, Source
from storage.pictures.videos import FIRST, is_video, split
from storage.removed import shown
from storage.tables import COMPARISON, UNDATED, BadFileRow, PendingVectorRow, PictureRow, SourceRow, now

File = TypeVar("File", Source, SkippedFile)


@dataclass(frozen=True)
class PictureFacts:
    """What is known of a picture from its bytes. Width and height are upright pixels of the original."""

    id: str
    bytes: int
    format: str
    width: int
    height: int
    perceptual_hash: str | None
    taken: int = UNDATED  # as `storage.tables` says


class Adding(Store):
    """Files that were read, and the outbox of pictures that wait for their vectors. Every method is one short
    transaction."""

    def __init__(self, database: Database, root: str = "") -> None:
        super().__init__(database)
        self._root = root

    # Files

    def read_from(self, files: Sequence[Source | SkippedFile]) -> dict[str, str]:
        """URI → the picture that was read from it, of those files that have the same size and time since: of
        a video its first frame, which is recorded last."""
        s = SourceRow
        named = {file.uri + FIRST if is_video(file.uri) else file.uri: file for file in files}
        found: dict[str, str] = {}
        with self._database.read() as session:
            for uris in chunks(list(named)):
                query = select(s.uri, s.size, s.mtime_ns, s.picture_id).where(s.uri.in_(uris))
                for uri, size, mtime_ns, picture in tuples(session, query):
                    if (size, mtime_ns) == (named[uri].size, named[uri].mtime_ns):
                        found[named[uri].uri] = picture
        return found

    def frames_of(self, video: str) -> dict[str, str]:
        """The places of a video's frames, in order → their pictures."""
        s = SourceRow
        query = select(s.uri, s.picture_id).where(s.uri > f"{video}!/", s.uri < f"{video}!0").order_by(s.uri)
        with self._database.read() as session:
            return dict(tuples(session, query))

    def skipped_before(self, files: Sequence[Source | SkippedFile]) -> set[str]:
        """URIs of those that could not be read before and have the same size and time since."""
        b = BadFileRow
        now_there = {(file.uri, file.size, file.mtime_ns) for file in files}
        found: set[str] = set()
        with self._database.read() as session:
            for uris in chunks([file.uri for file in files]):
                query = select(b.uri, b.size, b.mtime_ns).where(b.uri.in_(uris))
                found.update(row[0] for row in tuples(session, query) if row in now_there)
        return found

    def record(
        self,
        read: Sequence[tuple[Source, PictureFacts | str]],
        skipped: Sequence[SkippedFile],
        fingerprint: str,
        columns: Iterable[PictureColumn] = (),
    ) -> set[str]:
        """Keeps what a batch of files turned out to be in one commit, and returns the pictures that are new.

        A picture that is known already comes as its id alone. New pictures go to the outbox as well:
        their vectors are pending until `vectors_written`, and so is their `COMPARISON` with others.
        Of `columns` those of new pictures are kept.
        """
        read = [(_below(self._root, source), facts) for source, facts in read]
        skipped = [_below(self._root, file) for file in skipped]
        pictures: dict[str, PictureFacts] = {}
        first: dict[str, str] = {}  # place
        for source, facts in read:
            if isinstance(facts, PictureFacts):
                pictures[facts.id] = facts
                first[facts.id] = min(first.get(facts.id, source.uri), source.uri)
        with self._database.write("library") as session:
            rows = [
                vars(facts) | {"near_group": facts.id, "name": _sorted_by(first[facts.id]), "added": now()}
                for facts in pictures.values()
            ]
            fresh = [picture_id for (picture_id,) in insert_new(session, PictureRow, rows)]
            _add_pending(session, fresh, fingerprint, COMPARISON)
            came = set(fresh)
            add_columns(session, (one for one in columns if one.picture_id in came))
            placed = {source.uri: facts if isinstance(facts, str) else facts.id for source, facts in read}
            query = select(SourceRow.uri, SourceRow.picture_id)
            before = dict(among(session, query, SourceRow.uri, placed))
            rows_of_files = [asdict(source) | {"picture_id": placed[source.uri]} for source, _ in read]
            insert_or_update(session, SourceRow, rows_of_files)
            # Each is sorted by the name of its first place, which may have come later than the picture.
            again = sorted({facts for _, facts in read if isinstance(facts, str)})
            firsts = select(SourceRow.picture_id, func.min(SourceRow.uri)).group_by(SourceRow.picture_id)
            found = among(session, firsts, SourceRow.picture_id, again)
            if named := [{"id": row[0], "name": _sorted_by(row[1])} for row in found]:
                session.execute(update(PictureRow), named)
            for uris in chunks(list(placed)):
                session.execute(delete(BadFileRow).where(BadFileRow.uri.in_(uris)))
            for source, _ in read:
                bad = BadFileRow.uri == source.uri.removesuffix(FIRST), BadFileRow.mtime_ns != source.mtime_ns
                if source.uri.endswith(FIRST):  # its video could not be read before
                    session.execute(delete(BadFileRow).where(*bad))
            insert_or_update(session, BadFileRow, [asdict(bad) | {"seen": now()} for bad in skipped])
            size = sum(pictures[one].bytes for one in fresh)
            # What follows from these places, each with the picture that is there now and was before.
            moved = {uri: (before.get(uri), new) for uri, new in placed.items() if before.get(uri) != new}
            times = Counter(new for _, new in moved.values())
            old = {one for one, _ in moved.values() if one}
            recount_places(session, old | {one for one, n in times.items() if n > 1 or one not in came})
            kept = select(PictureRow.id).where(PictureRow.removed.is_(None))
            others = among(session, kept, PictureRow.id, sorted((old | times.keys()) - came))
            shown_now = came | {row[0] for row in others}
            changes = [
                (uri, sign)
                for uri, (was, new) in moved.items()
                for one, sign in ((was, -1), (new, 1))
                if one in shown_now
            ]
            count_places(session, changes, KeptCounts(len(fresh), size, len(fresh)))
        return came

    # The outbox

    def pending(self, fingerprint: str, limit: int, after: str = "", *, in_bin: bool = False) -> list[str]:
        """Ids without a vector, by id, beginning behind `after`; with `in_bin` also those that are there."""
        query = select(PendingVectorRow.picture_id).where(
            PendingVectorRow.fingerprint == fingerprint, PendingVectorRow.picture_id > after
        )
        query = query if in_bin else query.where(shown(PendingVectorRow.picture_id))
        return self._database.scalars(query.order_by(PendingVectorRow.picture_id).limit(limit))

    def add_pending(self, picture_ids: Sequence[str], fingerprint: str) -> None:
        with self._database.write("library") as session:
            _add_pending(session, picture_ids, fingerprint)

    def vectors_written(self, picture_ids: Sequence[str], fingerprint: str) -> None:
        with self._database.write("library") as session:
            for ids in chunks(picture_ids):
                session.execute(
                    delete(PendingVectorRow).where(
                        PendingVectorRow.fingerprint == fingerprint, PendingVectorRow.picture_id.in_(ids)
                    )
                )


def _below(root: str, file: File) -> File:
    """As it is told."""
    return replace(file, uri=file.uri.removeprefix(root)) if root else file


def _sorted_by(place: str) -> str:
    return (place if split(place) is None else place.replace("!/", "!")).rpartition("/")[2].casefold()


def _add_pending(session: Session, picture_ids: Sequence[str], *fingerprints: str) -> None:
    rows = [
        {"picture_id": one, "fingerprint": fingerprint} for one in picture_ids for fingerprint in fingerprints
    ]
    insert_new(session, PendingVectorRow, rows)
