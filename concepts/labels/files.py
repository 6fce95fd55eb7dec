"""Label files: answers of people in and out, as CSV or JSONL."""

from __future__ import annotations

import csv
import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from concepts.errors import DiscernError
from storage.labels import Author, AuthorKind, LabelEvent, NewLabel, Value

Split = Literal["train", "evaluation"]

SPELLINGS: dict[str, Value] = {
    **dict.fromkeys(("yes", "y", "1", "1.0", "true", "positive"), "yes"),
    **dict.fromkeys(("no", "n", "0", "0.0", "false", "negative"), "no"),
    **dict.fromkeys(("unsure", "u", "?", "maybe"), "unsure"),
    **dict.fromkeys(("skip", "s"), "skip"),
}
LABEL_COLUMNS = ("id", "path", "label", "author", "author_kind", "split", "definition", "created", "comment")


@dataclass(frozen=True)
class LabelRow:
    """One usable row of a label file. `number` counts lines as an editor does, for messages."""

    number: int
    picture: str  # id or path as written
    value: Value
    author: Author | None
    split: Split | None
    comment: str


@dataclass(frozen=True)
class BadRow:
    number: int
    reason: str


@dataclass
class ImportReport:
    """What an import did. `kept_for_evaluation` rows asked to train but belong to the evaluation set,
    `kept_for_training` rows asked to be evaluation but they or near-duplicates have trained already."""

    imported: int = 0
    unchanged: int = 0
    kept_for_evaluation: int = 0
    kept_for_training: int = 0
    bad_rows: list[BadRow] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        rows = [{"row": row.number, "reason": row.reason} for row in self.bad_rows]
        return vars(self) | {"bad_rows": rows}


def read_label_file(path: Path, *, simulated: bool = False) -> Iterator[LabelRow | BadRow]:
    """Rows of a .csv or .jsonl with columns path or id, label, and perhaps author, split and comment.

    Raises `DiscernError` where the file can't be read or lacks a column; a bad row is returned as such.
    """
    rows = _jsonl_rows(path) if path.suffix.lower() in (".jsonl", ".ndjson") else _csv_rows(path)
    for number, row in rows:
        yield row if isinstance(row, BadRow) else _parse_row(number, row, simulated)


def _csv_rows(path: Path) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = [(name or "").strip().lower() for name in reader.fieldnames or ()]
            if "label" not in columns or not {"id", "path"} & set(columns):
                raise DiscernError(
                    f"{path.name} needs a column “label” and a column “path” or “id”. "
                    f"It has: {', '.join(columns) or 'nothing'}."
                )
            reader.fieldnames = columns
            for row in reader:
                yield reader.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DiscernError(f"{path} can't be read as CSV: {error}") from error


def _jsonl_rows(path: Path) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                try:
                    row = json.loads(line)
                except json.JSONDecodeError as error:
                    yield number, BadRow(number, f"not JSON: {error}")
                    continue
                yield number, row if isinstance(row, dict) else BadRow(number, "not a JSON object")
    except (OSError, UnicodeDecodeError) as error:
        raise DiscernError(f"{path} can't be read: {error}") from error


def _parse_row(number: int, row: dict[str, Any], simulated: bool) -> LabelRow | BadRow:
    text = {str(key): str(value).strip() for key, value in row.items() if value is not None}
    picture = text.get("id") or text.get("path", "")
    if not picture:
        return BadRow(number, "neither an id nor a path")
    label = text.get("label", "").casefold()
    if label not in SPELLINGS:
        return BadRow(number, f"label “{text.get('label', '')}” is none of yes, no, unsure, skip, 1, 0")
    kind = text.get("author_kind") or ("simulated" if simulated else "person")
    if kind == "annotator":
        return BadRow(number, "a machine's label; only what people said is imported")
    if kind not in ("person", "simulated"):
        return BadRow(number, f"author_kind “{kind}” is neither person nor simulated")
    split = text.get("split", "").casefold()
    if split not in ("", "train", "evaluation"):
        return BadRow(number, f"split “{split}” is neither train nor evaluation")
    checked_kind: AuthorKind = "simulated" if simulated or kind == "simulated" else "person"
    return LabelRow(
        number=number,
        picture=picture,
        value=SPELLINGS[label],
        author=Author(text["author"], checked_kind) if text.get("author") else None,
        split="evaluation" if split == "evaluation" else "train" if split == "train" else None,
        comment=text.get("comment", ""),
    )


def new_labels(
    rows: Sequence[tuple[LabelRow, str]], standing: Iterable[LabelEvent], default: Author, number: int
) -> tuple[list[NewLabel], int]:
    """Labels to append for (row, picture id) pairs, and how many rows say what stands already."""
    said = {(event.picture_id, event.author): event for event in standing}
    fresh: list[NewLabel] = []
    for row, picture_id in rows:
        author = row.author or default
        before = said.get((picture_id, author))
        if before and before.value == row.value and before.comment == row.comment:
            continue
        key = uuid.uuid4().hex
        fresh.append(NewLabel(key, picture_id, row.value, author, number, row.comment))
    return fresh, len(rows) - len(fresh)


def write_label_file(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """Writes rows with the columns `LABEL_COLUMNS` as .csv or .jsonl; returns how many."""
    count = 0
    jsonl = path.suffix.lower() in (".jsonl", ".ndjson")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, LABEL_COLUMNS)
            if not jsonl:
                writer.writeheader()
            for row in rows:
                count += 1
                file.write(json.dumps(row, ensure_ascii=False) + "\n") if jsonl else writer.writerow(row)
    except OSError as error:
        raise DiscernError(f"{path} can't be written: {error.strerror}.") from error
    return count
