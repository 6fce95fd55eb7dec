"""Files that have to be read whole, read in a process of their own: a file of some kilobytes may unpack to
anything, and that takes the memory and time of that process alone.

`python -m concepts.labelling.formats.apart FORMAT FILE MOST` prints a JSON line for each row, [number,
columns] or [number, why it is bad], and where it is no file of that format, or has more rows, a line that
says why.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from concepts.errors import DiscernError
from concepts.labelling.formats import FORMATS, base
from concepts.labelling.formats.base import TOO_MUCH, Format, check_rows, require_readable, told
from concepts.labelling.formats.tables import Csv, Jsonl
from concepts.labelling.rows import BadRow, RawRow

LITTLE: Final = 64 * 1024  # bytes of a JSON file, from which nothing large comes
OF_JSON: Final = ("coco", "fiftyone", "label-studio")
SMALL: Final = 50 * 1000**2  # bytes of a file
MEMORY: Final = 768 * 1024**2  # bytes for a small one, and
MEMORY_PER_BYTE: Final = 12  # for each byte more
SECONDS: Final = 60  # of a processor, and
SECONDS_PER_BYTE: Final = 1e-6
OUT_OF_MEMORY: Final = 3  # how a process ends that took too much
LONGEST_ROW: Final = 256 * 1024  # characters, as JSON
ROWS: Final = 256 * 1024**2  # bytes of all rows, as JSON, and
ROWS_PER_BYTE: Final = 4  # for each byte of a file, which may have one text stand for many


def rows_of(found: Format, path: Path, *, any_number: bool = False) -> Iterator[RawRow]:
    """The rows of a file or folder in this format. Raises `DiscernError`, also where it has too many: unless
    it may have `any_number`, as where its owner says so by command."""
    require_readable(path)
    most = sys.maxsize if any_number else base.MOST_ROWS
    streams = isinstance(found, Csv | Jsonl) or not path.is_file()
    if streams and path.is_file():
        with told(path), path.open("rb") as file:
            lines = sum(piece.count(b"\n") for piece in iter(partial(file.read, 1024**2), b""))
        if lines > most:  # a value may have several
            deque(_counted(found.read(path), path, most), maxlen=0)  # before anything is made of the first
    here = streams or (found.method.name in OF_JSON and path.stat().st_size <= LITTLE)
    rows = found.read(path) if here else _read_apart(found.method.name, path, most)
    yield from _counted(rows, path, most)


def _counted(rows: Iterator[RawRow], path: Path, most: int) -> Iterator[RawRow]:
    for count, row in enumerate(rows, start=1):
        check_rows(count, path, most)
        yield row


def _read_apart(name: str, path: Path, most: int) -> Iterator[RawRow]:
    command = [sys.executable, "-P", "-m", __name__, name, str(path.absolute()), str(most)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    left = most if most == sys.maxsize else ROWS + ROWS_PER_BYTE * path.stat().st_size
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as child:
        assert child.stdout is not None
        try:
            for line in child.stdout:
                left -= len(line)
                if left < 0:
                    break
                said = json.loads(line)
                if isinstance(said, str):
                    raise DiscernError(said)
                number, row = said
                yield number, BadRow(number, row) if isinstance(row, str) else row
            if left < 0 or (code := child.wait()) == OUT_OF_MEMORY or code < 0:  # or by a signal
                raise DiscernError(f"{path.name} {TOO_MUCH}")
            if code != 0:
                raise DiscernError(f"{path.name} can't be read as {name}. Export it again.")
        finally:
            child.kill()


def _print_rows(name: str, path: Path) -> None:
    try:
        for number, row in FORMATS[name]().read(path):
            said: Any = f"it has more than {LONGEST_ROW // 1024} kB"
            if isinstance(row, BadRow):
                said = row.reason
            elif sum(len(value) for value in row.values() if isinstance(value, str)) <= LONGEST_ROW:
                said = row  # others may hold one text of megabytes, a million times
            print(json.dumps([number, said], default=lambda value: None))
    except DiscernError as error:
        print(json.dumps(str(error)))


def _bound(size: int) -> None:
    """What this process may take, where the system has such limits; others come first."""
    try:
        import resource  # no Windows has it
    except ImportError:
        return
    memory = int(MEMORY + MEMORY_PER_BYTE * max(size - SMALL, 0))
    seconds = int(SECONDS + SECONDS_PER_BYTE * size)
    for what, most in ((resource.RLIMIT_DATA, memory), (resource.RLIMIT_CPU, seconds)):
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)  # nobody may raise it again
        resource.setrlimit(what, (most, most))
    os.nice(10)


if __name__ == "__main__":
    _bound(Path(sys.argv[2]).stat().st_size)
    base.MOST_ROWS = int(sys.argv[3])
    try:
        _print_rows(sys.argv[1], Path(sys.argv[2]))
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)
