"""What lies below SQL: vectors, thumbnails, and the pictures' own files. Missing, damaged, and made again.

SQL says what there must be (rule 1). Vectors and thumbnails are made again from the pictures; a file that is
gone or another one by now can only be named.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from concepts.errors import BadPictureError, DamagedIndexError
from concepts.jobs import Listener
from concepts.library.ingestion import chunks
from concepts.library.originals import original
from concepts.view import View, count
from storage.library import Library
from storage.pictures import archives, sources
from storage.pictures.files import SkippedFile, Source, look_at
from storage.pictures.hashing import picture_id
from storage.pictures.resizing import THUMBNAIL_SIDE, thumbnail
from storage.pictures.thumbnails import ThumbnailStore
from storage.pictures.videos import split
from storage.vectors.stored import StoredIndex

AT_ONCE = 1000  # pictures or files
NAMED = 100  # files and pictures that a report names
SAMPLE = 64  # thumbnails that a quick look tries


class DamagedFile(View):
    """A file, or the id of a picture where no file is left, and what is wrong with it."""

    what: str
    place: str


class Checked(View):
    """What is missing, extra, unreadable or changed. `index` says why the vectors can't be read; `left` are
    pictures that no file is left of, so that their vector or thumbnail can't be made again."""

    pictures: int
    files: int
    index: str = ""
    vectors_missing: int = 0
    vectors_extra: int = 0
    thumbnails_missing: int = 0
    files_missing: int = 0
    files_changed: int = 0
    files_unreadable: int = 0
    named: tuple[DamagedFile, ...] = ()
    repaired: bool = False
    embedded: int = 0
    thumbnails_made: int = 0
    left: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether all that SQL needs is there (files may be gone: their pictures can be worked with)."""
        if self.repaired:
            return not self.left
        return not (self.index or self.vectors_missing or self.vectors_extra or self.thumbnails_missing)

    def says(self) -> str:
        if self.repaired:
            vectors, thumbnails = count(self.embedded, "picture"), count(self.thumbnails_made, "thumbnail")
            said = [f"{vectors} embedded again, {thumbnails} made again"]
            if self.left:
                said.append(f"{count(self.left, 'picture')} can’t be repaired: their files are gone")
        else:
            lost = self.vectors_missing + self.thumbnails_missing
            is_worse = lost or self.index
            said = [f"{lost:,} vectors and thumbnails missing" if is_worse else "nothing missing"]
        files = ((self.files_missing, "gone"), (self.files_changed, "changed"))
        for number, what in (*files, (self.files_unreadable, "that can't be read")):
            if number:
                said.append(f"{count(number, 'file')} {what}")
        return "; ".join(said)


@dataclass
class Damage:
    """What a quick look saw. Both empty where all is well."""

    vectors: str = ""
    thumbnails: str = ""

    def __bool__(self) -> bool:
        return bool(self.vectors or self.thumbnails)


def vectors_lost(library: Library, fingerprint: str, held: Callable[[], int]) -> str:
    """Says in words that vectors are missing which must be there; `held` counts those that are.

    The pictures are counted first: vectors only become more meanwhile.
    """
    wanted = library.embedded(fingerprint)
    missing = wanted - held()
    if missing <= 0:
        return ""
    return f"{missing:,} of {wanted:,} pictures have lost what they are searched and compared by."


def thumbnails_lost(library: Library, thumbnails: ThumbnailStore) -> str:
    """Says in words that thumbnails are missing, as far as some tell."""
    ids = library.some_ids(SAMPLE)
    missing = sum(not thumbnails.exists(picture_id) for picture_id in ids)
    return f"Thumbnails are missing: {missing} of {len(ids)} that were looked at." if missing else ""


class HealthCheck:
    """One look at everything, and the repair of what it found."""

    def __init__(self, library: Library, index: StoredIndex, thumbnails: ThumbnailStore, home: Path) -> None:
        self._home = home
        self._library = library
        self._index = index
        self._thumbnails = thumbnails
        self._missing: list[str] = []
        self._extra: list[str] = []
        self._small: list[str] = []  # thumbnails
        counts = library.counts()
        self.report = Checked(pictures=counts.pictures, files=counts.sources)

    def look(self, listener: Listener) -> Checked:
        """Reads what is in the data folder, and the size and time of every file elsewhere."""
        total = 2 * self.report.pictures + self.report.files
        listener(0, total, "vectors")
        ids = self._library.all_ids(in_bin=True)
        waiting = set(self._library.adding.pending(self._index.fingerprint, len(ids), in_bin=True))
        try:
            self._index.verify()
            self._compare(ids, waiting)
        except DamagedIndexError as error:
            self._note(index=str(error))
        done = len(ids)
        for some in chunks(self._library.all_ids(), AT_ONCE):
            self._small += [i for i in some if not self._thumbnails.is_whole(i)]
            done += len(some)
            listener(done, total, "thumbnails")
        for file, wrong in self._wrong_files():
            if wrong:
                named, count = self.report.named, f"files_{wrong}"
                if len(named) < NAMED:
                    named = (*named, DamagedFile(what=wrong, place=file.uri))
                self._note(named=named, **{count: getattr(self.report, count) + 1})
            done += 1
            if done % AT_ONCE == 0:
                listener(done, total, "files")
        found = {"vectors_missing": len(self._missing), "vectors_extra": len(self._extra)}
        self._note(thumbnails_missing=len(self._small), **found)
        return self.report

    def repair(self, embed_pending: Callable[[], int], listener: Listener) -> Checked:
        """Makes again what can be made again. What a killed repair left over the next one does."""
        if self.report.index:
            self._index.remake()
            self._compare(self._library.all_ids(in_bin=True), set())
        shutil.rmtree(self._home / "bundles", ignore_errors=True)  # written anew when they are asked for
        self._index.delete(self._extra)
        self._library.adding.add_pending(self._missing, self._index.fingerprint)
        embedded = embed_pending()
        made = 0
        for some in chunks(self._small, AT_ONCE):
            for lost in some:
                is_whole = self._thumbnails.is_whole(lost)
                made += is_whole or make_thumbnail(self._library, self._thumbnails, lost)
            listener(made, len(self._small), "thumbnails")
        left = len(self._library.adding.pending(self._index.fingerprint, self.report.pictures))
        self._note(
            repaired=True,
            embedded=embedded,
            thumbnails_made=made,
            left=max(left, len(self._small) - made),
        )
        return self.report

    def _compare(self, ids: Sequence[str], waiting: set[str]) -> None:
        self._extra = list(self._index.ids.without(ids))
        self._missing = [i for i in self._index.missing(ids) if i not in waiting]

    def _wrong_files(self) -> Iterator[tuple[Source, str]]:
        """Every file, and what is wrong with it."""
        after = ""
        while files := self._library.sources(AT_ONCE, after):
            after = files[-1][0].uri
            for file, known in files:
                placed = replace(file, uri=f"{self._library.root}{file.uri}")
                is_ours = Path(placed.uri).is_relative_to(self._home)
                yield file, _what_is_wrong(placed, known, is_ours=is_ours)

    def _note(self, **values: object) -> None:
        self.report = self.report.model_copy(update=values)


def make_thumbnail(library: Library, thumbnails: ThumbnailStore, picture_id: str) -> bool:
    """Whether the picture has a file it could be made from."""
    picture = library.picture(picture_id)
    with original(picture, THUMBNAIL_SIDE) as decoded:
        small = thumbnail(decoded.image) if decoded else None
    if small is None:
        return False
    thumbnails.write(picture_id, small)
    return True


def _what_is_wrong(file: Source, known: str, *, is_ours: bool) -> str:
    """missing, unreadable, changed, or nothing. Elsewhere a file of the same size and time is the same; ours
    may be the only copy."""
    inside = archives.split(file.uri)
    now = look_at(inside[0] if inside else file.uri)
    if isinstance(now, SkippedFile):
        return "missing" if now.reason in ("missing", "dangling-link") else "unreadable"
    if not is_ours and now.mtime_ns == file.mtime_ns and (inside or now.size == file.size):
        return ""
    try:
        same = picture_id(sources.read(file.uri)) == known
        return "" if same or split(file.uri) else "changed"  # decoders differ a little
    except BadPictureError as error:
        return "missing" if error.reason == "missing" else "unreadable"
