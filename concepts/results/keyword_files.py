"""What a concept says of pictures, where those are: keywords beside their files, and copies of them."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from pathlib import Path

from concepts.errors import DiscernError
from concepts.jobs import Listener
from concepts.view import View, count
from storage.buckets import in_bucket
from storage.disk import is_refusal, refused
from storage.errors import BadPictureError
from storage.files import LONGEST_NAME, shortened
from storage.names import key_of
from storage.pictures import archives, sources
from storage.pictures.files import Within, require_within
from storage.pictures.videos import split
from storage.pictures.xmp import Keyword, OwnKeywords, Sidecar, elsewhere, sidecar_of

REPORTED = 100  # files: how often progress is told
LONGEST_SUFFIX = 16  # characters; a longer one is a part of the name
PIECE = 1024**2  # bytes

Files = Iterable[tuple[str, str]]  # (picture id, one of its places)


class KeywordsWritten(View):
    """Sidecars that were `written`, that say what they said before (`unchanged`), and from which the keyword
    was `removed`. `left_out`: why → how many files. `version`: None where labels alone said what counts."""

    written: int
    unchanged: int
    removed: int
    left_out: dict[str, int]
    version: int | None = None

    def says(self) -> str:
        return f"{count(self.written, 'file')} written, {self.removed:,} removed."


class FilesCopied(View):
    """Files that are new in the folder, and that were there already. `left_out`: why → how many."""

    folder: str
    copied: int
    there: int
    left_out: dict[str, int]

    def says(self) -> str:
        return f"{count(self.copied, 'file')} copied."


def write_sidecars(
    names: Container[str],
    keywords: Mapping[str, Keyword],
    files: Files,
    uploads: Path,
    listener: Listener,
    within: Within | None = None,
) -> KeywordsWritten:
    """Writes beside each file of a picture in `keywords` (by id), of those `within`. Every other keyword of a
    concept of these `names` (keys, of what it was called before, too) is taken away. Raises what a full disk
    raises."""
    done: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for number, (picture, place) in enumerate(files, 1):
        if number % REPORTED == 0:
            listener(number, None, "keywords")
        keyword, why = keywords.get(picture), _left_out(place, within, uploads)
        if why:
            left.update([why] if keyword else [])
            continue
        try:
            done[_write_one(Path(place), names, keyword, within)] += 1
        except DiscernError as error:
            left[str(error)] += 1
        except OSError as error:
            if is_refusal(error):
                raise refused(error, sidecar_of(Path(place))) from error
            left[f"can’t be written: {error.strerror or error}"] += 1
    return KeywordsWritten(
        written=done["written"], unchanged=done["unchanged"], removed=done["removed"], left_out=dict(left)
    )


def _write_one(picture: Path, names: Container[str], keyword: Keyword | None, within: Within | None) -> str:
    """Writes one sidecar and says so: written, unchanged or removed; empty where there was nothing to do."""
    file = sidecar_of(picture)
    is_there = os.path.lexists(file)  # a link that leads nowhere, too
    if keyword is not None and not picture.is_file():
        raise DiscernError("the file is gone")
    if keyword is None and not is_there:
        return ""
    sidecar = Sidecar.read(file) if is_there else Sidecar.new()
    wanted = keyword.concept if keyword else ""
    gone = [one for one in sidecar.ours() if one != wanted and key_of(one) in names]
    if keyword is None and not gone:
        return ""
    for one in gone:
        sidecar.take(one)
    changed = keyword is not None and sidecar.put(keyword)
    try:
        changed |= sidecar.mirror(elsewhere(picture, within) if sidecar.ours() else OwnKeywords())
    except BadPictureError:  # of one that is gone a keyword can go, too
        if keyword is not None:
            raise
    if not changed and not gone:
        return "unchanged"
    if sidecar.is_ours_alone:
        file.unlink()
    else:
        sidecar.write(file)
    return "removed" if keyword is None else "written"


def copy_into(
    folder: Path, files: Files, *, link: bool, listener: Listener, within: Within | None = None
) -> FilesCopied:
    """Copies these files, of those `within`, or links to them, under their names; a second of one name has a
    part of the picture's id in it. One that can't be copied is left out. Raises `DiscernError` where the
    folder can't be written."""
    copied = there = 0
    left: Counter[str] = Counter()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        require_within(os.path.realpath(folder), within)  # a link may have been turned since it was named
    except OSError as error:
        raise _not_written(folder, error) from error
    for number, (picture, place) in enumerate(files, 1):
        if number % REPORTED == 0:
            listener(number, None, "files")
        if why := _left_out(place, within):
            left[why] += 1
            continue
        try:
            is_new = _copy_one(folder, picture, Path(place), link=link, within=within)
        except DiscernError as error:
            left[str(error)] += 1
        except OSError as error:
            if is_refusal(error):
                raise _not_written(folder, error) from error
            left[f"can’t be copied: {error.strerror or error}"] += 1
        else:
            copied, there = copied + is_new, there + (not is_new)
    return FilesCopied(folder=str(folder), copied=copied, there=there, left_out=dict(left))


def _copy_one(folder: Path, picture: str, source: Path, *, link: bool, within: Within | None) -> bool:
    """Copy or link one file, and return whether it is new. Raises `DiscernError` and `OSError`."""
    if not source.is_file():
        raise DiscernError("the file is gone")
    suffix = source.suffix if len(source.suffix) <= LONGEST_SUFFIX else ""
    end = f"-{picture[:8]}{suffix}"
    second = shortened(source.name.removesuffix(suffix), LONGEST_NAME - len(os.fsencode(end))) + end
    names = [name for name in (source.name, second) if name == shortened(name)]
    if any(_is_same(folder / name, source) for name in names):
        return False
    target = next((folder / name for name in names if not os.path.lexists(folder / name)), None)
    if target is None:
        raise DiscernError("another file of that name is there")
    if link:
        target.symlink_to(source.absolute())
        return True
    with sources.opened(str(source), within) as original, target.open("xb") as out:  # through no link
        try:
            shutil.copyfileobj(original, out, PIECE)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
    shutil.copystat(source, target)
    return True


def _not_written(folder: Path, error: OSError) -> DiscernError:
    if is_refusal(error):
        return refused(error, folder)
    return DiscernError(f"{folder} can’t be written: {error.strerror or error}.")


def _left_out(place: str, within: Within | None, uploads: Path | None = None) -> str:
    if in_bucket(place):
        return "in a bucket"
    if archives.split(place) is not None:
        return "a frame of a video" if split(place) else "inside an archive"
    if uploads and Path(place).is_relative_to(uploads):
        return "uploaded here, not in a folder of yours"
    # Both a file and the folder of its sidecar have to be there.
    if within and not all(within(os.path.realpath(one)) for one in (place, Path(place).parent)):
        return "a link leads out of the folders that may be used"
    return ""


def _is_same(one: Path, other: Path) -> bool:
    """Whether it is there: a link to the other, or as long and as old."""
    if not one.exists():
        return False
    a, b = one.stat(), other.stat()
    return os.path.samestat(a, b) or (a.st_size, int(a.st_mtime)) == (b.st_size, int(b.st_mtime))
