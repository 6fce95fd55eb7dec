"""Use cases of label files: answers that come in from files of other tools too, and questions to be filled
in."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from concepts.definition.revisions import definition_of
from concepts.errors import DiscernError, NoUsableRowsError, UnknownWordsError
from concepts.labelling.asking import labelled_again
from concepts.labelling.dataset import dataset_of
from concepts.labelling.files import (
    ImportReport,
    about_sample,
    new_labels,
    read_label_file,
    remarks_of,
    without_answers_of_others,
    without_contradictions,
)
from concepts.labelling.formats import format_of
from concepts.labelling.formats.tables import write_label_file
from concepts.labelling.label_cache import label_cache_of
from concepts.labelling.review import readable
from concepts.labelling.rows import (
    QUESTION_COLUMNS,
    BadRow,
    LabelRow,
    LeftOutRow,
    Meaning,
    OpenRow,
    UnknownWordRow,
    meanings_of,
)
from concepts.labelling.selection import NextPicture
from concepts.labelling.waves import draw_more_test_pictures, draw_test_pictures, sampled_wave
from concepts.learning.scale import Scale
from concepts.learning.waves import SHARE
from concepts.library.collection import collection_of
from concepts.library.lookup import NamedPicture, find_named
from concepts.use_cases import Concept, use_case
from concepts.use_cases.parameters import Limit, Offset, ReaderName
from concepts.view import View
from storage.concepts import SAMPLED
from storage.labels import Author

SHOWN = 20  # rows that can't be used, as a preview names them
TEST_SET = 240  # pictures that can be drawn in all, whatever a file labels


class WordView(View):
    """A word that a file labels with: in how many rows, and what it means; empty where somebody has to
    say."""

    word: str
    rows: int
    means: str


class LabelFileView(View):
    """What importing a file would find. `pictures` of the library have a label there, `unknown_pictures` are
    none of the library."""

    format: str
    words: list[WordView]
    pictures: int
    unknown_pictures: int
    unanswered: int
    bad: int
    bad_rows: list[dict[str, Any]]
    first_rows: list[dict[str, str]]  # as they are read, by column


class LabelRowView(BaseModel):
    id: str
    path: str
    label: str
    author: str
    author_kind: str
    split: str
    definition: int
    created: datetime
    comment: str
    recorded_by: str = Field(description="Who brought the label, where that isn't its author.")
    in_view: str = Field(description="“yes” where the suggestion was seen: it measures nothing.")
    from_concept: str = Field(description="The concept it was taken over from, where it was given there.")


def label_meanings(concept: Concept, pairs: Sequence[str]) -> dict[str, Meaning]:
    """WORD=MEANING each, where a meaning may be a grade or class of this concept. Raises
    `DiscernError`."""
    return meanings_of(pairs, Scale.read(concept.row.scale))


def preview_label_file(
    concept: Concept,
    file: Path,
    *,
    format: str = "",
    meanings: Mapping[str, Meaning] | None = None,
    columns: Mapping[str, str] | None = None,
) -> LabelFileView:
    """What is in a file, before anything of it is taken: its words with counts, what they would mean, and
    its first rows. `columns` of a table: our heading → the file's. Raises `UnknownColumnsError` where
    those have to be told, and `DiscernError` where it can't be read."""
    nobody = Author("")
    read = _read(concept, file, format, columns, meanings, nobody)
    unknown = [LabelRow(row.number, row.picture, "skip", nobody, path=row.path) for row in read.unknown]
    known = _resolve(concept, [*read.rows, *unknown], file, read.report)
    return LabelFileView(
        format=format_of(file, format, columns).method.name,
        words=[WordView(word=word, rows=n, means=means) for (word, means), n in read.words.most_common()],
        pictures=len({row.picture for row in known}),
        unknown_pictures=read.report.unknown_pictures,
        unanswered=read.report.unanswered,
        bad=len(read.report.bad_rows),
        bad_rows=read.report.as_dict()["bad_rows"][:SHOWN],
        first_rows=read.first,
    )


def import_label_file(
    concept: Concept,
    file: Path,
    *,
    format: str = "",
    meanings: Mapping[str, Meaning] | None = None,
    columns: Mapping[str, str] | None = None,
    author: str = "me",
    simulated: bool = False,
    for_others: bool = True,
    random: bool = False,
) -> dict[str, Any]:
    """Takes answers from a file or folder in one transaction; bad rows are reported, not taken.

    All of it trains, but for pictures of the test set. With `random`, all but the rows that say “train”
    were drawn with equal chances from the concept's scope, and join the test set.

    `meanings` of the file's words come before those that are known; `columns` of a table: our heading →
    the file's. `author` is who brings the file, which is kept beside answers that it says are others'.
    Without `for_others` new answers of others are bad rows.

    Raises `UnknownWordsError` for words without a meaning and `NoUsableRowsError` where all rows are bad,
    and then nothing is changed.
    """
    brings = Author(author, "simulated" if simulated else "person")
    read = _read(concept, file, format, columns, meanings, brings)
    report = read.report
    if not (read.words or report.bad_rows or report.unanswered):
        raise DiscernError(f"No picture is named in {file.name}. Nothing was taken; choose another file.")
    if read.unknown:
        scale = Scale.read(concept.row.scale)
        raise UnknownWordsError(
            file.name,
            [(word, n) for (word, means), n in read.words.most_common() if not means],
            scale.answers if scale else ("yes", "no"),
        )
    draw_test_pictures(concept)
    rows = _resolve(concept, read.rows, file, report)
    # Rows that repeat an answer which isn't there, or that nobody was asked to repeat, become answers
    # like any other; so do those given with the machine in view.
    marked: dict[Author, set[str]] = defaultdict(set)
    for row in rows:
        if row.repeat and not row.in_view:
            marked[row.author].add(row.picture)
    asked = {(i, who) for who, ids in marked.items() for i in labelled_again(concept, who, ids)}
    rows = [replace(row, repeat=row.repeat and not row.in_view and row.question in asked) for row in rows]
    rows, bad = without_contradictions(rows)
    _refuse(bad, report, rows, file)
    if not for_others:
        standing = concept.app.log.standing(concept.id, ("person", "simulated"))
        rows, foreign = without_answers_of_others(rows, standing, author)
        _refuse(foreign, report, rows, file)
    if random:
        rows = [replace(row, split=row.split or "evaluation") for row in rows]
        _take_sample(concept, rows, report)
    else:
        _take_back_samples(concept, rows)
    aiming, missing = _aiming(concept, rows)
    report.imported, _ = _keep(concept, aiming, brings)
    if missing:
        draw_more_test_pictures(concept, at_least=missing)
    # Rule 4 for imports: a picture of the test set only measures, and all others only train.
    dataset = dataset_of(concept)
    to_measure = {row.picture for row in rows if row.split == "evaluation"}
    report.kept_for_training = len(to_measure - dataset.apart)
    report.kept_for_evaluation = sum(
        row.split != "evaluation" and row.picture in dataset.reserved for row in rows
    )
    imported, unchanged = _keep(concept, rows, brings)
    report.imported, report.unchanged = report.imported + imported, unchanged - report.imported
    return report.as_dict()


@use_case("GET /concepts/{name}/labels")
def list_labels(
    concept: Concept, limit: Limit = 50, offset: Offset = 0, *, reader: ReaderName = None
) -> list[LabelRowView]:
    """Every standing label, people's and the machine's, the oldest first. A labeller gets what others
    said of a picture once they have labelled it."""
    return [LabelRowView.model_validate(row) for row in label_rows(concept, limit, offset, reader=reader)]


def label_rows(
    concept: Concept, limit: int | None = None, offset: int = 0, *, reader: str | None = None
) -> list[dict[str, Any]]:
    """Every standing label, of people and machines, with the columns of a label file, the oldest first;
    all of them or a page. A `reader` gets what others said of a picture once they have answered about it
    themselves."""
    apart = concept.app.store.kept_apart(concept.id)
    if reader is None:
        standing = concept.app.log.standing(concept.id, limit=limit, offset=offset)
    else:
        found = readable(concept.app.log.standing(concept.id), reader)
        standing = found[offset : None if limit is None else offset + limit]
    ids = list({event.picture_id for event in standing})
    paths = collection_of(concept.app).paths(ids)
    remarks = remarks_of(concept.app.log.comments(concept.id, ids))
    origins = concept.app.log.origins(concept.id)
    names = concept.app.store.names(set(origins.values()))
    return [
        {
            "id": event.picture_id,
            "path": paths.get(event.picture_id, ""),
            "label": event.said,
            "author": event.author.name,
            "author_kind": event.author.kind,
            "split": "evaluation" if event.picture_id in apart else "train",
            "definition": event.definition_number,
            "created": event.created.isoformat(),
            "comment": remarks.get((event.picture_id, event.author), ""),
            "recorded_by": event.recorded_by or "",
            "in_view": "yes" if event.in_view else "",
            "from_concept": names[origins[event.sequence]] if event.sequence in origins else "",
        }
        for event in standing
    ]


def write_labels(concept: Concept, out: Path, *, reader: str | None = None) -> int:
    """All standing labels as a label file, which is CSV or JSONL by its name; how many. A `reader` as of
    `rows`."""
    return write_label_file(out, label_rows(concept, reader=reader))


def write_questions(pictures: Sequence[NextPicture], out: Path) -> int:
    """A label file with these pictures, ready to be filled and imported; returns the number of rows.

    Raises `DiscernError` where the file is there already: somebody may have filled it.
    """
    rows = [
        {
            "path": p.path,
            "id": p.id,
            "label": "",
            "comment": "",
            "split": p.purpose,
            "reason": p.reason,
            "repeat": "yes" if p.repeat else "",
        }
        for p in pictures
    ]
    return write_label_file(out, rows, QUESTION_COLUMNS, mode="x")


def _read(
    concept: Concept,
    file: Path,
    format: str,
    columns: Mapping[str, str] | None,
    meanings: Mapping[str, Meaning] | None,
    brings: Author,
) -> _Read:
    read, scale = _Read(), Scale.read(concept.row.scale)
    for row in read_label_file(
        file,
        format=format,
        columns=columns,
        brings=brings,
        meanings=meanings,
        scale=scale,
        first=read.first,
    ):
        if isinstance(row, BadRow):
            read.report.bad_rows.append(row)
        elif isinstance(row, OpenRow):
            read.report.unanswered += 1
        elif isinstance(row, LeftOutRow):
            read.report.left_out += 1
            read.words[row.word, "leave out"] += 1
        elif isinstance(row, UnknownWordRow):
            read.words[row.word, ""] += 1
            read.unknown.append(row)
        else:
            read.words[row.word, row.said] += 1
            read.rows.append(row)
    return read


def _resolve(concept: Concept, rows: Sequence[LabelRow], file: Path, report: ImportReport) -> list[LabelRow]:
    """Rows with the ids of their pictures; paths count from the file's folder, else from the working
    folder. A row of a picture that isn't there is a bad one."""
    folder = file.absolute() if file.is_dir() else file.absolute().parent
    named = [NamedPicture(row.picture, row.path) for row in rows]
    known = []
    for row, (found, why) in zip(
        rows, find_named(collection_of(concept.app).library, named, folder), strict=True
    ):
        if found:
            known.append(replace(row, picture=found))
        else:
            report.unknown_pictures += 1
            report.bad_rows.append(BadRow(row.number, why))
    return known


def _aiming(concept: Concept, rows: Sequence[LabelRow]) -> tuple[list[LabelRow], int]:
    """The rows that are kept before test pictures are drawn, and how many of those have to wait for a
    label before the others are kept.

    Later draws are aimed by what a file taught, and take none of its pictures. A file that leaves too few
    others has its own drawn: a random half of it aims the draw, which is made among all the rest.
    """
    concept_id, app = concept.id, concept.app
    answered = app.log.first_answered(concept_id).keys()
    held_out = label_cache_of(app).held_out(concept_id)
    drawn = held_out.evaluation.keys()
    pictures = collection_of(app).count_for(concept_id)
    closed = answered | drawn | {row.picture for row in rows}
    left = pictures - len(collection_of(app).frames.among(concept_id, closed))
    missing = min(TEST_SET, int(SHARE * pictures)) - len(drawn) - left
    if missing <= 0:
        return [], 0
    teaches = [row for row in rows if row.picture not in held_out.kept]
    ids = sorted({row.picture for row in teaches})
    rng = np.random.default_rng(app.log.last_sequence(concept_id))
    half = {ids[place] for place in rng.permutation(len(ids))[: len(ids) // 2]}
    return [row for row in teaches if row.picture in half], missing + len(drawn - answered)


def _keep(concept: Concept, rows: Sequence[LabelRow], brings: Author) -> tuple[int, int]:
    """How many labels were kept, and how many rows say what stands already."""
    concept_id, log = concept.id, concept.app.log
    said = [*log.standing(concept_id, ("person", "simulated")), *log.repeats(concept_id)]
    remarks = remarks_of(log.comments(concept_id, [row.picture for row in rows]))
    number = definition_of(concept).number
    fresh, unchanged = new_labels(rows, said, brings, number, remarks)
    return log.append(concept_id, fresh), unchanged


def _take_sample(concept: Concept, rows: Sequence[LabelRow], report: ImportReport) -> None:
    """Makes pictures that somebody drew with equal chances the next wave, before their labels are kept.
    Test pictures without a label go behind them: figures wait for none that came later."""
    concept_id, app = concept.id, concept.app
    sample = [row for row in rows if row.split == "evaluation" and not row.in_view]
    asked = {row.picture for row in sample}
    if not asked:
        return
    if {row.value for row in sample if row.value in ("yes", "no")} == {"yes"}:
        report.sample = "Every label is yes. That is hardly a random sample, so they train."
        return
    with app.drawing:
        kept = False
        while not kept:  # another process may have drawn a wave of this number
            dataset = dataset_of(concept)
            wave, usable = sampled_wave(dataset, asked, app.log.last_sequence(concept_id))
            chosen = usable[: max(int(SHARE * dataset.pictures) - len(dataset.evaluation), 0)]
            waiting = [i for i in dataset.wave_of if i not in dataset.blind]
            kept = not chosen or app.store.add_wave(concept_id, wave, chosen, waiting)
    report.measuring = len(chosen)
    missing = report.unanswered + report.left_out
    report.sample = about_sample(len(asked), len(usable), len(chosen), wave.frame, missing)


def _take_back_samples(concept: Concept, rows: Sequence[LabelRow]) -> None:
    """A sample all of whose labels were undone leaves the test set when a file brings it as no sample."""
    concept_id, store = concept.id, concept.app.store
    sampled = {wave.number for wave in store.waves(concept_id) if wave.fingerprint == SAMPLED}
    if not sampled:
        return
    wave_of = store.wave_of(concept_id)
    labelled = {wave_of.get(i) for i in label_cache_of(concept.app).decisions(concept_id)}
    brought = {wave_of.get(row.picture, 0) for row in rows}
    for number in (sampled & brought) - labelled:
        store.take_back_sample(concept_id, number)


@dataclass
class _Read:
    """What a file says. `words`: (word, meaning) → in how many rows; `unknown` are rows whose word has
    none."""

    rows: list[LabelRow] = field(default_factory=list)
    unknown: list[UnknownWordRow] = field(default_factory=list)
    first: list[dict[str, str]] = field(default_factory=list)
    words: Counter[tuple[str, str]] = field(default_factory=Counter)
    report: ImportReport = field(default_factory=ImportReport)


def _refuse(bad: Sequence[BadRow], report: ImportReport, left: Sequence[LabelRow], file: Path) -> None:
    """Reports bad rows. Raises `NoUsableRowsError` where there are some and no others are `left`."""
    report.bad_rows = sorted([*report.bad_rows, *bad], key=lambda row: row.number)
    if report.bad_rows and not left:
        raise NoUsableRowsError(file.name, [(row.number, row.reason) for row in report.bad_rows])
