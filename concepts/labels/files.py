"""Label files: answers of people in and out, as CSV or JSONL."""

from __future__ import annotations

import csv
import json
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from concepts.errors import DiscernError
from storage.csv_files import delimiter_of, encoding_of, escaped_row, restored
from storage.labels import Author, AuthorKind, LabelEvent, NewLabel, Value

Split = Literal["train", "evaluation"]

SPELLINGS: dict[str, Value] = {
    **dict.fromkeys(("yes", "y", "1", "1.0", "true", "positive"), "yes"),
    **dict.fromkeys(("no", "n", "0", "0.0", "false", "negative"), "no"),
    **dict.fromkeys(("unsure", "u", "?", "maybe"), "unsure"),
    **dict.fromkeys(("skip", "s"), "skip"),
}
LONGEST_AUTHOR = 200
QUESTION_COLUMNS = ("path", "id", "label", "comment", "split", "reason", "repeat")  # of a file to be filled
LABEL_COLUMNS = (
    "id", "path", "label", "author", "author_kind", "split", "definition", "created", "comment",
    "recorded_by", "in_view",
)  # fmt: skip


@dataclass(frozen=True)
class LabelRow:
    """One usable row of a label file. `number` counts lines as an editor does, for messages."""

    number: int
    picture: str  # id or path as written
    value: Value
    author: Author | None
    split: Split | None
    comment: str
    in_view: bool = False  # given with what the machine says beside the picture: it measures nothing
    repeat: bool = False  # asked a second time


@dataclass(frozen=True)
class BadRow:
    number: int
    reason: str


@dataclass(frozen=True)
class OpenRow:
    """A row with a picture and no answer yet, as a file that is being filled has them."""

    number: int


Row = LabelRow | OpenRow | BadRow


@dataclass
class ImportReport:
    """What an import did. `unanswered` rows have no answer yet, `kept_for_evaluation` rows asked to train but
    belong to the evaluation set, `kept_for_training` rows asked to be evaluation but they or near-duplicates
    have trained already."""

    imported: int = 0
    unchanged: int = 0
    unanswered: int = 0
    kept_for_evaluation: int = 0
    kept_for_training: int = 0
    bad_rows: list[BadRow] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        rows = [{"row": row.number, "reason": row.reason} for row in self.bad_rows]
        return vars(self) | {"bad_rows": rows}


def read_label_file(path: Path, *, simulated: bool = False) -> Iterator[Row]:
    """Rows of a .csv or .jsonl with columns path or id, label, and perhaps author, split and comment.

    Raises `DiscernError` where the file can't be read or lacks a column; a bad row is returned as such.
    """
    rows = _jsonl_rows if path.suffix.lower() in (".jsonl", ".ndjson") else _csv_rows
    number = 0
    try:
        for number, row in rows(path):
            yield row if isinstance(row, BadRow) else _parse_row(number, row, simulated)
    except FileNotFoundError as error:
        raise DiscernError(f"There is no file {path}. Check the spelling.") from error
    except UnicodeError as error:
        raise DiscernError(
            f"{path.name} is not UTF-8 (somewhere behind line {number}). In Excel save it as “CSV UTF-8”; "
            "elsewhere, if it comes from Windows: iconv -f CP1252 -t UTF-8 OLD.csv > NEW.csv."
        ) from error
    except OSError as error:
        raise DiscernError(f"{path} can't be read: {error.strerror or error}.") from error
    except csv.Error as error:
        raise DiscernError(f"{path.name} is no CSV file: {error} (behind line {number}).") from error


def _csv_rows(path: Path) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
    with path.open(newline="", encoding=encoding_of(path)) as file:
        delimiter, columns = delimiter_of(file, _has_the_columns)
        if not _has_the_columns(columns):
            raise DiscernError(
                f"{path.name} needs a column “label” and a column “path” or “id”. "
                f"It has: {', '.join(columns) or 'nothing'}."
            )
        reader = csv.DictReader(file, columns, delimiter=delimiter)
        next(reader)  # the header itself
        for row in reader:
            yield (
                reader.line_num,
                {name: restored(text) if isinstance(text, str) else text for name, text in row.items()},
            )


def _has_the_columns(columns: Sequence[str]) -> bool:
    return "label" in columns and bool({"id", "path"} & set(columns))


def _jsonl_rows(path: Path) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
    with path.open(encoding=encoding_of(path)) as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, BadRow(number, f"not JSON: {error}")
                continue
            yield number, row if isinstance(row, dict) else BadRow(number, "not a JSON object")


def _parse_row(number: int, row: dict[str, Any], simulated: bool) -> Row:
    text = {str(key): str(value).strip() for key, value in row.items() if value is not None}
    if not all(map(_can_be_kept, text.values())):
        return BadRow(number, "characters that are no text")
    picture = text.get("id") or text.get("path", "")
    if not picture:
        return BadRow(number, "neither an id nor a path")
    label = text.get("label", "").casefold()
    if not label:
        return OpenRow(number)
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
    if len(text.get("author", "")) > LONGEST_AUTHOR:
        return BadRow(number, f"an author of more than {LONGEST_AUTHOR} characters")
    checked_kind: AuthorKind = "simulated" if simulated or kind == "simulated" else "person"
    return LabelRow(
        number=number,
        picture=picture,
        value=SPELLINGS[label],
        author=Author(text["author"], checked_kind) if text.get("author") else None,
        split="evaluation" if split == "evaluation" else "train" if split == "train" else None,
        comment=text.get("comment", ""),
        in_view=SPELLINGS.get(text.get("in_view", "").casefold()) == "yes",
        repeat=SPELLINGS.get(text.get("repeat", "").casefold()) == "yes",
    )


def _can_be_kept(text: str) -> bool:
    """No half of a surrogate pair, which JSON allows, and no NUL, which a database refuses."""
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def without_contradictions(
    rows: Sequence[tuple[LabelRow, str]], default: Author
) -> tuple[list[tuple[LabelRow, str]], list[BadRow]]:
    """(row, picture id) pairs, without those by which one author gives one picture two answers. Which of
    them was meant nobody can know, so each is a bad row that names another."""
    by_question: dict[tuple[str, Author, bool], list[LabelRow]] = defaultdict(list)
    for row, picture_id in rows:
        by_question[picture_id, row.author or default, row.repeat].append(row)
    bad = {}
    for said in by_question.values():
        for row in said:
            other = next((o for o in said if o.value != row.value), None)
            if other:
                reason = f"says {row.value} of a picture of which row {other.number} says {other.value}"
                bad[row.number] = BadRow(row.number, reason)
    return [pair for pair in rows if pair[0].number not in bad], list(bad.values())


def without_answers_of_others(
    rows: Sequence[tuple[LabelRow, str]], standing: Iterable[LabelEvent], person: str
) -> tuple[list[tuple[LabelRow, str]], list[BadRow]]:
    """(row, picture id) pairs that `person` may bring: their own, and of others what stands already."""
    stands = {(event.picture_id, event.author): event.value for event in standing}

    def is_new_of_another(row: LabelRow, picture_id: str) -> bool:
        return (
            row.author is not None
            and row.author.name != person
            and (row.repeat or stands.get((picture_id, row.author)) != row.value)
        )

    bad = [
        BadRow(row.number, f"an answer of {row.author.name}: only an owner may bring those of others")
        for row, picture_id in rows
        if row.author is not None and is_new_of_another(row, picture_id)
    ]
    return [pair for pair in rows if not is_new_of_another(*pair)], bad


def remarks_of(comments: Iterable[LabelEvent]) -> dict[tuple[str, Author], str]:
    """(picture id, author) → what they remarked on it, with an answer or apart from one, a line each, oldest
    first."""
    found: dict[tuple[str, Author], list[str]] = defaultdict(list)
    for event in comments:
        said = found[event.picture_id, event.author]
        if event.comment not in said:
            said.append(event.comment)
    return {question: "\n".join(said) for question, said in found.items()}


def new_labels(
    rows: Sequence[tuple[LabelRow, str]],
    standing: Sequence[LabelEvent],
    default: Author,
    number: int,
    remarks: Mapping[tuple[str, Author], str] | None = None,
    renewed: Collection[tuple[str, Author]] = (),
) -> tuple[list[NewLabel], int]:
    """Labels to append for (row, picture id) pairs that don't contradict each other, and how many rows say
    what stands already. Rows that repeat an answer are one, with the comments of all. `remarks` as
    `remarks_of` gives them: a file that was exported holds them, and they are no news. `renewed`: questions
    whose repeat was asked because the definition had changed."""
    answers: dict[tuple[str, Author, bool], Value] = {}
    comments: dict[tuple[str, Author, bool], list[str]] = defaultdict(list)
    in_view: set[tuple[str, Author, bool]] = set()
    for row, picture_id in rows:
        question = (picture_id, row.author or default, row.repeat)
        answers[question] = row.value
        if row.in_view:
            in_view.add(question)
        if row.comment and row.comment not in comments[question]:
            comments[question].append(row.comment)
    said = {(e.picture_id, e.author, e.repeat): (e.value, e.comment) for e in standing}
    said |= {(e.picture_id, e.author, True): (e.value, e.comment) for e in standing if e.renewed}
    known = remarks or {}

    def stands(question: tuple[str, Author, bool], value: Value, comment: str) -> bool:
        before, remarked = said.get(question, ("", ""))
        return before == value and comment in (remarked, known.get(question[:2], remarked))

    fresh = [
        NewLabel(
            uuid.uuid4().hex,
            question[0],
            value,
            question[1],
            number,
            comment,
            recorded_by=default.name if question[1].name != default.name else None,
            in_view=question in in_view,
            repeat=question[2] and question[:2] not in renewed,
            renewed=question[2] and question[:2] in renewed,
        )
        for question, value in answers.items()
        if not stands(question, value, comment := "\n".join(comments[question]))
    ]
    return fresh, len(rows) - len(fresh)


def write_label_file(
    path: Path, rows: Iterable[dict[str, Any]], columns: Sequence[str] = LABEL_COLUMNS, mode: str = "w"
) -> int:
    """Writes rows with these columns as .csv or .jsonl; returns how many. With mode "x" a file that is there
    already is left alone. Raises `DiscernError`."""
    count = 0
    jsonl = path.suffix.lower() in (".jsonl", ".ndjson")
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
