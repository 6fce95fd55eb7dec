"""How many pictures are in each folder, kept where they are added, removed and put back: counting a million
places takes a second, and the folders of the library are on every page of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, and_, case, delete, func, select, update
from sqlalchemy.orm import Session, aliased

from storage.buckets import SCHEME, in_bucket
from storage.database import Database, among
from storage.dialects import insert_into
from storage.kept_counts import NOTHING, KeptCounts, add_to_counts
from storage.tables import FolderRow, LibraryCountRow, PictureRow, SourceRow

FOLDERS = 500  # shown of one folder


@dataclass(frozen=True)
class Folder:
    """`files` counts those of pictures in it and below. `has_folders`: there is something to open."""

    path: str
    files: int
    has_folders: bool


Placed = tuple[str, int]  # a place that now shows a picture (+1) or shows one no longer (-1)


def above(uri: str) -> Iterator[str]:
    """Every folder that a place is in, the innermost first: `/a/b` and `/a` and `/` of `/a/b/c.jpg`. A bucket
    is a folder of `/`, too, so that there is one that all are in."""
    top = len(SCHEME) if in_bucket(uri) else 0
    end = uri.rfind("/")
    while end > top:
        yield uri[:end]
        end = uri.rfind("/", 0, end)
    if end >= 0:
        yield "/"


def range_of(folder: str) -> tuple[str, str]:
    """What every place below a folder lies between: `0` is behind `/`, and behind all buckets is `s4`."""
    inside = folder.rstrip("/")
    return f"{inside}/", f"{inside}0" if inside else "s4"


def parent_of(path: str) -> str:
    """The folder that a folder is right inside of; "" of the outermost."""
    return next(above(path), "") if path != "/" else ""


def count_places(session: Session, changes: Iterable[Placed], more: KeptCounts = NOTHING) -> None:
    """Keeps what became of places, and what `more` there is by that. Nobody else may be writing the library
    meanwhile."""
    sums: Counter[str] = Counter()
    places = 0
    for uri, files in changes:
        places += files
        for path in above(uri):
            sums[path] += files
    add_to_counts(session, replace(more, places=places))
    rows = [{"path": path, "parent": parent_of(path), "files": files} for path, files in sorted(sums.items())]
    if rows:
        statement = insert_into(session, FolderRow)
        changed = {"files": FolderRow.__table__.c.files + statement.excluded.files}
        statement = statement.on_conflict_do_update(index_elements=["path"], set_=changed)
        session.execute(statement.returning(FolderRow.path), rows).all()


def places_of(session: Session, picture_ids: Sequence[str], files: int) -> list[Placed]:
    """All places of these pictures, each with that change of how many files there are."""
    found = among(session, select(SourceRow.uri), SourceRow.picture_id, picture_ids)
    return [(row[0], files) for row in found]


def folders_in(session: Session, folder: str) -> list[Folder]:
    """Those right inside of one, by name; of the whole library, "", the one that all of it is in."""
    row, below = FolderRow, aliased(FolderRow)
    inside = select(below.path).where(below.parent == row.path, below.files > 0).exists()
    query = select(row.path, row.files, inside).where(row.files > 0)
    if folder:
        query = query.where(row.parent == (folder.rstrip("/") or "/")).order_by(row.path).limit(FOLDERS)
    else:
        query = query.where(row.path == _outermost(session))
    return [Folder(*found) for found in session.execute(query)]


def files_in(session: Session, folder: str) -> int:
    """How many places of shown pictures are in it or below."""
    row = session.get(FolderRow, folder.rstrip("/") or "/")
    return row.files if row else 0


def move_places(database: Database, to: str) -> dict[str, str]:
    """Writes every place of a library below `to`, such as `/sample`, in place of the innermost folder that
    holds everything; where that is `/`, of one for each folder of `/`, which are numbered. Returns the folder
    that each new one stands for. Not for a library that goes on being added to."""
    with database.write("library") as session:
        tops = [top] if (top := _linked(_outermost(session))) else []
        if not tops:
            inside = select(FolderRow.path).where(FolderRow.parent == "/").order_by(FolderRow.path)
            found = (_linked(_outermost(session, folder)) for folder in session.scalars(inside).all())
            tops = [top for top in found if top]
        new = {f"{to}/{number}" if len(tops) > 1 else to: top for number, top in enumerate(tops, 1)}
        moved = [(_is_below(top), one + func.substr(SourceRow.uri, len(top) + 1)) for one, top in new.items()]
        as_it_is = to + SourceRow.uri
        session.execute(update(SourceRow).values(uri=case(*moved, else_=as_it_is) if moved else as_it_is))
        session.execute(delete(FolderRow))
        ids = session.scalars(select(PictureRow.id).where(PictureRow.removed.is_(None))).all()
        session.execute(update(LibraryCountRow).values(places=0))
        count_places(session, places_of(session, ids, 1))
    return new


def _is_below(folder: str) -> ColumnElement[bool]:
    first, last = range_of(folder)
    return and_(SourceRow.uri >= first, SourceRow.uri < last)


def _linked(folder: str) -> str:
    """The innermost folder around, or itself, that a link can lead to, which an archive isn't; "" for `/`."""
    while "!/" in f"{folder}/":
        folder = parent_of(folder)
    return folder.rstrip("/")


def _outermost(session: Session, below: str = "/") -> str:
    """The innermost folder that holds everything, of all or `below` one."""
    # Two statements: one index look-up each.
    first, last = (
        session.scalar(select(one(SourceRow.uri)).where(_is_below(below))) for one in (func.min, func.max)
    )
    if first is None or last is None:
        return ""
    around = set(above(last))
    return next((path for path in above(first) if path in around), "/")
