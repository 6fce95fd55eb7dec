"""A folder for each answer with the pictures in it, as torchvision and many others take it; or a zip of that.

Only what people decided has a folder: a classifier of two classes is trained from it.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import ClassVar, Final

from concepts.errors import DiscernError
from concepts.labelling.formats.base import ANOTHER, LabelledPicture, Written
from concepts.labelling.rows import BadRow, RawRow
from concepts.registry import Method
from storage.buckets import in_bucket
from storage.disk import is_refusal, refused
from storage.errors import BadPictureError
from storage.files import write_whole
from storage.pictures import archives, sources
from storage.pictures.files import SkippedFile, has_picture_suffix
from storage.pictures.hashing import picture_id
from storage.pictures.videos import split

CLASSES: Final = ("yes", "no")


class ImageFolder:
    method: ClassVar[Method] = Method(
        "image-folder",
        "A folder a class with its pictures, as torchvision.datasets.ImageFolder takes it.",
        "pytorch.org, torchvision.datasets.ImageFolder",
        "",
        "reads the bytes of pictures that are no links; copies take their room",
    )
    suffix: ClassVar[str] = ""

    def recognises(self, path: Path) -> bool:
        return path.is_dir() or path.suffix.lower() == ".zip"

    def read(self, path: Path) -> Iterator[RawRow]:
        if not path.exists():
            raise DiscernError(f"There is no file or folder {path}. Check the spelling.")
        yield from _in_folder(path) if path.is_dir() else _in_archive(path)

    def write(self, out: Path, pictures: Iterable[LabelledPicture], *, copies: bool = False) -> Written:
        done = Written()
        try:
            for name in CLASSES:
                (out / name).mkdir(parents=True)
            for picture in pictures:
                label = picture.given or picture.label or picture.decision
                if label not in CLASSES and not picture.given:
                    done.leave_out("neither yes nor no")
                    continue
                (out / label).mkdir(exist_ok=True)  # of a grade or a class
                try:
                    _place(out / label / _name(picture), picture, copies)
                except BadPictureError as error:
                    done.leave_out(str(error).rstrip("."))
                    continue
                done.pictures += 1
        except OSError as error:
            if is_refusal(error):
                raise refused(error, out) from error
            raise DiscernError(f"{out} can't be written: {error.strerror or error}.") from error
        return done


def _in_folder(root: Path) -> Iterator[RawRow]:
    """Classes and their files in sorted order. A link stands for the file that it leads to, which isn't
    opened."""
    number = 0
    try:
        classes = sorted(entry.name for entry in os.scandir(root) if entry.is_dir() and entry.name[0] != ".")
    except OSError as error:
        raise DiscernError(f"{root} can't be read: {error.strerror or error}.") from error
    for name in classes:
        for folder, inner, files in os.walk(root / name):
            inner.sort()
            for file in sorted(files):
                place = Path(folder) / file
                if file.startswith(".") or not has_picture_suffix(file):
                    continue
                number += 1
                if place.is_symlink():
                    yield number, {"path": os.path.realpath(place), "label": name}
                    continue
                try:
                    known = picture_id(sources.read(str(place)))
                except BadPictureError as error:
                    yield number, BadRow(number, f"{_shown(file)}: {_bare(error)}")
                    continue
                yield number, {"id": known, "label": name}


def _in_archive(path: Path) -> Iterator[RawRow]:
    try:
        if not zipfile.is_zipfile(path):
            raise DiscernError(f"{path.name} is no zip archive. {ANOTHER}")
        found = list(archives.members(str(path)))
    except OSError as error:
        raise DiscernError(f"{path} can't be read: {error.strerror or error}.") from error
    begin = len(f"{path}!/")
    names = [PurePosixPath(item.uri[begin:]).parts for item in found]
    wrapped = len({parts[0] for parts in names if parts}) == 1 and all(len(parts) > 2 for parts in names)
    for number, (item, parts) in enumerate(zip(found, names, strict=True), start=1):
        inside = parts[1:] if wrapped else parts
        if isinstance(item, SkippedFile):
            yield number, BadRow(number, _bare(item.message))
        elif len(inside) < 2:
            yield number, BadRow(number, f"{_shown(parts[-1])} is in no folder, which would be its label")
        else:
            try:
                known = picture_id(archives.read_member(str(path), item.uri[begin:]))
            except (BadPictureError, OSError) as error:
                yield number, BadRow(number, f"{_shown(parts[-1])}: {_bare(error)}")
                continue
            yield number, {"id": known, "label": inside[0]}


def _place(at: Path, picture: LabelledPicture, copies: bool) -> None:
    """A link where that can be, else the bytes that the library knows. Raises `BadPictureError`."""
    if not copies and not in_bucket(picture.file) and archives.split(picture.file) is None:
        if not Path(picture.file).is_file():
            raise BadPictureError("missing", "The file does not exist any more.")
        at.symlink_to(picture.file)
        return
    data = sources.read(picture.file)
    if picture_id(data) != picture.id:
        raise BadPictureError("changed", "The file has changed since it was added.")
    write_whole(at, data)


def _name(picture: LabelledPicture) -> str:
    """As the file is called, and the start of its id: other folders may have one of the same name."""
    frame = f"{picture.path.replace('!/', ' ').replace(':', '.')}.jpg"  # of a video
    name = PurePosixPath(frame if split(picture.path) else picture.path)
    kept = name.stem.encode()[:100].decode("utf-8", "ignore")
    return f"{kept}-{picture.id[:10]}{name.suffix.lower()}"


def _bare(why: object) -> str:
    return str(why).rstrip(".")


def _shown(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in name)[:80]
