"""Use cases of trained versions: train, measure, compare, export, score."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from concepts.annotators.run import annotator_scores
from concepts.classifier.library_scores import Order as ScoreOrder
from concepts.classifier.quality import CurvePoint, HeadView, Mistake, QualityView, head_view
from concepts.classifier.training import TrainResult
from concepts.classifier.versions import Comparison, ScoredPage, head_views
from concepts.errors import DiscernError
from concepts.export.run import ExportResult, ScoreResult
from concepts.jobs.runner import Handler, Progress
from concepts.learning.heads import HEADS
from concepts.learning.report import EvaluationReport
from concepts.library.roots import check_roots
from concepts.library.uploads import typed_paths
from concepts.workbench.answers import Answers
from concepts.workbench.context import Context, Listener
from storage.heads import StoredHead
from storage.tables import ConceptRow


class Versions:
    """Trained versions and their use."""

    def __init__(self, context: Context, answers: Answers) -> None:
        self._context = context
        self._answers = answers
        self._bundle_lock = threading.Lock()

    def handlers(self) -> dict[str, Handler]:
        """What each kind of job of this room does."""
        return {
            "train": self._train,
            "evaluate": self._evaluate,
            "learning curve": self._learning_curve,
            "score library": self._score_library,
            "score files": self._score_files,
            "score": self._score,
        }

    def train(self, name: str, *, target: str = "f1", head: str = "auto") -> TrainResult:
        """Trains and keeps the next version from all answers so far. `head` names a registered one.

        Raises `UnknownMethodError`, which lists them, before anything is done.
        """
        from concepts.classifier.training import train

        HEADS.require(head)
        concept = self._context.concept(name)
        self._context.draw_evaluation(concept)
        sequence = self._context.log.last_sequence(concept.id)
        return train(
            self._context.material(concept),
            self._context.heads,
            self._context.collection,
            sequence,
            target,
            head,
        )

    def evaluate(
        self, name: str, *, version: int | None = None, plots: Path | None = None
    ) -> EvaluationReport:
        """Measures a version on the evaluation set, beside the baselines; kept with the version."""
        from concepts.classifier.measuring import evaluate

        concept, head = self._context.version(name, version)
        sequence = self._context.log.last_sequence(concept.id)
        material = self._context.material(concept, head.definition_number)
        collection = self._context.collection
        report = evaluate(material, collection, head, partial(annotator_scores, material, collection))
        self._context.heads.add_evaluation(concept.id, head.number, sequence, report.model_dump(mode="json"))
        if plots:
            from concepts.export.run import write_plots

            write_plots(material, self._context.collection, head, report, plots)
        return report

    def export(self, name: str, out: Path, *, version: int | None = None) -> ExportResult:
        """Writes a version as files that run anywhere; measures it first where that can be done."""
        from concepts.export.run import export_head

        concept, head = self._context.version(name, version)
        material = self._context.material(concept, head.definition_number)
        ids, _ = material.evaluation_labels()
        report = self.evaluate(name, version=head.number) if ids else None
        return export_head(material, self._context.collection, head, report, out)

    def score(
        self, bundle: Path, paths: Sequence[Path], out: Path, *, listener: Listener | None = None
    ) -> ScoreResult:
        """Scores new files, or the library where no paths are given, and writes CSV or Parquet."""
        arguments = {
            "bundle": str(bundle.absolute()),
            "paths": [str(path.absolute()) for path in paths],
            "out": str(out.absolute()),
        }
        return ScoreResult.model_validate(self._context.jobs.run("score", arguments, listener))

    def submit_train(self, name: str, *, target: str = "f1", head: str = "auto") -> int:
        """Trains, measures and scores the library in the background; returns the job's id."""
        from concepts.classifier.training import parse_target

        parse_target(target)
        HEADS.require(head)
        arguments = {"concept": self._context.concept(name).name, "target": target, "head": head}
        return self._context.jobs.submit("train", arguments)

    def submit_evaluation(self, name: str, version: int) -> int:
        """Measures a version again in the background; returns the job's id."""
        return self._context.jobs.submit(
            "evaluate", {"concept": self._context.concept(name).name, "version": version}
        )

    def quality(self, name: str, *, version: int | None = None) -> QualityView:
        """How good a version is, on the answers as they are now."""
        from concepts.classifier.quality import quality

        concept, head = self._context.version(name, version)
        standing = self._context.log.standing(concept.id, ("person", "simulated"))
        scores = self._context.library_scores(head)
        measured = self._context.measured(concept, head.number)
        return quality(
            self._context.material(concept), self._context.collection, head, measured, standing, scores
        )

    def versions(self, name: str, limit: int | None = None, offset: int = 0) -> list[HeadView]:
        """Every version with its newest figures, the oldest first; all of them or a page."""
        return head_views(self._context.heads, self._context.concept(name).id, limit, offset)

    def version(self, name: str, number: int) -> HeadView:
        """One version with its newest figures. Raises `UnknownVersionError`."""
        concept, head = self._context.version(name, number)
        measured = self._context.measured(concept, head.number)
        return head_view(head, measured.report if measured else None)

    def mistakes(
        self, name: str, *, version: int | None = None, limit: int | None = None, offset: int = 0
    ) -> list[Mistake]:
        """Pictures people checked and the version gets wrong, the surest mistakes first; all or a page."""
        from concepts.classifier.quality import mistakes

        concept, head = self._context.version(name, version)
        return mistakes(self._context.material(concept), self._context.collection, head, limit, offset)

    def learning_curve(self, name: str) -> list[CurvePoint]:
        """What each answer helped, as computed after the last training; empty before that."""
        done = [
            j
            for j in self._context.jobs.store.about(self._context.concept(name).name, ["learning curve"])
            if j.result
        ]
        return (
            [CurvePoint.model_validate(point) for point in (done[0].result or {})["points"]] if done else []
        )

    def set_threshold(self, name: str, version: int, threshold: float, *, author: str) -> int:
        """Keeps a version with a threshold set by hand as the newest one; returns its number."""
        from concepts.classifier.versions import with_threshold

        concept, head = self._context.version(name, version)
        return self._keep_and_measure(concept, with_threshold(head, threshold, author))

    def use_again(self, name: str, version: int, *, author: str) -> int:
        """Makes an older version the one in use by keeping it once more; returns its new number."""
        from concepts.classifier.training import check_fingerprint
        from concepts.classifier.versions import again

        concept, head = self._context.version(name, version)
        check_fingerprint(head, self._context.collection)
        return self._keep_and_measure(concept, again(head, author))

    def compare_versions(self, name: str, one: int, other: int) -> Comparison:
        """Figures of two versions on the same evaluation pictures, and their differences."""
        from concepts.classifier.versions import compare

        concept, first = self._context.version(name, one)
        _, second = self._context.version(name, other)
        return compare(self._context.material(concept), self._context.collection, first, second)

    def scored_pictures(
        self, name: str, order: ScoreOrder, *, version: int | None = None, start: int = 0, size: int = 24
    ) -> ScoredPage | None:
        """A page of the library as a version ranks it. None where the library is large and was not scored
        yet: `submit_score_library` does that."""
        from concepts.classifier.versions import scored_page

        concept, head = self._context.version(name, version)
        scores = self._context.library_scores(head)
        if scores is None:
            return None
        decisions = self._answers.decisions(concept.name)
        return scored_page(self._context.collection, scores, head, decisions, order, start, size)

    def submit_score_library(self, name: str, version: int) -> int:
        """Has a version look at every picture of the library; returns the job's id."""
        return self._context.jobs.submit(
            "score library", {"concept": self._context.concept(name).name, "version": version}
        )

    def submit_score_files(self, name: str, version: int, typed: str, suffix: str) -> int:
        """Scores a folder of this computer, or the library where `typed` is empty, into a file to download.
        `suffix` is csv or parquet. Returns the job's id."""
        concept, head = self._context.version(name, version)
        paths = typed_paths(typed) if typed.strip() else []
        check_roots(paths, self._context.settings)
        if suffix not in ("csv", "parquet"):
            raise DiscernError("Scores can be had as CSV or Parquet.")
        arguments = {"concept": concept.name, "version": head.number, "paths": [str(p) for p in paths]}
        return self._context.jobs.submit("score files", arguments | {"suffix": suffix})

    def scores_file(self, job_id: int) -> Path:
        """What `submit_score_files` wrote. Raises `DiscernError` where there is no such file (any more)."""
        job = self._context.jobs.store.get(job_id)
        if job.kind == "score files" and job.state == "done" and job.result:
            file = Path(job.result["out"])
            if file.is_file() and file.resolve().is_relative_to(
                (self._context.settings.home / "scores").resolve()
            ):
                return file
        raise DiscernError(f"Job {job_id} has left no scores to download. Score the pictures again.")

    def bundle_archive(self, name: str, version: int | None = None) -> Path:
        """The zip of a version's bundle, written when first asked for and when it was measured again."""
        from concepts.classifier.versions import file_stem
        from concepts.export.run import export_head

        concept, head = self._context.version(name, version)
        folder = (
            self._context.settings.home / "bundles" / str(concept.id) / file_stem(concept.name, head.number)
        )
        archive = folder.with_name(folder.name + ".zip")
        measured = self._context.measured(concept, head.number)
        with self._bundle_lock:
            if archive.is_file() and (
                measured is None or archive.stat().st_mtime > measured.created.timestamp()
            ):
                return archive
            material = self._context.material(concept, head.definition_number)
            export_head(
                material, self._context.collection, head, measured.report if measured else None, folder
            )
        return archive

    def model_card(self, name: str, version: int | None = None) -> str:
        """The card of a version as Markdown."""
        from concepts.export.run import model_card

        concept, head = self._context.version(name, version)
        measured = self._context.measured(concept, head.number)
        material = self._context.material(concept, head.definition_number)
        return model_card(material, self._context.collection, head, measured.report if measured else None)

    def _train(self, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
        from concepts.classifier.versions import is_up_to_date

        concept = self._context.concept(arguments["concept"])
        progress.report(0, 3, "learning from your answers")
        newest, definition = self._context.heads.get(concept.id), self._context.revision(concept).number
        sequence, fingerprint = (
            self._context.log.last_sequence(concept.id),
            self._context.collection.recorded().fingerprint,
        )
        target, way = arguments["target"], arguments.get("head", "auto")
        if newest and is_up_to_date(newest, sequence, definition, fingerprint, target, way):
            number, new = newest.number, False
        else:
            number, new = self.train(concept.name, target=target, head=way).number, True
        return {"version": number, "new": new} | self._measure(concept, number, progress)

    def _evaluate(self, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
        concept, head = self._context.version(arguments["concept"], arguments["version"])
        return {"version": head.number} | self._measure(concept, head.number, progress)

    def _measure(self, concept: ConceptRow, number: int, progress: Progress) -> dict[str, Any]:
        progress.report(1, 3, "measuring on the pictures kept apart")
        measured = bool(self._context.material(concept).evaluation_labels()[0])
        if measured:
            self.evaluate(concept.name, version=number)
        progress.report(2, 3, "looking at the whole library")
        head = self._context.version(concept.name, number)[1]
        self._context.scores.of(head, self._context.collection.index().snapshot())
        answers = self._context.log.last_sequence(concept.id)
        if measured:
            self._context.jobs.submit("learning curve", {"concept": concept.name, "answers": answers})
        return {"measured": measured}

    def _learning_curve(self, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
        from concepts.classifier.quality import learning_curve
        from concepts.classifier.training import way_of

        concept = self._context.concept(arguments["concept"])
        order = dict.fromkeys(
            e.picture_id for e in self._context.log.standing(concept.id, ("person", "simulated"))
        )
        newest = self._context.version(concept.name, None)[1]
        points = learning_curve(self._context.material(concept), list(order), progress.report, way_of(newest))
        return {"points": [point.model_dump() for point in points]}

    def _score_library(self, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
        _, head = self._context.version(arguments["concept"], arguments["version"])
        progress.report(0, None, "looking at every picture")
        scores = self._context.scores.of(head, self._context.collection.index().snapshot())
        return {"pictures": len(scores.probability)}

    def _score_files(self, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
        from concepts.export.run import score_pictures

        bundle = self.bundle_archive(arguments["concept"], arguments["version"])
        out = (
            self._context.settings.home
            / "scores"
            / str(progress.job_id)
            / f"{bundle.stem}.{arguments['suffix']}"
        )
        paths = [Path(path) for path in arguments["paths"]]
        return score_pictures(self._context.collection, bundle, paths, out, progress.report).model_dump()

    def _score(self, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
        from concepts.export.run import score_pictures

        return score_pictures(
            self._context.collection,
            Path(arguments["bundle"]),
            [Path(path) for path in arguments["paths"]],
            Path(arguments["out"]),
            progress.report,
        ).model_dump()

    def _keep_and_measure(self, concept: ConceptRow, head: StoredHead) -> int:
        number = self._context.heads.add(concept.id, head).number
        self.submit_evaluation(concept.name, number)
        return number
