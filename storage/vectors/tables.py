"""Where a table of vectors is, whose turn it is to write to it, and what its errors mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from storage import buckets
from storage.disk import obstacle
from storage.errors import DISK_FULL, NO_PERMISSION, READ_ONLY, DamagedIndexError, DiscernError, StorageError

BUSY = ("Cannot allocate memory", "Too many open files", "Input/output error")  # passes, and is no damage
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
        self._bucket, self._name = bucket, f"vectors-{fingerprint}"

    def __enter__(self) -> None:
        self._here.acquire()
        if self._bucket is not None and self._here.lock_counter == 1:
            try:
                self._everywhere = self._bucket.alone(self._name)
                self._everywhere.__enter__()
            except BaseException:
                self._here.release()
                raise

    def __exit__(self, *raised: object) -> None:
        try:
            if self._bucket is not None and self._here.lock_counter == 1:
                self._everywhere.__exit__(None, None, None)
        finally:
            self._here.release()


@contextmanager
def guarded(folder: Path, bucket: BucketTables | None, *, opening: bool = False) -> Iterator[None]:
    """Raises what LanceDB and Arrow say of a table as a `StorageError`: what keeps from using it (room,
    rights, a bucket), else `DamagedIndexError`. While a table is `opening` whatever they raise is damage."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit, DiscernError):
        raise
    except BaseException as error:  # a panic of LanceDB is no Exception
        from pyarrow import ArrowException  # not loaded for whoever reads the copy alone

        # LanceDB has no error classes of its own.
        is_panic = type(error).__name__ in ("RustPanic", "PanicException")
        of_storage = isinstance(error, OSError | RuntimeError | ValueError | ArrowException)
        if not (opening or of_storage or is_panic):
            raise
        reason = str(error) or type(error).__name__
        if bucket and (refusal := buckets.problem_of(reason, bucket.uri)) is not None:
            raise refusal from error
        if isinstance(error, MemoryError) and not isinstance(error, ArrowException):
            raise
        if any(sign in reason for sign in BUSY):
            raise StorageError(f"{folder} can't be read now ({reason[:200]}). Try again.") from error
        if any(sign in reason for sign in ("No space left", "File too large", "quota exceeded")):
            raise DISK_FULL(place=folder) from error
        if "Read-only file system" in reason:
            raise READ_ONLY(place=folder) from error
        if isinstance(error, PermissionError) or "Permission denied" in reason:
            raise NO_PERMISSION(place=folder) from error
        if (problem := obstacle(folder)) is not None:
            raise problem from error
        # Behind a comma LanceDB says where in its own code that was.
        reason = reason.splitlines()[0].partition(", /")[0][:200]
        raise DamagedIndexError(bucket.uri if bucket else folder, reason) from error
