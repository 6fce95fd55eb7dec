"""Tables of labels: CSV with a first line of names, or JSON objects a line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from concepts.errors import DiscernError


def rows_of(file: Path, *needed: str) -> list[dict[str, str]]:
    """Raises `DiscernError` where it can't be read or has no column of a name that is needed."""
    try:
        rows = _rows(file)
    except (OSError, ValueError, RecursionError, csv.Error) as error:
        raise DiscernError(f"{file} can't be read: {error}.") from error
    columns = {key for row in rows for key in row}
    for name in needed:
        if name not in columns:
            raise DiscernError(f"{file} has no column {name}.")
    return rows


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8-sig") as stream:
        if file.suffix == ".csv":
            return [{k: v or "" for k, v in row.items() if k is not None} for row in csv.DictReader(stream)]
        found = [json.loads(line) for line in stream if line.strip()]
    if not all(isinstance(row, dict) for row in found):
        raise ValueError("a line is no JSON object")
    return [{str(key): str(value) for key, value in row.items()} for row in found]
