"""Label files: labels of people in and out, and which column of a table is what. Formats are in `formats`."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from concepts.errors import DiscernError
from concepts.labelling.formats import format_of
from concepts.labelling.formats.apart import rows_of
from concepts.labelling.rows import (
    LONGEST_COMMENT,
    ME,
    NO_TEXT,
    BadRow,
    LabelRow,
    Meaning,
    Question,
    RawRow,
    Row,
    checked_rows,
)
from concepts.learning.scale import Scale
from concepts.learning.waves import SHARE
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


def as_shown(row: Mapping[str, Any]) -> dict[str, str]:
    """A row as it was read, without what is empty or no text."""
    return {
        NO_TEXT.sub("\ufffd", str(key)[:LONGEST]): NO_TEXT.sub("\ufffd", str(value)[:LONGEST])
        for key, value in row.items()
        if key and isinstance(value, str | int | float) and value != ""
    }


@dataclass
class ImportReport:
    """What an import did. `unanswered` rows have no answer yet, `left_out` rows a word that was said to mean
    nothing here; `kept_for_evaluation` rows asked to train but belong to the evaluation set,
    `kept_for_training` pictures asked to be evaluation, but only what was drawn at random measures.
    `measuring` pictures joined the test set as a random sample, and `sample` says what became of that.
    `unknown_pictures` of the bad rows name no picture of the library."""

    sample: str = ""
    measuring: int = 0
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


def about_sample(asked: int, usable: int, chosen: int, frame: int, missing: int) -> str:
    """What became of so many pictures that were drawn elsewhere, of which a wave could draw the `usable`.
    `missing` rows have no label."""
    lines = [
        f"{chosen:,} of {asked:,} pictures join the test set, as a random sample of {frame:,}."
        if chosen
        else f"None of the {asked:,} pictures joins the test set."
    ]
    if usable > chosen:
        share = f"It takes {100 * SHARE:.0f} % of the library at most"
        lines.append(f"{share}, so {usable - chosen:,} train.")
    if asked > usable:
        why = "labelled before, examples, in it already, near-duplicates or out of scope"
        lines.append(f"{asked - usable:,} can't join: {why}.")
    if missing and chosen:
        lines.append(f"Rows without a label: {missing:,}. The sample lacks them, which may bias it.")
    return " ".join(lines)


def read_label_file(
    path: Path,
    *,
    format: str = "",
    columns: Mapping[str, str] | None = None,
    brings: Author = ME,
    meanings: Mapping[str, Meaning] | None = None,
    scale: Scale | None = None,
    first: list[dict[str, str]] | None = None,
) -> Iterator[Row]:
    """Rows of a file, or a folder, in one of the `FORMATS`; without a name, in the one that it looks like. Of
    a table `columns` may say which is what: our heading → the file's.
    Who `brings` it gave the answers that name nobody else. The `first` rows are noted as they are read.

    Raises `DiscernError` where it can't be read; a bad row is returned as such.
    """

    def noted() -> Iterator[RawRow]:
        for number, row in rows_of(format_of(path, format, columns), path):
            if first is not None and len(first) < FIRST and not isinstance(row, BadRow):
                first.append(as_shown(row))
            yield number, row

    yield from checked_rows(noted(), brings=brings, meanings=meanings, scale=scale)


def without_contradictions(rows: Sequence[LabelRow]) -> tuple[list[LabelRow], list[BadRow]]:
    """Rows without those by which one author gives one picture two answers, or remarks too much on it. Which
    answer was meant nobody can know, so each is a bad row that names another."""
    by_question: dict[tuple[Question, bool], list[LabelRow]] = defaultdict(list)
    for row in rows:
        by_question[row.question, row.repeat].append(row)
    bad = {}
    for said in by_question.values():
        first: dict[str, LabelRow] = {}
        for row in said:
            first.setdefault(row.said, row)
        one, *others = first.values()
        for row in said if others else ():
            other = others[0] if row.said == one.said else one
            reason = f"says {row.said} of a picture of which row {other.number} says {other.said}"
            bad[row.number] = BadRow(row.number, reason)
        if sum(len(comment) for comment in {row.comment for row in said}) > LONGEST_COMMENT:
            reason = f"its picture has comments of more than {LONGEST_COMMENT:,} characters"
            bad |= {row.number: BadRow(row.number, reason) for row in said}
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
            why = f"a label of {row.author.name}: only an owner may bring those of others"
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
) -> tuple[list[NewLabel], int]:
    """Labels to append for rows that don't contradict each other, and how many rows say what stands already.
    Rows that repeat an answer are one, with the comments of all. `remarks` as `remarks_of` gives them: a file
    that was exported holds them, and they are no news."""
    answers: dict[tuple[Question, bool], LabelRow] = {}
    comments: dict[tuple[Question, bool], dict[str, None]] = defaultdict(dict)  # in order, each once
    in_view = {(row.question, row.repeat) for row in rows if row.in_view}
    for row in rows:
        asked = row.question, row.repeat
        answers[asked] = row
        if row.comment:
            comments[asked][row.comment] = None
    said = {((e.picture_id, e.author), e.repeat): (e.said, e.comment) for e in standing}
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
                repeat=repeat,
                given=row.given,
            )
        )
    return fresh, len(rows) - len(fresh)
