"""What leaves the house: classifiers as files, and files of scores."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Literal

from concepts.bundle.checksums import CHECKSUMS_FILE
from concepts.bundle.decisions import ConceptSaid, PictureSaid, PicturesSaid, zone_of, zones_of
from concepts.classifier.training import check_fingerprint, linear_head
from concepts.classifier.versions import file_stem
from concepts.encoders.base import Vectors
from concepts.errors import BadPictureError, DiscernError
from concepts.jobs import Listener, Progress
from concepts.jobs.job import read_done, read_job
from concepts.learning.scale import Scale
from concepts.learning.scaled import classes, grades
from concepts.library.ingest_worker import embed_pictures
from concepts.library.roots import check_roots, within_roots
from concepts.library.uploads import typed_paths
from concepts.publishing.export import (
    ExportResult,
    ScoreResult,
    bundle_at,
    bundle_of,
    export_heads,
    model_card,
    no_int8_of_classes,
    score_pictures,
)
from concepts.publishing.smaller import ChosenEncoder, Int8Measured, measure_int8
from concepts.view import View
from concepts.workbench.context import Context
from concepts.workbench.exported import changed, exported
from concepts.workbench.jobs import MeasureInt8, Score, ScoreFiles, ScoreTable
from concepts.workbench.versions import Versions
from storage.buckets import written
from storage.heads import StoredHead
from storage.jobs import StoredJob
from storage.tables import ConceptRow


class ScoredFile(View):
    """A file with the scores of a folder, or of the library where `folder` is empty."""

    job: int
    folder: str
    version: int
    suffix: str
    rows: int
    yes: int
    skipped: int
    finished: datetime


class Exports:
    """Classifiers as files that run anywhere, and what they say of new pictures."""

    def __init__(self, context: Context, versions: Versions) -> None:
        self._context = context
        self._versions = versions
        context.jobs.register(ScoreFiles, self._score_files)
        context.jobs.register(Score, self._score)
        context.jobs.register(MeasureInt8, self._measure_int8)

    def export(
        self,
        name: str,
        out: Path,
        *,
        version: int | None = None,
        also: Sequence[str] = (),
        page: bool = False,
        int8: bool = False,
    ) -> ExportResult:
        """Writes a version as files that run anywhere, with the newest of the concepts `also` beside it: they
        share the encoder. Measures them first where that can be done. With a `page` for browsers; in `int8`
        where that was measured for them, see `measure_int8`."""
        chosen = self._chosen(name, version, also)
        measured = self._int8_of(chosen)[0] if int8 else None
        for concept, head in chosen:
            if self._context.dataset(concept, head.definition_number).evaluation_labels()[0]:
                self._versions.evaluate(concept.name, version=head.number)
        versions = [exported(self._context, *one) for one in chosen]
        return export_heads(self._context.collection, versions, out, page=page, int8=measured)

    def archive(
        self,
        name: str,
        version: int | None = None,
        also: Sequence[str] = (),
        *,
        page: bool = False,
        int8: bool = False,
    ) -> Path:
        """The zip of a version's bundle, written when first asked for and when it was measured again."""
        return self._archive(self._chosen(name, version, also), page=page, int8=int8)

    def measure_int8(
        self, name: str, *, version: int | None = None, also: Sequence[str] = ()
    ) -> Int8Measured:
        """Makes an encoder in int8 from pictures of the library, and says what it changes for them."""
        return self._context.jobs.run(self._int8_job(name, version, also))

    def submit_measure_int8(self, name: str, version: int | None = None, also: Sequence[str] = ()) -> int:
        """The same in the background. Returns the job's id."""
        return self._context.jobs.submit(self._int8_job(name, version, also))

    def int8_measured(
        self, name: str, version: int | None = None, also: Sequence[str] = ()
    ) -> Int8Measured | None:
        """What `measure_int8` said last of these versions."""
        found = self._newest_int8(self._chosen(name, version, also))
        return found[0] if found else None

    def could_go_along(self, name: str) -> list[str]:
        """The other concepts with a version for the same encoder, which one file could hold too."""
        own = self._context.concept(name).id
        ready = self._context.heads.newest_are_for(self._context.collection.recorded().fingerprint)
        return [row.name for row in self._context.store.all() if row.id in ready - {own}]

    def model_card(self, name: str, version: int | None = None) -> str:
        """The card of a version as Markdown."""
        version_now = exported(self._context, *self._context.version(name, version))
        return model_card(self._context.collection, version_now)

    def score(
        self,
        bundle: Path,
        paths: Sequence[Path],
        out: Path,
        *,
        trust_encoder: str | None = None,
        digest: str | None = None,
        accept_changed: bool = False,
        listener: Listener | None = None,
    ) -> ScoreResult:
        """Scores new files, or the library where no paths are given, and writes CSV or Parquet.

        Raises `ChangedBundleError` where the bundle is not as it was written, unless `accept_changed`,
        `DiscernError` where it is another than that of the `digest`, and `UntrustedEncoderError` where it is
        for an encoder that is neither the library's nor set nor `trust_encoder`.
        """
        files = tuple(map(written, paths))
        job = Score(str(bundle.absolute()), files, str(out.absolute()), trust_encoder, digest, accept_changed)
        return self._context.jobs.run(job, listener)

    def classify(
        self, pictures: Sequence[tuple[str, bytes]], names: Sequence[str] = (), *, version: int | None = None
    ) -> PicturesSaid:
        """What the newest versions say of a few pictures in memory, by name of the file: of these concepts,
        or of all that have one. `version` is for one concept alone.

        A picture that can't be read has its own error; the others are answered.
        """
        chosen = self._chosen(names[0], version, names[1:]) if names else self._all_ready()
        for _, head in chosen:
            check_fingerprint(head, self._context.collection)
        vectors = embed_pictures([data for _, data in pictures], self._context.collection.encoder())
        return PicturesSaid(
            pictures=tuple(
                PictureSaid(name=name, error=str(vector))
                if isinstance(vector, BadPictureError)
                else PictureSaid(name=name, said=tuple(s for one in chosen for s in said_of(*one, vector)))
                for (name, _), vector in zip(pictures, vectors, strict=True)
            )
        )

    def submit_score_files(self, name: str, version: int, typed: str, suffix: str) -> int:
        """Scores a folder of this computer, or the library where `typed` is empty, into a file to download.
        `suffix` is csv or parquet. Returns the job's id."""
        concept, head = self._context.version(name, version)
        paths = typed_paths(typed) if typed.strip() else []
        paths = check_roots(paths, self._context.settings)
        if suffix not in ("csv", "parquet"):
            raise DiscernError("Scores can be had as CSV or Parquet.")
        files = tuple(map(written, paths))
        return self._context.jobs.submit(ScoreFiles(concept.id, head.number, files, suffix))

    def scored_files(self, name: str) -> list[ScoredFile]:
        """The files with scores that this concept's versions wrote, the newest first."""
        jobs = self._context.jobs.store.about(self._context.concept(name).id, [ScoreFiles.kind])
        return [_scored_file(job) for job in jobs if job.state == "done"]

    def scores_file(self, job_id: int) -> Path:
        """What `submit_score_files`, or a table of all concepts, wrote. Raises `DiscernError` where there is
        no such file (any more)."""
        job = self._context.jobs.store.get(job_id)
        kinds = {ScoreFiles.kind: ScoreFiles, ScoreTable.kind: ScoreTable}
        if job.kind in kinds and job.state == "done" and job.result:
            file = Path(read_done(kinds[job.kind], job).out)
            if file.is_file() and file.resolve().is_relative_to(
                (self._context.settings.home / "scores").resolve()
            ):
                return file
        raise DiscernError(f"Job {job_id} has left no scores to download. Score the pictures again.")

    def _score_files(self, job: ScoreFiles, progress: Progress) -> ScoreResult:
        collection, concept = self._context.collection, self._context.store.get(job.concept_id)
        bundle = bundle_of(
            collection, exported(self._context, concept, self._context.head(concept, job.version))
        )
        folder = self._context.settings.home / "scores" / str(progress.job_id)
        out = folder / f"{file_stem(concept.name, job.version)}.{job.suffix}"
        paths = [Path(path) for path in job.paths]
        within = within_roots(self._context.settings)
        looks_in = None if paths else collection.vectors_for(concept.id)
        goes_first = nullcontext() if paths else self._context.jobs.precedence.first()  # it is over soon
        with goes_first:
            return score_pictures(
                collection, bundle, paths, out, progress.report, within=within, looks_in=looks_in
            )

    def _score(self, job: Score, progress: Progress) -> ScoreResult:
        collection, paths = self._context.collection, [Path(path) for path in job.paths]
        bundle = bundle_at(
            collection,
            Path(job.bundle),
            of_library=not paths,
            digest=job.digest,
            accept_changed=job.accept_changed,
        )
        return score_pictures(collection, bundle, paths, Path(job.out), progress.report, job.trust_encoder)

    def _all_ready(self) -> list[tuple[ConceptRow, StoredHead]]:
        ready = self._context.heads.newest_are_for(self._context.collection.recorded().fingerprint)
        rows = [row for row in self._context.store.all() if row.id in ready]
        return [(row, self._context.head(row, None)) for row in rows]

    def _measure_int8(self, job: MeasureInt8, progress: Progress) -> Int8Measured:
        asked = [(job.concept_id, job.version), *job.also]
        chosen = []
        for concept_id, version in asked:
            head = self._context.head(concept := self._context.store.get(concept_id), version)
            chosen.append(
                ChosenEncoder(concept.name, self._context.dataset(concept, head.definition_number), head)
            )
        return measure_int8(self._context.collection, chosen, progress.report)

    def _int8_job(self, name: str, version: int | None, also: Sequence[str]) -> MeasureInt8:
        chosen = self._chosen(name, version, also)
        _check_int8(chosen)
        (concept, head), *others = chosen
        return MeasureInt8(concept.id, head.number, tuple((other.id, of.number) for other, of in others))

    def _int8_of(self, chosen: Sequence[tuple[ConceptRow, StoredHead]]) -> tuple[Int8Measured, float]:
        """What was measured, and when, in seconds since 1970. Raises `DiscernError` where nothing was."""
        _check_int8(chosen)
        if found := self._newest_int8(chosen):
            return found
        raise DiscernError(
            "What int8 changes is not measured for this yet, and nobody should choose it unseen. Measure it "
            "first."
        )

    def _newest_int8(
        self, chosen: Sequence[tuple[ConceptRow, StoredHead]]
    ) -> tuple[Int8Measured, float] | None:
        (concept, head), *others = chosen
        wanted = MeasureInt8(concept.id, head.number, tuple((other.id, of.number) for other, of in others))
        for job in self._context.jobs.store.about(concept.id, [MeasureInt8.kind]):
            if job.state == "done" and read_job(MeasureInt8, job) == wanted:
                return read_done(MeasureInt8, job), (job.finished or job.created).timestamp()
        return None

    def _chosen(
        self, name: str, version: int | None, also: Sequence[str]
    ) -> list[tuple[ConceptRow, StoredHead]]:
        chosen = [self._context.version(name, version), *(self._context.version(n, None) for n in also)]
        names = [concept.name for concept, _ in chosen]
        if twice := next((one for one in names if names.count(one) > 1), None):
            raise DiscernError(f"“{twice}” is named more than once for one file.")
        return chosen

    def _archive(
        self, chosen: Sequence[tuple[ConceptRow, StoredHead]], *, page: bool = False, int8: bool = False
    ) -> Path:
        concept, head = chosen[0]
        stem = file_stem(concept.name, head.number)
        if others := [(other.id, of.number) for other, of in chosen[1:]]:
            stem += f"-and-{len(others)}-more-{hashlib.sha256(repr(others).encode()).hexdigest()[:8]}"
        measured, since = self._int8_of(chosen) if int8 else (None, 0.0)
        stem += ("-int8" if int8 else "") + ("-with-page" if page else "")
        folder = self._context.settings.home / "bundles" / str(concept.id) / stem
        archive = folder.with_name(folder.name + ".zip")
        with self._context.database.alone("bundles"):
            whole = archive.is_file() and (folder / CHECKSUMS_FILE).is_file()  # which older ones lack
            if whole and archive.stat().st_mtime > max(
                since, *(changed(self._context, *one) for one in chosen)
            ):
                return archive
            versions = [exported(self._context, *one) for one in chosen]
            export_heads(self._context.collection, versions, folder, page=page, int8=measured)
        return archive


def said_of(concept: ConceptRow, head: StoredHead, vector: Vectors) -> list[ConceptSaid]:
    """What a version says of a picture: of exclusive classes each, as its exported file does."""
    linear, scale = linear_head(head), Scale.read(concept.scale)
    chances = classes(linear, vector[None])
    if chances is not None and scale is not None:
        return [
            _said_of_class(name, head.number, float(chances[0, k]), bool(chances[0].argmax() == k))
            for k, name in enumerate(scale.words, 1)
        ]
    probability, grade = float(linear.probabilities(vector[None])[0]), grades(linear, vector[None])
    yes = probability >= head.threshold
    said = ConceptSaid(
        concept=concept.name,
        version=head.number,
        probability=probability,
        decision="yes" if yes else "no",
        zone=zone_of(
            probability,
            yes=yes,
            threshold=head.threshold,
            zones=zones_of(head.threshold, head.details),
        ),
        grade=None if grade is None else float(grade[0]),
    )
    return [said]


def _said_of_class(name: str, version: int, probability: float, is_it: bool) -> ConceptSaid:
    decision: Literal["yes", "no"] = "yes" if is_it else "no"
    return ConceptSaid(
        concept=name, version=version, probability=probability, decision=decision, zone=decision
    )


def _scored_file(job: StoredJob) -> ScoredFile:
    asked, done = read_job(ScoreFiles, job), read_done(ScoreFiles, job)
    return ScoredFile(
        job=job.id,
        folder=asked.paths[0] if asked.paths else "",
        version=asked.version,
        suffix=asked.suffix,
        rows=done.rows,
        yes=done.yes,
        skipped=done.skipped,
        finished=job.finished or job.created,
    )


def _check_int8(chosen: Sequence[tuple[ConceptRow, StoredHead]]) -> None:
    """Before anything is measured for what can't be written then. Raises `DiscernError`."""
    for concept, head in chosen:
        if head.classes is not None:
            raise no_int8_of_classes(concept.name)
