"""Use cases of the table of all concepts: what each finished one says of every picture, as one file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from functools import partial
from pathlib import Path

from concepts.classifier.training import linear_head
from concepts.errors import DiscernError
from concepts.export.scoring import write_scores
from concepts.export.table import Column, schema_of, table_rows, weights
from concepts.jobs import Listener, Progress
from concepts.jobs.job import read_done
from concepts.library.placed import Placed, with_places
from concepts.view import View
from concepts.workbench.context import Context
from concepts.workbench.kinds import ScoreTable, TableResult
from storage.tables import ConceptRow

SUFFIXES = ("csv", "parquet")


class TableColumns(View):
    """What a table would hold: the version of each concept. `left_out`: why others aren't in it."""

    concepts: dict[str, int]
    left_out: dict[str, str]


class WrittenTable(View):
    """A table that was written into the data folder."""

    job: int
    suffix: str
    rows: int
    concepts: int
    left_out: int
    finished: datetime


class ScoreTables:
    """Every picture a row, every finished concept its probability, decision and version."""

    def __init__(self, context: Context) -> None:
        self._context = context
        context.jobs.register(ScoreTable, self._write)

    def columns(self, names: Sequence[str] = ()) -> TableColumns:
        """Of all concepts that are not in the trash, or of these."""
        columns, left_out = self._columns(self._chosen(names))
        return TableColumns(concepts={c.concept: c.version for c in columns}, left_out=left_out)

    def write(self, out: Path, names: Sequence[str] = (), *, listener: Listener | None = None) -> TableResult:
        """Writes `out` (.csv or .parquet) for all concepts, or for these."""
        job = self._job(out.suffix.lower().removeprefix("."), names, str(out.absolute()))
        return self._context.jobs.run(job, listener)

    def submit(self, suffix: str, names: Sequence[str] = ()) -> int:
        """The same in the background, into a file to download. Returns the job's id."""
        return self._context.jobs.submit(self._job(suffix, names))

    def written(self, limit: int = 5) -> list[WrittenTable]:
        """The tables that were written to be downloaded, of the newest jobs, the newest first."""
        jobs = [
            job for job in self._context.jobs.store.of_kind(ScoreTable.kind, limit) if job.state == "done"
        ]
        found = [(job, read_done(ScoreTable, job)) for job in jobs]
        return [
            WrittenTable(
                job=job.id,
                suffix=Path(done.out).suffix.removeprefix("."),
                rows=done.rows,
                concepts=len(done.concepts),
                left_out=len(done.left_out),
                finished=job.finished or job.created,
            )
            for job, done in found
            if Path(done.out).is_relative_to(self._context.settings.home / "scores")
        ]

    def _job(self, suffix: str, names: Sequence[str], out: str = "") -> ScoreTable:
        """Raises `DiscernError` before anything is begun where there is nothing to write."""
        if suffix not in SUFFIXES:
            raise DiscernError("Scores can be had as CSV or Parquet.")
        chosen = self._chosen(names)
        self._columns(chosen)
        return ScoreTable(suffix, tuple(concept.id for concept in chosen) if names else (), out)

    def _chosen(self, names: Sequence[str]) -> list[ConceptRow]:
        return [self._context.concept(name) for name in names] if names else self._context.store.all()

    def _columns(self, concepts: Sequence[ConceptRow]) -> tuple[list[Column], dict[str, str]]:
        recorded = self._context.collection.recorded()
        trained = self._context.heads.concepts()
        columns, left_out = [], {}
        for concept in concepts:
            head = self._context.heads.get(concept.id) if concept.id in trained else None
            if head is None:
                left_out[concept.name] = "it has no trained version yet"
            elif head.fingerprint != recorded.fingerprint:
                left_out[concept.name] = (
                    f"version {head.number} is for vectors of another encoder than the library’s, "
                    f"{recorded.name}"
                )
            else:
                frames = self._context.collection.frames
                frame = frames.now(concept.id)
                looks_at = None if frame.is_whole else partial(frames.has, frame)
                columns.append(Column(concept.name, head.number, linear_head(head), looks_at))
        if not columns:
            raise DiscernError(
                "No concept has a version for this library’s encoder yet, so there are no scores."
            )
        return columns, left_out

    def _write(self, job: ScoreTable, progress: Progress) -> TableResult:
        store = self._context.store
        columns, left_out = self._columns([store.get(i) for i in job.concepts] or store.all())
        folder = self._context.settings.home / "scores" / str(progress.job_id)
        out = Path(job.out) if job.out else folder / f"all-concepts.{job.suffix}"
        schema = schema_of(columns, as_csv=job.suffix == "csv")
        rows = table_rows(columns, schema, self._batches(columns, progress))
        with self._context.jobs.precedence.first(), closing(rows):
            counts = write_scores(rows, schema, out)
        concepts = {column.concept: column.version for column in columns}
        return TableResult(out=str(out), rows=counts.rows, concepts=concepts, left_out=left_out)

    def _batches(self, columns: Sequence[Column], progress: Progress) -> Iterator[Placed]:
        index = self._context.collection.index().snapshot()
        total, done = len(index.ids), 0
        for some in with_places(self._context.collection, index, weights(columns)):
            done += len(some.ids)
            progress.report(done, total)
            yield some
