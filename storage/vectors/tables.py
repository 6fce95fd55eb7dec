"""Where a table of vectors is, and whose turn it is to write to it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from storage import buckets

LANCE = ".lance"  # what LanceDB calls the folder of a table


@dataclass(frozen=True)
class BucketTables:
    """Tables in a folder of a bucket, which several computers may read and write. The copies that are read
    are on each of them."""

    uri: str
    alone: Callable[[str], AbstractContextManager[None]]  # holds off all others that give the same name

    def has(self, fingerprint: str) -> bool:
        # Not whether there is a folder: an empty one may be left of a table that was removed.
        return next(buckets.entries(f"{self.uri}/{fingerprint}{LANCE}/_versions"), None) is not None

    def fingerprints(self) -> list[str]:
        names = (entry.uri.rpartition("/")[2] for entry in buckets.entries(self.uri) if entry.is_folder)
        found = (name.removesuffix(LANCE) for name in names if name.endswith(LANCE))
        return sorted(fingerprint for fingerprint in found if self.has(fingerprint))

    def bytes_of(self, fingerprint: str) -> int:
        return sum(entry.size for entry in buckets.entries(f"{self.uri}/{fingerprint}{LANCE}", below=True))

    def remove(self, fingerprint: str) -> None:
        buckets.delete_folder(f"{self.uri}/{fingerprint}{LANCE}")


class WritersTurn:
    """Held by one thread of one process at a time, of this computer and, for a table in a bucket, of all; who
    has it may begin it again inside."""

    def __init__(self, folder: Path, fingerprint: str, bucket: BucketTables | None) -> None:
        self._here = FileLock(folder / f"{fingerprint}.lock")
        self._everywhere = None if bucket is None else lambda: bucket.alone(f"vectors-{fingerprint}")
        self._mine = threading.local()

    def __enter__(self) -> None:
        self._here.acquire()
        depth = getattr(self._mine, "depth", 0)
        if self._everywhere is not None and not depth:
            held = self._everywhere()
            try:
                held.__enter__()
            except BaseException:
                self._here.release()
                raise
            self._mine.held = held
        self._mine.depth = depth + 1

    def __exit__(self, *raised: object) -> None:
        self._mine.depth -= 1
        try:
            if self._everywhere is not None and not self._mine.depth:
                self._mine.held.__exit__(None, None, None)
        finally:
            self._here.release()
