"""Label files of this project: CSV and JSONL, a row an answer."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Final, TextIO

from concepts.errors import DiscernError, UnknownColumnsError
from concepts.labelling.formats.base import LabelledPicture, Written, told, why_no_json
from concepts.labelling.rows import LABEL_COLUMNS, BadRow, RawRow
from concepts.registry import Method
from storage.csv_files import delimiter_of, encoding_of, escaped_row, restored

JSONL: Final = (".jsonl", ".ndjson")
LONGEST_LINE: Final = 1_000_000  # characters
FIRST_ROWS: Final = 5  # by which somebody can tell what a column is
SCORE_COLUMNS: Final = ("score", "decision", "version")


class _Table:
    def write(self, out: Path, pictures: Iterable[LabelledPicture], *, copies: bool = False) -> Written:
        done = Written()

        def rows() -> Iterator[dict[str, Any]]:
            for picture in pictures:
                done.pictures += 1
                place = {"id": picture.id, "path": picture.path}
                score = {"score": picture.score, "decision": picture.decision, "version": picture.version}
                if not picture.answers:
                    yield dict.fromkeys(LABEL_COLUMNS, "") | place | score
                for answer in picture.answers:
                    said = {"label": answer.value, "author": answer.author, "author_kind": answer.author_kind}
                    about = {"split": answer.split, "created": answer.created, "comment": answer.comment}
                    yield dict.fromkeys(LABEL_COLUMNS, "") | place | said | about | score

        write_label_file(out, rows(), (*LABEL_COLUMNS, *SCORE_COLUMNS))
        return done


class Csv(_Table):
    method: ClassVar[Method] = Method("csv", "A table with a row per label, for spreadsheets.", "RFC 4180")
    suffix: ClassVar[str] = ".csv"

    def __init__(self, columns: Mapping[str, str] | None = None) -> None:
        """`columns`: our heading → that of the files to read."""
        self._columns = columns or {}

    def read(self, path: Path) -> Iterator[RawRow]:
        return _in_words(path, csv_rows(path, self._columns))

    def recognises(self, path: Path) -> bool:
        return path.suffix.lower() in (".csv", ".tsv", ".txt")


class Jsonl(_Table):
    method: ClassVar[Method] = Method("jsonl", "The same as JSON, an object per line.", "jsonlines.org")
    suffix: ClassVar[str] = ".jsonl"

    def read(self, path: Path) -> Iterator[RawRow]:
        return _in_words(path, jsonl_rows(path))

    def recognises(self, path: Path) -> bool:
        return path.suffix.lower() in JSONL


def _in_words(path: Path, rows: Iterator[RawRow]) -> Iterator[RawRow]:
    """Raises `DiscernError` where the rows can't be read."""
    number = 0
    try:
        with told(path):
            for number, row in rows:
                yield number, row
    except UnicodeError as error:
        raise DiscernError(
            f"{path.name} is not UTF-8 (somewhere behind line {number}). In Excel save it as “CSV "
            "UTF-8”; elsewhere, if it comes from Windows: iconv -f CP1252 -t UTF-8 OLD.csv > NEW.csv."
        ) from error
    except csv.Error as error:
        raise DiscernError(f"{path.name} is no CSV file: {error} (behind line {number}).") from error


def csv_rows(path: Path, meant: Mapping[str, str]) -> Iterator[RawRow]:
    """A column that has one of the headings that are `meant` otherwise keeps its values under another one."""
    with path.open(newline="", encoding=encoding_of(path)) as file:
        wanted = set(meant.values())
        delimiter, columns = delimiter_of(file, wanted.issubset if meant else _has_the_columns)
        if missing := sorted(wanted.difference(columns)):
            has = ", ".join(columns)[:1000] or "nothing"
            raise DiscernError(f"{path.name} has no column “{missing[0][:200]}”. It has: {has}.")
        ours = {heading: name for name, heading in meant.items()}
        columns = [ours.get(name, f"{name} of the file" if name in meant else name) for name in columns]
        if not _has_the_columns(columns):
            lines = csv.reader(_short_lines(file), delimiter=delimiter)
            next(lines, None)
            first = list(islice(lines, FIRST_ROWS))
            examples = [[row[place] for row in first if place < len(row)] for place in range(len(columns))]
            raise UnknownColumnsError(path.name, list(zip(columns, examples, strict=True)))
        reader = csv.DictReader(_short_lines(file), columns, delimiter=delimiter)
        next(reader)  # the header itself
        for row in reader:
            yield (
                reader.line_num,
                {name: restored(text) if isinstance(text, str) else text for name, text in row.items()},
            )


def _short_lines(file: TextIO) -> Iterator[str]:
    """Its lines, of which each has an end: parsed it takes many times as much. Raises `DiscernError`."""
    while line := file.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise DiscernError(f"{Path(file.name).name} has a line of more than {LONGEST_LINE:,} characters.")
        yield line


def _has_the_columns(columns: Sequence[str]) -> bool:
    return bool({"label", "caption"} & set(columns)) and bool({"id", "path"} & set(columns))


def jsonl_rows(path: Path) -> Iterator[RawRow]:
    with path.open(encoding=encoding_of(path)) as file:
        for number, line in enumerate(_short_lines(file), start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, BadRow(number, why_no_json(error))
                continue
            yield number, row if isinstance(row, dict) else BadRow(number, "not a JSON object")


def write_label_file(
    path: Path, rows: Iterable[dict[str, Any]], columns: Sequence[str] = LABEL_COLUMNS, mode: str = "w"
) -> int:
    """Writes rows with these columns as .csv or .jsonl; returns how many. With mode "x" a file that is there
    already is left alone. Raises `DiscernError`."""
    count = 0
    jsonl = path.suffix.lower() in JSONL
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode, newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            if not jsonl:
                writer.writeheader()
            for row in rows:
                count += 1
                if jsonl:
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
                else:
                    writer.writerow(escaped_row(row))
    except FileExistsError as error:
        raise DiscernError(
            f"{path} is there already. Import what is in it first, or choose another name."
        ) from error
    except OSError as error:
        raise DiscernError(f"{path} can't be written: {error.strerror}.") from error
    return count
