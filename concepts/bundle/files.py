"""The files of a bundle, folder or zip. It may come from anyone: what is hostile is refused, and nothing is
extracted."""

from __future__ import annotations

import hashlib
import posixpath
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from concepts.bundle.checksums import BLOCK
from concepts.errors import DiscernError

FACTS_FILE = "head.json"
WEIGHTS_FILE = "head.safetensors"
CLASSIFIER_FILE = "classifier.onnx"
MOST_ZIP_BYTES = 2**30  # of which little is kept: an encoder may be in it
MOST_ZIP_FILES = 1000
MOST_UNPACKED = 2**31  # bytes that are read to compare checksums
LONGEST_REASON = 200  # characters; some quote what they found
# RuntimeError: the archive is encrypted.
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError)


class BundleFiles:
    """The bundle's own files by name. `sizes` are in bytes. `others` is all else that is there: each has a
    slash in its name, so none can have the name of a file."""

    def __init__(
        self,
        path: Path,
        sizes: Mapping[str, int],
        open_file: Callable[[str], IO[bytes]],
        others: Collection[str],
        inside: str = "",
    ) -> None:
        """`inside`: the bundle's folder in a zip, with a slash behind it."""
        self.path = path
        self.sizes = dict(sizes)
        self.others = sorted(set(others))
        self._open, self._inside = open_file, inside

    def read(self, name: str, most: int) -> bytes:
        """A whole file. Raises `DiscernError` where it is missing, larger than `most`, or can't be read."""
        if name not in self.sizes:
            raise damaged(self.path, f"{self._inside}{name} is missing")
        content = self.start_of(name, most + 1)
        if len(content) > most:
            raise damaged(self.path, f"{name} is larger than {most // 2**20} MB")
        return content

    def start_of(self, name: str, most: int) -> bytes:
        """At most so many bytes of a file that is there: the size in an archive's own table may be a lie."""
        try:
            with self._open(name) as stream:
                return stream.read(most)
        except BROKEN as error:
            raise damaged(self.path, f"{name} can't be read ({_reason(error)})") from error

    def sha256_of(self, name: str) -> str | None:
        """None where it can't be read to its end."""
        digest = hashlib.sha256()
        try:
            with self._open(name) as stream:
                while block := stream.read(BLOCK):
                    digest.update(block)
        except BROKEN:
            return None
        return digest.hexdigest()


@contextmanager
def opened(path: Path) -> Iterator[BundleFiles]:
    """Raises `DiscernError` where there is no bundle, and for one that is damaged or hostile."""
    if path.is_file():
        with _opened_zip(path) as found:
            yield _bounded(found)
    elif path.is_dir():
        try:
            entries = list(path.iterdir())
            files = {file.name: file for file in entries if file.is_file()}
            others = [f"{entry.name}/" for entry in entries if entry.name not in files]
            sizes = {name: file.stat().st_size for name, file in files.items()}
        except OSError as error:
            raise damaged(path, f"it can't be read ({_reason(error)})") from error
        yield _bounded(BundleFiles(path, sizes, lambda name: files[name].open("rb"), others))
    else:
        raise DiscernError(f"There is no bundle at {path}.")


def damaged(path: Path, problem: str) -> DiscernError:
    return DiscernError(f"{path} is not a usable bundle: {problem}. Export it again.")


def _bounded(files: BundleFiles) -> BundleFiles:
    if sum(files.sizes.values()) > MOST_UNPACKED:
        raise damaged(files.path, f"it unpacks to more than {MOST_UNPACKED // 2**20} MB")
    return files


@contextmanager
def _opened_zip(path: Path) -> Iterator[BundleFiles]:
    """The one bundle in the archive, at its top or in its only folder."""
    try:
        if path.stat().st_size > MOST_ZIP_BYTES:
            raise damaged(path, f"it is larger than {MOST_ZIP_BYTES // 2**20} MB")
        archive = zipfile.ZipFile(path)
    except BROKEN as error:
        raise damaged(path, f"it is not a readable zip archive ({_reason(error)})") from error
    with archive:
        names = _safe_names(archive, path)
        folders = {name.parent for name in names if name.name == FACTS_FILE}
        if len(folders) != 1:
            raise damaged(path, f"it must hold one {FACTS_FILE}, not {len(folders)}")
        folder = folders.pop()
        inside = "" if folder == PurePosixPath(".") else f"{folder}/"
        members = {
            PurePosixPath(member.filename).name: member
            for member in archive.infolist()
            if not member.is_dir() and PurePosixPath(member.filename).parent == folder
        }
        sizes = {name: member.file_size for name, member in members.items()}
        others = _others(archive, folder)
        yield BundleFiles(path, sizes, lambda name: archive.open(members[name]), others, inside)


def _others(archive: zipfile.ZipFile, folder: PurePosixPath) -> list[str]:
    """What is in an archive beside the files of its bundle: subfolders, and all that lies outside of it."""
    others = []
    for member in archive.infolist():
        name = PurePosixPath(member.filename)
        if folder in name.parents:
            within = name.relative_to(folder).parts
            if member.is_dir() or len(within) > 1:
                others.append(f"{within[0]}/")
        elif not member.is_dir() or name not in (folder, *folder.parents):
            others.append(posixpath.relpath(name, folder))  # begins with ../
    return others


def _safe_names(archive: zipfile.ZipFile, path: Path) -> list[PurePosixPath]:
    """Nothing is extracted, but a name that would leave the folder marks the whole archive as hostile."""
    members = archive.namelist()
    if len(members) > MOST_ZIP_FILES:
        raise damaged(path, f"it holds more than {MOST_ZIP_FILES} files")
    if any(
        member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        for member in archive.infolist()
    ):
        raise damaged(path, "it is compressed in an unusual way")
    if len({PurePosixPath(name) for name in members}) != len(members):
        raise damaged(path, "it holds two files of one name")
    for name in members:
        if name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/"):
            raise damaged(path, f"it holds the unsafe file name {name!r}")
    return [PurePosixPath(name) for name in members]


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)[:LONGEST_REASON]
