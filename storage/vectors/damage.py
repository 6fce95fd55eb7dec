"""What LanceDB and Arrow say of a table, told apart: damage, and what keeps from using it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from storage import buckets
from storage.disk import obstacle
from storage.errors import (
    DamagedIndexError,
    DiscernError,
    DiskFullError,
    NoPermissionError,
    ReadOnlyError,
    StorageError,
)
from storage.vectors.tables import BucketTables

BUSY = ("Cannot allocate memory", "Too many open files", "Input/output error")  # passes, and is no damage


@contextmanager
def guarded(folder: Path, bucket: BucketTables | None, *, opening: bool = False) -> Iterator[None]:
    """Raises what LanceDB and Arrow say of a table as a `StorageError`: what keeps from using it (room,
    rights, a bucket), else `DamagedIndexError`. While a table is `opening` whatever they raise is damage."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit, DiscernError):
        raise
    except BaseException as error:  # a panic of LanceDB is no Exception
        if not (opening or _is_of_storage(error)):
            raise
        reason = str(error) or type(error).__name__
        if bucket and (refusal := buckets.problem_of(reason, bucket.uri)) is not None:
            raise refusal from error
        if isinstance(error, MemoryError) and not isinstance(error, pa.ArrowException):
            raise
        if any(sign in reason for sign in BUSY):
            raise StorageError(f"{folder} can't be read now ({reason[:200]}). Try again.") from error
        if any(sign in reason for sign in ("No space left", "File too large", "quota exceeded")):
            raise DiskFullError(folder) from error
        if "Read-only file system" in reason:
            raise ReadOnlyError(folder) from error
        if isinstance(error, PermissionError) or "Permission denied" in reason:
            raise NoPermissionError(folder) from error
        if (problem := obstacle(folder)) is not None:
            raise problem from error
        # Behind a comma LanceDB says where in its own code that was.
        reason = reason.splitlines()[0].partition(", /")[0][:200]
        raise DamagedIndexError(bucket.uri if bucket else folder, reason) from error


def _is_of_storage(error: BaseException) -> bool:
    """LanceDB has no error classes of its own: damage is an error of the system, of Arrow, of a value that
    can't be, or a Rust panic."""
    return isinstance(error, OSError | RuntimeError | ValueError | pa.ArrowException) or type(
        error
    ).__name__ in ("RustPanic", "PanicException")
