"""Adding to the library in SQL: what files turned out to be, and whose vectors are still missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from storage.database import Database, insert_new, insert_or_update
from storage.pictures.files import SkippedFile, Source
from storage.removed import shown
from storage.tables import UNREAD, BadFileRow, PendingVectorRow, PictureRow, SourceRow, now

MAX_PARAMETERS = 5000  # of one statement; SQLite allows 32,766


@dataclass(frozen=True)
class PictureFacts:
    """What is known of a picture from its bytes. Width and height are upright pixels of the original."""

    id: str
    bytes: int
    format: str
    width: int
    height: int
    perceptual_hash: str | None
    taken: int = UNREAD  # as `storage.tables` says


class Adding:
    """Files that were read, and the outbox of pictures that wait for their vectors. Every method is one short
    transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Files

    def unchanged(self, sources: Sequence[Source | SkippedFile]) -> set[str]:
        """Those URIs whose file was read before, good or bad, and has the same size and time since."""
        wanted = {(source.uri, source.size, source.mtime_ns) for source in sources}
        found: set[str] = set()
        with self._database.read() as session:
            for table in (SourceRow, BadFileRow):
                for uris in chunks([source.uri for source in sources]):
                    rows = session.execute(
                        select(table.uri, table.size, table.mtime_ns).where(table.uri.in_(uris))
                    )
                    found.update(uri for uri, size, mtime in rows if (uri, size, mtime) in wanted)
        return found

    def read_from(self, sources: Sequence[Source]) -> dict[str, str]:
        """URI → the picture that was read from it, of those files that have the same size and time since."""
        wanted = {(source.uri, source.size, source.mtime_ns) for source in sources}
        found: dict[str, str] = {}
        with self._database.read() as session:
            for uris in chunks([source.uri for source in sources]):
                for row in session.scalars(select(SourceRow).where(SourceRow.uri.in_(uris))):
                    if (row.uri, row.size, row.mtime_ns) in wanted:
                        found[row.uri] = row.picture_id
        return found

    def set_taken(self, taken: dict[str, int]) -> None:
        """Keeps when pictures were taken, by id."""
        with self._database.write("library") as session:
            session.execute(update(PictureRow), [{"id": i, "taken": moment} for i, moment in taken.items()])

    def record(
        self,
        read: Sequence[tuple[Source, PictureFacts | str]],
        skipped: Sequence[SkippedFile],
        fingerprint: str,
    ) -> None:
        """One commit for what a batch of files turned out to be.

        A picture that is known already comes as its id alone. New pictures go to the outbox as well:
        their vectors are pending until `vectors_written`.
        """
        pictures: dict[str, PictureFacts] = {}
        first: dict[str, str] = {}  # place
        for source, facts in read:
            if isinstance(facts, PictureFacts):
                pictures[facts.id] = facts
                first[facts.id] = min(first.get(facts.id, source.uri), source.uri)
        with self._database.write("library") as session:
            rows = [
                vars(facts) | {"near_group": facts.id, "name": _sorted_by(first[facts.id])}
                for facts in pictures.values()
            ]
            fresh = insert_new(session, PictureRow, rows)
            _add_pending(session, [picture_id for (picture_id,) in fresh], fingerprint)
            sources = [
                {
                    "uri": source.uri,
                    "picture_id": facts if isinstance(facts, str) else facts.id,
                    "size": source.size,
                    "mtime_ns": source.mtime_ns,
                }
                for source, facts in read
            ]
            insert_or_update(session, SourceRow, sources)
            _name(session, {facts for _, facts in read if isinstance(facts, str)})
            for uris in chunks([source.uri for source, _ in read]):
                session.execute(delete(BadFileRow).where(BadFileRow.uri.in_(uris)))
            insert_or_update(session, BadFileRow, [asdict(bad) | {"seen": now()} for bad in skipped])

    # The outbox

    def pending(self, fingerprint: str, limit: int, after: str = "", *, in_bin: bool = False) -> list[str]:
        """Ids without a vector, by id, beginning behind `after`; with `in_bin` also those that are there."""
        with self._database.read() as session:
            query = select(PendingVectorRow.picture_id).where(
                PendingVectorRow.fingerprint == fingerprint, PendingVectorRow.picture_id > after
            )
            query = query if in_bin else query.where(shown(PendingVectorRow.picture_id))
            return list(session.scalars(query.order_by(PendingVectorRow.picture_id).limit(limit)))

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


def _name(session: Session, picture_ids: set[str]) -> None:
    """Each is sorted by the name of its first place, which may have come later than the picture."""
    for some in chunks(sorted(picture_ids)):
        query = select(SourceRow.picture_id, func.min(SourceRow.uri)).where(SourceRow.picture_id.in_(some))
        rows = session.execute(query.group_by(SourceRow.picture_id)).all()
        named = [{"id": row[0], "name": _sorted_by(row[1])} for row in rows]
        if named:
            session.execute(update(PictureRow), named)


def _sorted_by(place: str) -> str:
    return place.rpartition("/")[2].casefold()


def _add_pending(session: Session, picture_ids: Sequence[str], fingerprint: str) -> None:
    rows = [{"picture_id": picture_id, "fingerprint": fingerprint} for picture_id in picture_ids]
    insert_new(session, PendingVectorRow, rows)


def chunks(items: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many at a time as one statement takes."""
    for start in range(0, len(items), MAX_PARAMETERS):
        yield items[start : start + MAX_PARAMETERS]
