"""Which column of a table is what, where its headings are other words than those that are read."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from concepts.errors import DiscernError
from concepts.labelling.formats.base import Format
from concepts.labelling.rows import BadRow
from storage.csv_files import delimiter_of, encoding_of

OURS = ("path", "id", "label", "author", "comment", "split", "created")
FIRST = 5  # rows that are shown
LONGEST = 200  # characters of a value, as it is shown


def columns_given(pairs: Iterable[str]) -> dict[str, str]:
    """OURS=THEIRS each, such as label=category; ours → theirs in lower case. Raises `DiscernError`."""
    found: dict[str, str] = {}
    for pair in pairs:
        ours, _, theirs = pair.partition("=")
        if ours.strip() not in OURS or not theirs.strip():
            raise DiscernError(
                f"“{pair[:LONGEST]}” says of no column what it is: write {'|'.join(OURS)}=HEADING."
            )
        found[ours.strip()] = theirs.strip().lower()
    return found


@contextmanager
def with_columns(file: Path, columns: Mapping[str, str]) -> Iterator[Path]:
    """The file, or where `columns` (ours → theirs) are given a copy of the table with our headings. A column
    that has one of these headings and was not meant keeps its values under another one."""
    if not columns:
        yield file
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / (file.stem + ".csv")
        try:
            _rename(file, columns, copy)
        except (UnicodeError, csv.Error, OSError) as error:
            raise DiscernError(f"{file.name} can't be read as a table: {error}.") from error
        yield copy


def first_rows(format: Format, file: Path) -> list[dict[str, str]]:
    """The first rows as they are read, without what is empty."""
    rows = (row for _, row in islice(format.read(file), FIRST) if not isinstance(row, BadRow))
    return [_shown(row) for row in rows]


def _rename(file: Path, columns: Mapping[str, str], copy: Path) -> None:
    with file.open(newline="", encoding=encoding_of(file)) as source:
        delimiter, theirs = delimiter_of(source, lambda found: set(columns.values()) <= set(found))
        if missing := set(columns.values()) - set(theirs):
            raise DiscernError(
                f"{file.name} has no column “{sorted(missing)[0][:LONGEST]}”. "
                f"It has: {', '.join(theirs)[:1000] or 'nothing'}."
            )
        meant = {heading: ours for ours, heading in columns.items()}
        headings = [meant.get(h, f"{h} of the file" if h in columns else h) for h in theirs]
        with copy.open("w", newline="", encoding="utf-8") as target:
            writer = csv.writer(target)
            rows = csv.reader(source, delimiter=delimiter)
            next(rows, None)
            writer.writerow(headings)
            writer.writerows(rows)


def _shown(row: Mapping[str, Any]) -> dict[str, str]:
    return {str(key): str(value)[:LONGEST] for key, value in row.items() if key and value not in (None, "")}
