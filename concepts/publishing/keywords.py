"""What a concept says of pictures, where those are: keywords beside their files, and copies of them."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from pathlib import Path

from concepts.errors import DiscernError
from concepts.jobs import Listener
from concepts.view import View
from storage.buckets import in_bucket
from storage.disk import is_refusal, refused
from storage.names import key_of
from storage.pictures import archives
from storage.pictures.videos import split
from storage.pictures.xmp import Keyword, Sidecar, sidecar_of

REPORTED = 100  # files: how often progress is told

Files = Iterable[tuple[str, str]]  # (picture id, one of its places)


class KeywordsWritten(View):
    """Sidecars that were `written`, that say what they said before (`unchanged`), and from which the keyword
    was `removed`. `left_out`: why → how many files. `version`: None where labels alone said what counts."""

    written: int
    unchanged: int
    removed: int
    left_out: dict[str, int]
    version: int | None = None


class FilesCopied(View):
    """Files that are new in the folder, and that were there already. `left_out`: why → how many."""

    folder: str
    copied: int
    there: int
    left_out: dict[str, int]


def write_keywords(
    names: Container[str], keywords: Mapping[str, Keyword], files: Files, uploads: Path, listener: Listener
) -> KeywordsWritten:
    """Beside each file of a picture in `keywords` (by id). Every other keyword of a concept of these `names`
    (keys, of what it was called before, too) is taken away. Raises what a full disk raises."""
    done: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for number, (picture, place) in enumerate(files, 1):
        if number % REPORTED == 0:
            listener(number, None, "keywords")
        keyword, why = keywords.get(picture), _left_out(place, uploads)
        if why:
            left.update([why] if keyword else [])
            continue
        try:
            done[_write_one(Path(place), names, keyword)] += 1
        except DiscernError as error:
            left[str(error)] += 1
        except OSError as error:
            if is_refusal(error):
                raise refused(error, sidecar_of(Path(place))) from error
            left[f"can’t be written: {error.strerror or error}"] += 1
    return KeywordsWritten(
        written=done["written"], unchanged=done["unchanged"], removed=done["removed"], left_out=dict(left)
    )


def _write_one(picture: Path, names: Container[str], keyword: Keyword | None) -> str:
    """What was done: written, unchanged or removed; nothing where there was nothing to do."""
    file = sidecar_of(picture)
    if keyword is not None and not picture.exists():
        raise DiscernError("the file is gone")
    if keyword is None and not file.exists():
        return ""
    sidecar = Sidecar.read(file) if file.exists() else Sidecar.new()
    wanted = keyword.concept if keyword else ""
    gone = [one for one in sidecar.ours() if one != wanted and key_of(one) in names]
    for one in gone:
        sidecar.take(one)
    if not (keyword is not None and sidecar.put(keyword)) and not gone:
        return "" if keyword is None else "unchanged"
    if sidecar.is_ours_alone:
        file.unlink()
    else:
        sidecar.write(file)
    return "removed" if keyword is None else "written"


def copy_files(folder: Path, files: Files, *, link: bool, listener: Listener) -> FilesCopied:
    """Copies of these files, or links to them, under their names; a second of one name has a part of the
    picture's id in it. Raises `DiscernError` where the folder can't be written."""
    copied = there = 0
    left: Counter[str] = Counter()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, (picture, place) in enumerate(files, 1):
            if number % REPORTED == 0:
                listener(number, None, "files")
            if (why := _left_out(place)) or not Path(place).exists():
                left[why or "the file is gone"] += 1
                continue
            source = Path(place)
            names = [source.name, f"{source.stem}-{picture[:8]}{source.suffix}"]
            if any(_is_same(folder / name, source) for name in names):
                there += 1
                continue
            target = next((folder / name for name in names if not (folder / name).exists()), None)
            if target is None:
                left["another file of that name is there"] += 1
                continue
            if link:
                target.symlink_to(source.absolute())
            else:
                shutil.copy2(source, target)
            copied += 1
    except OSError as error:
        if is_refusal(error):
            raise refused(error, folder) from error
        raise DiscernError(f"{folder} can’t be written: {error.strerror or error}.") from error
    return FilesCopied(folder=str(folder), copied=copied, there=there, left_out=dict(left))


def _left_out(place: str, uploads: Path | None = None) -> str:
    if in_bucket(place):
        return "in a bucket"
    if archives.split(place) is not None:
        return "a frame of a video" if split(place) else "inside an archive"
    return (
        "uploaded here, not in a folder of yours" if uploads and Path(place).is_relative_to(uploads) else ""
    )


def _is_same(one: Path, other: Path) -> bool:
    """Whether it is there: a link to the other, or as long and as old."""
    if not one.exists():
        return False
    a, b = one.stat(), other.stat()
    return os.path.samestat(a, b) or (a.st_size, int(a.st_mtime)) == (b.st_size, int(b.st_mtime))
