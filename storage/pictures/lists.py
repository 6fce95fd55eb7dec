"""Lists of picture files: the path column of a CSV, JSONL or Parquet file, row by row."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from storage.csv_files import delimiter_of, encoding_of, restored
from storage.errors import DiscernError

PATH_COLUMNS: Final = ("path", "file", "filename", "image")
_BATCH_ROWS: Final = 4096

# Row number as a person counts (the first is 1), and the path; None where the row can't be read.
ListedRows = Iterator[tuple[int, str | None]]


def paths_in(path: Path) -> ListedRows:
    """The paths as written in the list. The header is read at once, the rows as they are asked for.

    Raises `DiscernError` where the list can't be read or has none of `PATH_COLUMNS`.
    """
    try:
        return READERS[path.suffix.lower()](path)
    except OSError as error:
        raise DiscernError(f"The list {path} can't be read: {error.strerror or error}.") from error


def _path_column(path: Path, columns: Sequence[str]) -> str:
    by_name = {column.strip().lower(): column for column in reversed(columns)}
    for name in PATH_COLUMNS:
        if name in by_name:
            return by_name[name]
    found = ", ".join(columns) or "none"
    raise DiscernError(
        f"The list {path} has no column called {', '.join(PATH_COLUMNS[:-1])} or {PATH_COLUMNS[-1]} "
        f"(columns found: {found}). Rename the one that holds the paths."
    )


def _csv(path: Path) -> ListedRows:
    try:
        encoding = encoding_of(path)
    except UnicodeError as error:
        raise DiscernError(f"The list {path} is not UTF-8. Save it as “CSV UTF-8”.") from error
    # surrogateescape: names that are not UTF-8 still name their files, as everywhere in Python.
    errors = "surrogateescape" if encoding == "utf-8-sig" else "replace"
    file = path.open(encoding=encoding, errors=errors, newline="")
    try:
        mark, _ = delimiter_of(file, lambda columns: any(name in columns for name in PATH_COLUMNS))
        rows = csv.reader(file, delimiter=mark)
        header = next(rows, [])
        column = header.index(_path_column(path, header))
    except BaseException as error:
        file.close()
        if isinstance(error, csv.Error):
            raise DiscernError(f"The list {path} is not a CSV file: {error}.") from error
        raise

    def read() -> ListedRows:
        number = 0
        with file:
            while True:
                number += 1
                try:
                    row = next(rows)
                except StopIteration:
                    return
                except csv.Error:
                    yield number, None
                    continue
                if row:  # an empty line is no row
                    yield number, restored(row[column]) if column < len(row) else None

    return read()


def _jsonl(path: Path) -> ListedRows:
    with path.open("rb") as file:
        first = next((line for line in file if line.strip()), b"{}")
    keys = _json_object(first)
    if keys is None:
        raise DiscernError(f"The list {path} is not JSONL: its first line is not a JSON object.")
    column = _path_column(path, list(keys))

    def read() -> ListedRows:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    value = (_json_object(line) or {}).get(column)
                    yield number, value if isinstance(value, str) else None

    return read()


def _json_object(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _parquet(path: Path) -> ListedRows:
    import pyarrow as pa
    import pyarrow.parquet as pq

    damage = (pa.ArrowException, OSError, UnicodeError)  # pyarrow says OSError of broken contents, too
    try:
        table = pq.ParquetFile(path)
        names = table.schema_arrow.names
    except damage as error:
        raise DiscernError(f"The list {path} is not a Parquet file: {_first_line(error)}") from error
    column = _path_column(path, names)
    kind = table.schema_arrow.field(column).type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        raise DiscernError(f"Column {column} of the list {path} holds {kind}, not paths.")

    def read() -> ListedRows:
        number = 0
        with table:
            batches = table.iter_batches(batch_size=_BATCH_ROWS, columns=[column])
            while True:
                try:
                    batch = next(batches, None)
                    values = [] if batch is None else batch.column(0).to_pylist()
                except damage as error:
                    said = f"The list {path} is damaged after row {number:,}: {_first_line(error)}"
                    raise DiscernError(said) from error
                if batch is None:
                    return
                for value in values:
                    number += 1
                    yield number, value

    return read()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


READERS: Final[dict[str, Callable[[Path], ListedRows]]] = {
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".parquet": _parquet,
}
