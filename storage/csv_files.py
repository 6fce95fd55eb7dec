"""Text and CSV files as spreadsheet programs save them: which encoding, which delimiter."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TextIO

# Longest first: UTF-32's mark begins with UTF-16's.
MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),  # Excel's “Unicode text”
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LONGEST_HEADER: Final = 100_000  # characters
DELIMITERS: Final = (",", ";", "\t")  # Excel writes ; where numbers have a decimal comma


# What a spreadsheet program takes for a formula when it opens a CSV file (OWASP, CSV injection).
FORMULA: Final = r"'*[=+\-@\t\r\n]"
FORMULA_BEGINS: Final = tuple("'=+-@\t\r\n")  # what has none of these first is none
_FORMULA: Final = re.compile(FORMULA)


def escaped(text: str) -> str:
    """With an apostrophe before what would be a formula, which spreadsheet programs take for plain text."""
    return f"'{text}" if _FORMULA.match(text) else text


def restored(text: str) -> str:
    """What was `escaped`. Text that never was begins so only where a person wrote an apostrophe before a
    formula, for the same reason."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def escaped_row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: escaped(value) if isinstance(value, str) else value for name, value in row.items()}


def encoding_of(path: Path) -> str:
    """By the mark at its beginning; UTF-8 where there is none. Others can't be told apart safely.

    Raises `UnicodeError` where it can't be UTF-8, and `OSError`.
    """
    with path.open("rb") as file:
        start = file.read(4)
    marked = next((name for mark, name in MARKS if start.startswith(mark)), None)
    if marked is None and b"\0" in start:
        raise UnicodeError("UTF-16 without its mark")
    return marked or "utf-8-sig"


def delimiter_of(file: TextIO, is_header: Callable[[Sequence[str]], bool]) -> tuple[str, list[str]]:
    """The delimiter that makes the first line a header, and its columns in lower case; else the one that
    finds most columns. The file is read from its beginning and left there. Raises `csv.Error`."""
    file.seek(0)
    first = file.readline(LONGEST_HEADER + 1)
    if len(first) > LONGEST_HEADER:
        raise csv.Error(f"its first line has more than {LONGEST_HEADER:,} characters")
    file.seek(0)
    found = [(mark, _columns(first, mark)) for mark in DELIMITERS]
    headers = [(mark, columns) for mark, columns in found if is_header(columns)]
    return headers[0] if headers else max(found, key=lambda pair: len(pair[1]))


def _columns(line: str, delimiter: str) -> list[str]:
    return [name.strip().lower() for name in next(csv.reader([line], delimiter=delimiter), [])]
