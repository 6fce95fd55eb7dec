"""Rows that tests of the stores begin with."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete

from storage.adding import PictureFacts
from storage.concepts import put_behind
from storage.database import Database
from storage.library import Library
from storage.pictures.files import Source
from storage.tables import (
    FolderRow,
    LibraryCountRow,
    PendingVectorRow,
    PictureRow,
    RefusedPictureRow,
    RemovalRow,
    SourceRow,
)

FINGERPRINT = "an encoder's"


def picture_ids(n: int) -> list[str]:
    return [f"{number:064x}" for number in range(1, n + 1)]


def facts(picture_id: str) -> PictureFacts:
    return PictureFacts(picture_id, bytes=1, format="PNG", width=2, height=3, perceptual_hash=None)


def source(name: str) -> Source:
    return Source(uri=f"/pictures/{name}", size=1, mtime_ns=1)


def draw_apart(database: Database, concept_id: int, ids: Sequence[str], drawn: str, wave: int) -> None:
    """As a wave does it, or what certifies a line."""
    with database.write(f"concept {concept_id}") as session:
        put_behind(session, concept_id, ids, drawn, wave)


def add_pictures(database: Database, ids: Sequence[str]) -> None:
    Library(database).adding.record([(source(i), facts(i)) for i in ids], [], FINGERPRINT)


def clear_pictures(database: Database) -> None:
    about = (
        PendingVectorRow,
        RemovalRow,
        RefusedPictureRow,
        SourceRow,
        PictureRow,
        FolderRow,
        LibraryCountRow,
    )
    with database.write() as session:
        for table in about:
            session.execute(delete(table))
