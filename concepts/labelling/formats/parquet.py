"""Rows of a Parquet file from a stranger, in flat memory."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from concepts.errors import DiscernError
from concepts.labelling.formats.base import first_line

ROWS_AT_ONCE: Final = 1024
MOST_COLUMNS: Final = 200
_DAMAGE: Final = (pa.ArrowException, OSError, UnicodeError, OverflowError, ValueError)


def columns_in(path: Path) -> list[str]:
    """The names of its columns; none where it is no Parquet file."""
    try:
        return list(pq.read_schema(path).names)
    except _DAMAGE:
        return []


def schema_of(path: Path) -> pa.Schema:
    """Raises `DiscernError`."""
    with _in_words(path):
        schema = pq.read_schema(path)
    if len(schema.names) > MOST_COLUMNS:
        raise DiscernError(f"{path.name} has {len(schema.names):,} columns; at most {MOST_COLUMNS} are read.")
    return schema


def rows_in(path: Path, columns: Collection[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows, from 1, with these columns alone. Raises `DiscernError`."""
    number = 0
    with _in_words(path), pq.ParquetFile(path) as file:
        batches = file.iter_batches(batch_size=ROWS_AT_ONCE, columns=list(columns))
        while (batch := next(batches, None)) is not None:
            rows = batch.to_pylist()
            for row in rows:
                number += 1
                yield number, row


def class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """Column → the names of its classes, as the `datasets` library keeps them in the file's metadata."""
    try:
        info = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = info["info"]["features"]
        found = {
            name: feature["names"]
            for name, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return {name: list(map(str, names)) for name, names in found.items() if isinstance(names, list)}


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise DiscernError(f"There is no file {path}. Check the spelling.") from error
    except _DAMAGE as error:
        raise DiscernError(f"{path.name} can't be read as Parquet: {first_line(error)}.") from error
