"""Label files: labels of people in and out, and which column of a table is what. Formats are in `formats`."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from concepts.errors import DiscernError
from concepts.labelling.formats import format_of
from concepts.labelling.formats.base import Format
from concepts.labelling.rows import ME, BadRow, LabelRow, Meaning, Question, Row, checked_rows
from concepts.learning.scale import Scale
from storage.labels import Author, LabelEvent, NewLabel

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


def first_rows(format: Format, file: Path) -> list[dict[str, str]]:
    """The first rows as they are read, without what is empty."""
    rows = (row for _, row in islice(format.read(file), FIRST) if not isinstance(row, BadRow))
    return [
        {str(key): str(value)[:LONGEST] for key, value in row.items() if key and value not in (None, "")}
        for row in rows
    ]


@dataclass
class ImportReport:
    """What an import did. `unanswered` rows have no answer yet, `left_out` rows a word that was said to mean
    nothing here; `kept_for_evaluation` rows asked to train but belong to the evaluation set,
    `kept_for_training` rows asked to be evaluation but they or near-duplicates have trained already.
    `unknown_pictures` of the bad rows name no picture of the library."""

    imported: int = 0
    unchanged: int = 0
    unanswered: int = 0
    left_out: int = 0
    unknown_pictures: int = 0
    kept_for_evaluation: int = 0
    kept_for_training: int = 0
    bad_rows: list[BadRow] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        rows = [{"row": row.number, "reason": row.reason} for row in self.bad_rows]
        return vars(self) | {"bad_rows": rows}


def read_label_file(
    path: Path,
    *,
    format: str = "",
    columns: Mapping[str, str] | None = None,
    brings: Author = ME,
    meanings: Mapping[str, Meaning] | None = None,
    scale: Scale | None = None,
) -> Iterator[Row]:
    """Rows of a file, or a folder, in one of the `FORMATS`; without a name, in the one that it looks like. Of
    a table `columns` may say which is what: our heading → the file's.
    Who `brings` it gave the answers that name nobody else.

    Raises `DiscernError` where it can't be read; a bad row is returned as such.
    """
    raw = format_of(path, format, columns).read(path)
    yield from checked_rows(raw, brings=brings, meanings=meanings, scale=scale)


def without_contradictions(rows: Sequence[LabelRow]) -> tuple[list[LabelRow], list[BadRow]]:
    """Rows without those by which one author gives one picture two answers. Which of them was meant nobody
    can know, so each is a bad row that names another."""
    by_question: dict[tuple[Question, bool], list[LabelRow]] = defaultdict(list)
    for row in rows:
        by_question[row.question, row.repeat].append(row)
    bad = {}
    for said in by_question.values():
        first: dict[str, LabelRow] = {}
        for row in said:
            first.setdefault(row.said, row)
        if len(first) < 2:
            continue
        one, another = islice(first.values(), 2)
        for row in said:
            other = another if row.said == one.said else one
            reason = f"says {row.said} of a picture of which row {other.number} says {other.said}"
            bad[row.number] = BadRow(row.number, reason)
    return [row for row in rows if row.number not in bad], list(bad.values())


def without_answers_of_others(
    rows: Sequence[LabelRow], standing: Iterable[LabelEvent], person: str
) -> tuple[list[LabelRow], list[BadRow]]:
    """Rows that `person` may bring: their own, and of others what stands already."""
    stands = {(event.picture_id, event.author): event.said for event in standing}
    usable, bad = list[LabelRow](), list[BadRow]()
    for row in rows:
        if row.author.name == person or (not row.repeat and stands.get(row.question) == row.said):
            usable.append(row)
        else:
            why = f"an answer of {row.author.name}: only an owner may bring those of others"
            bad.append(BadRow(row.number, why))
    return usable, bad


def remarks_of(comments: Iterable[LabelEvent]) -> dict[Question, str]:
    """(picture id, author) → what they remarked on it, with an answer or apart from one, a line each, oldest
    first."""
    found: dict[Question, list[str]] = defaultdict(list)
    for event in comments:
        said = found[event.picture_id, event.author]
        if event.comment not in said:
            said.append(event.comment)
    return {question: "\n".join(said) for question, said in found.items()}


def new_labels(
    rows: Sequence[LabelRow],
    standing: Sequence[LabelEvent],
    brings: Author,
    number: int,
    remarks: Mapping[Question, str],
    renewed: Collection[Question] = (),
) -> tuple[list[NewLabel], int]:
    """Labels to append for rows that don't contradict each other, and how many rows say what stands already.
    Rows that repeat an answer are one, with the comments of all. `remarks` as `remarks_of` gives them: a file
    that was exported holds them, and they are no news. `renewed`: questions whose repeat was asked because
    the definition had changed."""
    answers: dict[tuple[Question, bool], LabelRow] = {}
    comments: dict[tuple[Question, bool], list[str]] = defaultdict(list)
    in_view = {(row.question, row.repeat) for row in rows if row.in_view}
    for row in rows:
        asked = row.question, row.repeat
        answers[asked] = row
        if row.comment and row.comment not in comments[asked]:
            comments[asked].append(row.comment)
    said = {((e.picture_id, e.author), e.repeat): (e.said, e.comment) for e in standing}
    said |= {((e.picture_id, e.author), True): (e.said, e.comment) for e in standing if e.renewed}
    fresh = []
    for asked, row in answers.items():
        question, repeat = asked
        comment = "\n".join(comments[asked])
        before, remarked = said.get(asked, ("", ""))
        if before == row.said and comment in (remarked, remarks.get(question, remarked)):
            continue
        fresh.append(
            NewLabel(
                uuid.uuid4().hex,
                row.picture,
                row.value,
                row.author,
                number,
                comment,
                recorded_by=brings.name if row.author.name != brings.name else None,
                in_view=asked in in_view,
                repeat=repeat and question not in renewed,
                renewed=repeat and question in renewed,
                given=row.given,
            )
        )
    return fresh, len(rows) - len(fresh)
