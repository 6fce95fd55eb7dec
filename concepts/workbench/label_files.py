"""Use cases of label files: answers that come in from files of other tools too, and questions to be filled
in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection as Ids
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, Field

from concepts.errors import NoUsableRowsError, UnknownWordsError
from concepts.labelling.files import (
    ImportReport,
    first_rows,
    new_labels,
    read_label_file,
    remarks_of,
    with_columns,
    without_answers_of_others,
    without_contradictions,
)
from concepts.labelling.formats import format_of
from concepts.labelling.formats.tables import write_label_file
from concepts.labelling.rechecks import Renewals, Repeats
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
from concepts.learning.scale import Scale
from concepts.learning.waves import SHARE
from concepts.library.lookup import NamedPicture, find_named
from concepts.view import View
from concepts.workbench.operation import Limit, Offset, ReaderName, operation
from storage.labels import Author, LabelEvent
from storage.tables import ConceptRow

if TYPE_CHECKING:
    from concepts.workbench.concept import Concept

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
    in_view: str = Field(description="“yes” where the machine's opinion was seen: it measures nothing.")
    from_concept: str = Field(description="The concept it was taken over from, where it was given there.")


class LabelFiles:
    """Labels in and out as files."""

    def __init__(self, concept: Concept) -> None:
        self._context, self._concept = concept.context, concept.row

    def meanings(self, pairs: Sequence[str]) -> dict[str, Meaning]:
        """WORD=MEANING each, where a meaning may be a grade or class of this concept. Raises
        `DiscernError`."""
        return meanings_of(pairs, Scale.read(self._concept.scale))

    def preview(
        self,
        file: Path,
        *,
        format: str = "",
        meanings: Mapping[str, Meaning] | None = None,
        columns: Mapping[str, str] | None = None,
    ) -> LabelFileView:
        """What is in a file, before anything of it is taken: its words with counts, what they would mean, and
        its first rows. `columns` of a table: our heading → the file's. Raises `UnknownColumnsError` where
        those have to be told, and `DiscernError` where it can't be read."""
        scale = Scale.read(self._concept.scale)
        report, words, unknown = ImportReport(), Counter[tuple[str, str]](), list[LabelRow]()
        with with_columns(file, columns or {}) as readable:
            found = format_of(readable, "" if columns else format)
            rows = self._read(readable, found.method.name, meanings, report, words, unknown, scale)
            first = first_rows(found, readable)
        known = self._resolve([*rows, *unknown], file, report)
        return LabelFileView(
            format=found.method.name,
            words=[WordView(word=word, rows=n, means=means) for (word, means), n in words.most_common()],
            pictures=len({picture_id for _, picture_id in known}),
            unknown_pictures=report.unknown_pictures,
            unanswered=report.unanswered,
            bad=len(report.bad_rows),
            bad_rows=report.as_dict()["bad_rows"][:SHOWN],
            first_rows=first,
        )

    def import_file(
        self,
        file: Path,
        *,
        format: str = "",
        meanings: Mapping[str, Meaning] | None = None,
        columns: Mapping[str, str] | None = None,
        author: str = "me",
        simulated: bool = False,
        for_others: bool = True,
    ) -> dict[str, Any]:
        """Takes answers from a file or folder in one transaction; bad rows are reported, not taken.

        `meanings` of the file's words come before those that are known; `columns` of a table: our heading →
        the file's. `author` is who brings the file,
        which is kept beside answers that it says are others'. Without `for_others` new answers of others are
        bad rows.

        Raises `UnknownWordsError` for words without a meaning and `NoUsableRowsError` where all rows are bad,
        and then nothing is changed.
        """
        concept = self._concept
        report, words, unknown = ImportReport(), Counter[tuple[str, str]](), list[LabelRow]()
        scale = Scale.read(concept.scale)
        with with_columns(file, columns or {}) as readable:
            of = "" if columns else format
            rows = self._read(readable, of, meanings, report, words, unknown, scale, simulated=simulated)
        if unknown:
            raise UnknownWordsError(
                file.name,
                [(word, n) for (word, means), n in words.most_common() if not means],
                scale.answers if scale else ("yes", "no"),
            )
        self._context.draw_evaluation(concept)
        default = Author(author, "simulated" if simulated else "person")
        found = self._resolve(rows, file, report)
        renewed = self._renewed(concept, found, default)
        resolved = self._settle_repeats(concept, found, default, renewed)
        known, bad = without_contradictions(resolved, default)
        report.bad_rows = sorted([*report.bad_rows, *bad], key=lambda row: row.number)
        if report.bad_rows and not known:
            raise NoUsableRowsError(file.name, [(row.number, row.reason) for row in report.bad_rows])
        standing = self._context.log.standing(concept.id, ("person", "simulated"))
        if not for_others:
            known, foreign = without_answers_of_others(known, standing, author)
            report.bad_rows = sorted([*report.bad_rows, *foreign], key=lambda row: row.number)
            if foreign and not known:
                raise NoUsableRowsError(file.name, [(row.number, row.reason) for row in report.bad_rows])
        aiming, missing = self._aiming(concept, known)
        report.imported, _ = self._keep(concept, aiming, default, renewed)
        if missing:
            self._context.draw_more(concept, at_least=missing)
        self._settle_splits(concept, known, report)
        imported, unchanged = self._keep(concept, known, default, renewed)
        report.imported, report.unchanged = report.imported + imported, unchanged - report.imported
        return report.as_dict()

    @operation("GET /labels")
    def page(self, limit: Limit = 50, offset: Offset = 0, *, reader: ReaderName = None) -> list[LabelRowView]:
        """Every standing label, people's and the machine's, the oldest first. A labeller gets what others
        said of a picture once they have labelled it."""
        return [LabelRowView.model_validate(row) for row in self.rows(limit, offset, reader=reader)]

    def rows(
        self, limit: int | None = None, offset: int = 0, *, reader: str | None = None
    ) -> list[dict[str, Any]]:
        """Every standing label, of people and machines, with the columns of a label file, the oldest first;
        all of them or a page. A `reader` gets what others said of a picture once they have answered about it
        themselves."""
        concept = self._concept
        apart = self._context.store.kept_apart(concept.id)
        if reader is None:
            standing = self._context.log.standing(concept.id, limit=limit, offset=offset)
        else:
            found = readable(self._context.log.standing(concept.id), reader)
            standing = found[offset : None if limit is None else offset + limit]
        ids = list({event.picture_id for event in standing})
        paths, remarks = self._context.collection.paths(ids), self._remarks(concept, ids)
        origins = self._context.log.origins(concept.id)
        names = self._context.store.names(set(origins.values()))
        return [
            _label_row(event, paths, apart, remarks.get((event.picture_id, event.author), ""))
            | {"from_concept": names[origins[event.sequence]] if event.sequence in origins else ""}
            for event in standing
        ]

    def export_file(self, out: Path) -> int:
        """All standing labels as a label file, which is CSV or JSONL by its name; how many."""
        return write_label_file(out, self.rows())

    @staticmethod
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

    def _remarks(self, concept: ConceptRow, ids: Sequence[str]) -> dict[tuple[str, Author], str]:
        return remarks_of(self._context.log.comments(concept.id, ids))

    def _read(
        self,
        file: Path,
        format: str,
        meanings: Mapping[str, Meaning] | None,
        report: ImportReport,
        words: Counter[tuple[str, str]],
        unknown: list[LabelRow],
        scale: Scale | None,
        *,
        simulated: bool = False,
    ) -> list[LabelRow]:
        """The usable rows; what the others are goes into `report`. `words` counts (word, meaning), `unknown`
        are rows whose word has none."""
        rows: list[LabelRow] = []
        for row in read_label_file(file, format=format, simulated=simulated, meanings=meanings, scale=scale):
            if isinstance(row, BadRow):
                report.bad_rows.append(row)
            elif isinstance(row, OpenRow):
                report.unanswered += 1
            elif isinstance(row, LeftOutRow):
                report.left_out += 1
                words[row.word, "leave out"] += 1
            elif isinstance(row, UnknownWordRow):
                words[row.word, ""] += 1
                unknown.append(LabelRow(row.number, row.picture, "skip", None, None, "", path=row.path))
            else:
                words[row.word, row.said] += 1
                rows.append(row)
        return rows

    def _resolve(
        self, rows: Sequence[LabelRow], file: Path, report: ImportReport
    ) -> list[tuple[LabelRow, str]]:
        """Picture ids for rows; paths count from the file's folder, else from the working folder."""
        folder = file.absolute() if file.is_dir() else file.absolute().parent
        named = [NamedPicture(row.picture, row.path) for row in rows]
        known = []
        for row, (found, why) in zip(
            rows, find_named(self._context.collection.library, named, folder), strict=True
        ):
            if found:
                known.append((row, found))
            else:
                report.unknown_pictures += 1
                report.bad_rows.append(BadRow(row.number, why))
        return known

    def _renewed(
        self, concept: ConceptRow, rows: Sequence[tuple[LabelRow, str]], default: Author
    ) -> set[tuple[str, Author]]:
        """Questions that are asked again because the definition has changed, and that these rows answer or
        have answered before."""
        context = self._context
        said = {(event.picture_id, event.author) for event in context.log.renewed(concept.id)}
        asked = {(i, row.author or default) for row, i in rows if row.repeat and not row.in_view}
        if not asked:
            return set()
        renewals = Renewals(context.log, context.store, concept.id, concept.seed)
        due = {(i, author) for author in {who for _, who in asked} for i in renewals.due(author)}
        return asked & (due | said)

    def _settle_repeats(
        self,
        concept: ConceptRow,
        rows: Sequence[tuple[LabelRow, str]],
        default: Author,
        renewed: Ids[tuple[str, Author]],
    ) -> list[tuple[LabelRow, str]]:
        """Rows that repeat an answer which isn't there, or that nobody was asked to repeat, are answers like
        any other; so are those given with the machine in view."""
        marked: dict[Author, list[str]] = {}
        for row, picture_id in rows:
            if row.repeat and not row.in_view:
                marked.setdefault(row.author or default, []).append(picture_id)
        waves = self._context.label_cache.held_out(concept.id).evaluation
        repeats = Repeats(self._context.log, waves, concept.id, concept.seed)
        among = {author: repeats.among(author, ids) for author, ids in marked.items()}
        return [
            (
                replace(
                    row,
                    repeat=not row.in_view
                    and (
                        picture_id in among.get(row.author or default, ())
                        or (picture_id, row.author or default) in renewed
                    ),
                ),
                picture_id,
            )
            if row.repeat
            else (row, picture_id)
            for row, picture_id in rows
        ]

    def _aiming(
        self, concept: ConceptRow, rows: Sequence[tuple[LabelRow, str]]
    ) -> tuple[list[tuple[LabelRow, str]], int]:
        """The rows that are kept before test pictures are drawn, and how many of those have to wait for a
        label before the others are kept.

        Later draws are aimed by what a file taught, and take none of its pictures. A file that leaves too few
        others has its own drawn: a random half of it aims the draw, which is made among all the rest.
        """
        answered = self._context.log.first_answered(concept.id).keys()
        drawn = self._context.store.evaluation_pictures(concept.id).keys()
        pictures = self._context.collection.count_for(concept.id)
        closed = answered | drawn | {i for _, i in rows}
        left = pictures - len(self._context.collection.frames.among(concept.id, closed))
        missing = min(TEST_SET, int(SHARE * pictures)) - len(drawn) - left
        if missing <= 0:
            return [], 0
        apart = self._context.store.kept_apart(concept.id)
        teaches = [(row, i) for row, i in rows if row.split != "evaluation" and i not in apart]
        ids = sorted({i for _, i in teaches})
        rng = np.random.default_rng(self._context.log.last_sequence(concept.id))
        half = {ids[place] for place in rng.permutation(len(ids))[: len(ids) // 2]}
        return [(row, i) for row, i in teaches if i in half], missing + len(drawn - answered)

    def _keep(
        self,
        concept: ConceptRow,
        rows: Sequence[tuple[LabelRow, str]],
        default: Author,
        renewed: Ids[tuple[str, Author]],
    ) -> tuple[int, int]:
        """How many labels were kept, and how many rows say what stands already."""
        log = self._context.log
        said = [*log.standing(concept.id, ("person", "simulated")), *log.repeats(concept.id)]
        remarks = self._remarks(concept, [picture_id for _, picture_id in rows])
        number = self._context.revision(concept).number
        fresh, unchanged = new_labels(rows, said, default, number, remarks, renewed)
        return log.append(concept.id, fresh), unchanged

    def _settle_splits(
        self, concept: ConceptRow, rows: Sequence[tuple[LabelRow, str]], report: ImportReport
    ) -> None:
        """Rule 4 for imports: a picture of the evaluation set only measures, one that trained, or that is an
        example, only trains."""
        dataset = self._context.dataset(concept)
        library = self._context.collection.library
        trained = [i for i in dataset.decisions if i not in dataset.reserved]
        asked_to_train = [i for row, i in rows if row.split != "evaluation" and i not in dataset.reserved]
        taken = set(library.near_groups([*trained, *asked_to_train, *dataset.shown]))
        wanted = list(dict.fromkeys(i for row, i in rows if row.split == "evaluation"))
        outside = [i for i in wanted if i not in dataset.apart]
        groups = dict(zip(outside, library.near_groups(outside), strict=True))
        usable = [i for i in outside if groups[i] not in taken and i not in dataset.reserved]
        self._context.store.add_evaluation_pictures(concept.id, usable, "imported")
        report.kept_for_training = len(outside) - len(usable)
        report.kept_for_evaluation = sum(
            row.split != "evaluation" and i in dataset.reserved for row, i in rows
        )


def _label_row(event: LabelEvent, paths: dict[str, str], apart: Ids[str], comment: str) -> dict[str, Any]:
    return {
        "id": event.picture_id,
        "path": paths.get(event.picture_id, ""),
        "label": event.said,
        "author": event.author.name,
        "author_kind": event.author.kind,
        "split": "evaluation" if event.picture_id in apart else "train",
        "definition": event.definition_number,
        "created": event.created.isoformat(),
        "comment": comment,
        "recorded_by": event.recorded_by or "",
        "in_view": "yes" if event.in_view else "",
    }
