"""A kept head and its figures → a bundle, plots, and scores of many pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from concepts import __version__
from concepts.bundle.account import Account
from concepts.bundle.card import card_text
from concepts.bundle.facts import BundleHeadFacts, Combined, ConceptFacts, EncoderFacts, Grades, OneOf
from concepts.bundle.heads import BundleHead, EncoderGraph, classifier_bytes, encoder_graph, why_alone
from concepts.bundle.load import CLASSIFIER_FILE, Bundle, check_for, load_bundle
from concepts.bundle.page import Shown, classifying_page, document_of
from concepts.bundle.score import Rows, file_rows, schema_of, score_rows, write_scores
from concepts.bundle.scorer import Outputs
from concepts.bundle.write import BundlePart, bundle_facts, licence_of_encoder, write_bundle
from concepts.definition.document import Revision
from concepts.encoders import refuse_parts
from concepts.encoders.base import Encoder
from concepts.encoders.parts import is_of_parts
from concepts.errors import DiscernError
from concepts.jobs import Listener
from concepts.jobs.engines import InProcess
from concepts.labelling.dataset import ConceptDataset
from concepts.learning.base import LinearHead
from concepts.learning.report import ClassFigures, EvaluationReport, LabelCount, Metric, target_met
from concepts.learning.scaled import GRADED, cuts_of
from concepts.library.collection import Collection
from concepts.library.ingestion import embed_or_skip, short_side
from concepts.library.placed_scores import with_places
from concepts.results.measuring import earlier_labels, pictures
from concepts.results.quality import elsewhere
from concepts.results.training import check_fingerprint, linear_head
from concepts.view import View, count
from storage.files import read_kept, write_kept
from storage.heads import StoredHead
from storage.pictures.files import Within
from storage.vectors.products import one_blas_thread
from storage.vectors.reader import VectorReader

GRADE_FIGURES = {
    "exact": "the very grade",
    "within_one": "within one grade",
    "kappa": "quadratic weighted kappa",
}
INT8 = "int8-"  # how the precision of an encoder begins that `study.int8` made smaller
CLASSES_CALIBRATED = "a slope and an offset for each class on held-out scores, folded into weights and biases"


class ExportResult(View):
    folder: str
    archive: str
    head: int  # of the first
    concepts: dict[str, int]  # and every one's version
    measured: bool  # whether all were


class ScoreResult(View):
    out: str
    rows: int
    yes: int
    skipped: int

    def says(self) -> str:
        return f"{count(self.rows, 'picture')}, {self.yes:,} yes."


@dataclass(frozen=True)
class Exported:
    """A version to export. `name`: what the concept is called now, which its definition then may not say;
    `report`: the evaluation to print on the card; `story`: how the concept came about, in sentences."""

    name: str
    dataset: ConceptDataset
    head: StoredHead
    report: EvaluationReport | None
    story: tuple[str, ...] = ()

    @property
    def facts(self) -> ConceptFacts:
        """Of the whole concept."""
        dataset, head, report = self.dataset, self.head, self.report
        details, graded = head.details, head.details.get(GRADED)
        counts = [LabelCount.model_validate(count) for count in details.get("labels", [])]
        notes = ["This version has not been measured."]
        metrics: list[Metric] = []
        if report:
            earlier = earlier_labels(dataset)  # as of now: the definition may have changed
            notes = [*report.notes, *([earlier] if earlier else ())]
            if moved := elsewhere(report, dataset.frame):
                notes.append(moved)
            elif report.looks_in:
                notes.append(f"Measured in {dataset.frame.name} alone.")
            metrics += report.metrics
            if grades := report.grades:
                metrics += [
                    getattr(grades, name).model_copy(update={"name": words})
                    for name, words in GRADE_FIGURES.items()
                ]
        if dataset.collection.parts.focus(head.concept_id):
            notes.append("It judges one part of a picture: the part most like what people framed.")
        if any(count.author_kind == "simulated" for count in counts):
            notes.append("Some of the labels it learned from are a simulated person's, not a real one's.")
        calibration = "none"
        if cuts_of(details) is not None:
            calibration = "a slope and the cuts between grades on held-out scores"
        elif details.get("calibration"):
            calibration = "Platt scaling on held-out scores, folded into weights and bias"
        met = target_met(str(details.get("target", "")), metrics)
        return ConceptFacts(
            created=head.created,
            concept=self.name,
            definition=dataset.revision.definition,
            definition_revision=head.definition_number,
            head=BundleHeadFacts.of(
                replace(linear_head(head), details=details | {"target_met": met}),
                number=head.number,
                target=str(details.get("target", "none")),
                calibration=calibration,
            ),
            training_labels=tuple(counts),
            evaluation_labels=report.labels if report else (),
            evaluation_drawn=report.drawn if report else None,
            grades=Grades(n=len(graded["cuts"]) + 1, counts_from=graded["counts_from"]) if graded else None,
            metrics=tuple(metrics),
            baselines=report.baselines if report else (),
            notes=tuple(notes),
        )

    def parts(self) -> list[BundlePart]:
        """Of exclusive classes one each, else one."""
        head, facts, scale = linear_head(self.head), self.facts, self.dataset.scale
        if head.classes is None or scale is None:
            curves = self.report.curves if self.report else None
            return [BundlePart(BundleHead(head, cuts_of(head.details)), facts, curves, self.story)]
        figures = self.report.classes if self.report else None
        first, *others = [_of_class(head, facts, *one, figures) for one in enumerate(scale.words)]
        return [replace(first, story=self.story), *others]


def export_heads(
    versions: Sequence[Exported],
    out: Path,
    *,
    page: bool = False,
    rule: Combined | None = None,
) -> ExportResult:
    """Writes the folder `out`, with all of them, perhaps a `page` for browsers and the `rule` that combines
    them, and a zip beside it."""
    collection = versions[0].dataset.collection
    for version in versions:
        check_fingerprint(version.head, collection)
    by = _rule_of(versions, rule)
    seen = {collection.parts.fingerprint(version.head.concept_id) for version in versions}
    if len(seen) > 1:
        raise DiscernError(
            "These concepts judge different parts of pictures, and a bundle has one encoder. Export each on "
            "its own."
        )
    encoder, graph = graph_of(collection, versions[0].head.concept_id)
    parts = [part for version in versions for part in version.parts()]
    folder = write_bundle(out, parts, encoder_facts(encoder), graph, by, page=page)
    return ExportResult(
        folder=str(folder),
        archive=str(folder.with_name(folder.name + ".zip")),
        head=versions[0].head.number,
        concepts={version.name: version.head.number for version in versions},
        measured=all(version.report for version in versions),
    )


def bundle_of(version: Exported) -> Bundle:
    """What the files of a version would say of pictures, without the files: to draw its figures and to write
    its networks takes longer than to score a million pictures."""
    collection = version.dataset.collection
    check_fingerprint(version.head, collection)
    parts = version.parts()
    # What is known of the encoder from when it was loaded: that takes seconds, and here it encodes nothing.
    # Whether it is the same its fingerprint says, which is that of the other fields.
    fingerprint = collection.parts.fingerprint(version.head.concept_id)
    kept, about = collection.cache / f"{fingerprint}.json", None
    with suppress(ValueError):
        about = EncoderFacts.model_validate_json(read_kept(kept) or b"")
    if about is None or about.fingerprint != fingerprint:
        about = encoder_facts(collection.parts.encoder(version.head.concept_id))
        with suppress(OSError):
            write_kept(kept, about.model_dump_json().encode())
    facts = bundle_facts(parts, about, _rule_of([version]))
    return Bundle(tuple(part.head for part in parts), facts)


def bundle_at(
    collection: Collection,
    path: Path,
    *,
    of_library: bool,
    digest: str | None = None,
    accept_changed: bool = False,
) -> Bundle:
    """A bundle that is to score new files, or the pictures `of_library`. Raises `DiscernError` where it is
    none, has changed, is another than that of the `digest`, or is for other vectors."""
    bundle = load_bundle(path, digest=digest, accept_changed=accept_changed)
    if bundle.facts.encoder.precision.startswith(INT8):
        raise DiscernError(
            "This classifier is for an encoder in int8, which lies in it and not here. Score pictures with "
            "its classify.py."
        )
    if of_library:
        refuse_parts(bundle.facts.encoder.fingerprint)
        check_for(bundle, path, collection.recorded().fingerprint)
    return bundle


def _rule_of(versions: Sequence[Exported], combined: Combined | None = None) -> Combined | OneOf | None:
    """The one that they are combined by, or that of exclusive classes, which are all that a file of them
    holds."""
    name = next((version.name for version in versions if version.head.classes is not None), None)
    if name is None:
        return combined
    if len(versions) > 1 or combined:
        raise DiscernError(
            f"“{name}” has exclusive classes, which fill a file of their own. Export it without the others."
        )
    return OneOf()


def model_card(version: Exported) -> str:
    """The bundle's card in Markdown, without the front matter that is for programs and without plots."""
    check_fingerprint(version.head, version.dataset.collection)
    encoder = version.dataset.collection.parts.encoder(version.head.concept_id)
    parts = version.parts()
    facts = bundle_facts(parts, encoder_facts(encoder), _rule_of([version]))
    text = card_text(facts, alone=why_alone(encoder), stories=[part.story for part in parts])
    return text.split("\n---\n", 1)[1].strip()


def graph_of(collection: Collection, concept_id: int) -> tuple[Encoder, EncoderGraph | str]:
    """The encoder a concept sees by and its graph, or why it has none. Made once, which takes seconds."""
    encoder = collection.parts.encoder(concept_id)
    return encoder, encoder_graph(encoder, short_side(encoder), collection.cache)


def version_page(version: Exported, shown: Shown, *, classifier: bool = False) -> str:
    """What a version that was checked says about itself, as one file; with the `classifier` in it, it looks
    at pictures too. Raises `DiscernError` where its encoder can't go along."""
    account = Account(version.facts, __version__, version.story)
    if not classifier:
        return document_of(account, shown)
    encoder, graph = graph_of(version.dataset.collection, version.head.concept_id)
    if isinstance(graph, str):
        raise DiscernError(f"A page that looks at pictures needs the encoder in it: {graph}.")
    parts = version.parts()
    facts = bundle_facts(parts, encoder_facts(encoder), _rule_of([version]))
    content = classifier_bytes(graph, [part.head for part in parts], facts)
    licence = licence_of_encoder(graph).replace(CLASSIFIER_FILE, "This page", 1)
    return classifying_page(content, graph.shown, facts, account, shown, licence)


def encoder_facts(encoder: Encoder) -> EncoderFacts:
    return EncoderFacts(
        name=encoder.name,
        fingerprint=str(encoder.fingerprint),
        dimension=encoder.dimension,
        licence=encoder.licence,
        **vars(encoder.fingerprint),
    )


def score_pictures(
    collection: Collection,
    bundle: Bundle,
    paths: Sequence[Path],
    out: Path,
    listener: Listener,
    trust: str | None = None,
    within: Within | None = None,
    looks_in: VectorReader | None = None,
    seen_by: Encoder | None = None,
) -> ScoreResult:
    """Scores new files (of links those that stay `within`) with the bundle's encoder, or every picture of
    the library, or of what a concept `looks_in`. `seen_by` is the bundle's encoder, where it is at hand; else
    `trust` names the one to load where nobody here has chosen it."""
    done, skipped, root = 0, 0, collection.library.root

    def tell() -> None:
        listener(done, None, f"{skipped:,} skipped")

    def fresh(
        encoder: Encoder,
    ) -> Iterator[tuple[list[str], list[str], Outputs, list[tuple[str, str]]]]:
        nonlocal done, skipped
        # Other machines load an encoder by its name, and that of a part has none.
        engine = InProcess() if is_of_parts(str(encoder.fingerprint)) else collection.engine
        handle = collection.handle(encoder)
        for ids, uris, vectors, bad in embed_or_skip(paths, encoder, within, engine, handle, tell):
            done += len(ids) + len(bad)
            skipped += len(bad)
            tell()
            told = [uri.removeprefix(root) for uri in uris]
            failed = [(one.uri.removeprefix(root), one.message) for one in bad]
            yield ids, told, bundle.outputs(vectors), failed
        if not done:
            places = ", ".join(str(path).removeprefix(root) for path in paths)
            raise DiscernError(
                f"No picture was found in {places}. Nothing was written; name a folder that has some."
            )

    schema = schema_of(bundle, of_files=bool(paths))
    if paths:
        wanted = bundle.facts.encoder
        encoder = seen_by or collection.encoder_like(wanted.name, wanted.fingerprint, trust)
        rows = file_rows(bundle, fresh(encoder))
    else:
        # With no name of its own: it ends, with its threads, where `rows` are closed.
        index = looks_in or collection.index()
        rows = score_rows(
            bundle,
            (
                (ids, places, bundle.said(of))
                for ids, places, of in with_places(collection, index, bundle.weights, listener)
            ),
        )
        if videos := video_scores(collection, bundle, index):
            rows, schema = with_column(rows, schema, videos)
    with one_blas_thread, closing(rows):
        counts = write_scores(rows, schema, out)
    return ScoreResult(out=str(out), rows=counts.rows - skipped, yes=counts.yes, skipped=skipped)


def _of_class(
    head: LinearHead, facts: ConceptFacts, place: int, name: str, figures: ClassFigures | None
) -> BundlePart:
    """A class's own head and description; the rule of the bundle makes classes exclusive. `facts` are those
    of the whole concept."""
    assert head.classes is not None
    line = LinearHead(
        "softmax", head.classes[place, :-1].copy(), float(head.classes[place, -1]), 0.5, head.details
    )
    about = BundleHeadFacts.of(
        line, number=facts.head.number, target="the likeliest class", calibration=CLASSES_CALIBRATED
    )
    said = {one.name: one.said for one in figures.classes} if figures else {}
    own = next((one for one in figures.classes if one.name == name), None) if figures else None
    metrics: tuple[Metric, ...] = ()
    if figures and own:
        accuracy = figures.accuracy.model_copy(update={"name": "right class, of all"})
        metrics = (own.precision, own.recall, accuracy)
    changes = {
        "concept": name,
        "head": about,
        "metrics": metrics,
        "baselines": (),
        "training_labels": _counts(facts.training_labels, head.details["said"], name),
        "evaluation_labels": _counts(facts.evaluation_labels, said, name),
        "notes": (f"A class of “{facts.concept}”, of which at most one is right.", *facts.notes),
    }
    return BundlePart(BundleHead(line), facts.model_copy(update=changes))


def _counts(of_all: tuple[LabelCount, ...], said: dict[str, int], name: str) -> tuple[LabelCount, ...]:
    """Of the labels that name a class: this one, and another or none."""
    if not said:
        return ()
    simulated = any(count.author_kind == "simulated" for count in of_all)
    yes, n = said.get(name, 0), sum(said.values())
    return (LabelCount(author_kind="simulated" if simulated else "person", yes=yes, no=n - yes),)


SHARPNESS = 4.0  # between the mean of all frames (0) and the surest one alone, which grows with their number

Said = dict[str, tuple[float, ...]]  # id → of each column with a score that of its video


def video_score(probability: NDArray[np.floating]) -> float:
    """Of a video whose frames (n,) have these: log(mean(exp(4 · logit))) / 4, as a probability."""
    sure = np.clip(probability, 1e-9, 1 - 1e-9)
    logits = SHARPNESS * np.log(sure / (1 - sure))
    logit = (np.logaddexp.reduce(logits) - np.log(len(logits))) / SHARPNESS
    return float(1 / (1 + np.exp(-logit)))


def video_scores(collection: Collection, bundle: Bundle, index: VectorReader) -> Said:
    """Of the library. Empty where it has no videos."""
    said: Said = {}
    for frames in collection.library.videos().values():
        if here := [picture for picture in frames.values() if picture in index.ids]:
            found = bundle.outputs(index.vectors(here)).probability
            said |= dict.fromkeys(here, tuple(video_score(column) for column in found.T))
    return said


def with_column(rows: Rows, schema: pa.Schema, said: Said) -> tuple[Rows, pa.Schema]:
    """The same with the scores of videos at the end."""
    scores = [name for name in schema.names if name == "score" or name.endswith(": score")]
    names = [name.removesuffix("score") + "video_score" for name in scores]

    def more() -> Rows:
        with closing(rows):
            for batch in rows:
                for place, name in enumerate(names):
                    found = [said[one][place] if one in said else None for one in batch["id"].to_pylist()]
                    batch = batch.append_column(name, pa.array(found, pa.float64()))
                yield batch

    return more(), pa.schema([*schema, *(pa.field(name, pa.float64()) for name in names)])


CHANGES = 10  # definitions that changed it, the last ones
LINES = 3  # that came or went with each of them
LONGEST = 120  # characters of a line


def story_of(
    revisions: Sequence[Revision], rounds: int, people: Sequence[int], simulated: int
) -> tuple[str, ...]:
    """In sentences. `revisions`: from the first on; `rounds`: of borderline pictures; `people`: how many
    pictures each of them labelled; `simulated`: how many a simulation did."""
    changes = []
    for before, after in pairwise(revisions):
        # Without the first line, which is the name.
        old, new = (one.definition.as_text().split("\n")[1:] for one in (before, after))
        came, went = ([line.strip() for line in a if line not in b] for a, b in ((new, old), (old, new)))
        said = [f"{verb} {_quoted(lines)}" for verb, lines in (("adds", came), ("removes", went)) if lines]
        if said:
            changes.append(f"Definition {after.number}, {_day(after.created)}: {'; '.join(said)}.")
    counts = ", ".join(f"{n:,}" for n in sorted(people, reverse=True))
    by = f"{len(people)} people labelled pictures: {counts}."
    if len(people) == 1:
        by = f"One person labelled {pictures(*people)}."
    left_out = len(changes) - CHANGES
    return (
        f"Begun on {_day(revisions[0].created)}.",
        *([f"{left_out:,} earlier changes of the definition are left out."] if left_out > 0 else []),
        *changes[-CHANGES:],
        *([f"Rounds of borderline pictures about what it leaves open: {rounds:,}."] if rounds else []),
        *([by] if people else []),
        *([f"A simulated person labelled {pictures(simulated)}."] if simulated else []),
    )


def _quoted(lines: Sequence[str]) -> str:
    shown = [f"“{line if len(line) <= LONGEST else f'{line[:LONGEST]}…'}”" for line in lines[:LINES]]
    more = len(lines) - LINES
    return ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")


def _day(when: datetime) -> str:
    return f"{when.day} {when:%B %Y}"
