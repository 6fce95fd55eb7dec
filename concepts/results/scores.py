"""How sure versions are of pictures: of the library, of new files, and where in a picture that comes from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from concepts.bundle.decisions import PictureSaid
from concepts.definition.revisions import definition_of
from concepts.encoders.saliency import Box, compared, locate
from concepts.errors import NOT_ANSWERED, BadPictureError, ConflictError, DiscernError
from concepts.jobs import Lane, Progress, Started
from concepts.labelling.consensus import Decision
from concepts.labelling.framed_parts import part_outlines
from concepts.labelling.label_cache import label_cache_of
from concepts.library.browsing import place_and_shape, views_of
from concepts.library.collection import collection_of
from concepts.library.ingestion import embed_picture, short_side
from concepts.library.originals import original
from concepts.library.roots import check_roots, visitors_paths, within_roots
from concepts.library.uploads import typed_paths
from concepts.results.bundles import exported
from concepts.results.export import ScoreResult, bundle_at, bundle_of, score_pictures
from concepts.results.heads import head_of, look_at_library, rank_with_answers, scores_of, with_versions
from concepts.results.library_scores import LibraryScores, PicturesDone, ScoreOrder, said_of
from concepts.results.rules import score_table
from concepts.results.trained import Version
from concepts.results.training import check_fingerprint, linear_head
from concepts.results.versions import ScoredPage, ScoredPicture, file_stem, on_scale
from concepts.use_cases import App, Concept, use_case
from concepts.use_cases.declaration import kind_of
from concepts.use_cases.parameters import AuthorName, Limit, Offset
from concepts.view import View
from storage.buckets import written
from storage.heads import StoredHead

SAMPLE = 512  # pictures whose parts a part is compared with
DOWN, ACROSS = ("top", "middle", "bottom"), ("left", "centre", "right")
SPREAD = 1 / 3  # of the grid: what is over more has no place

Order = Annotated[
    ScoreOrder,
    Field(description="The surest yes or no, the closest to the threshold, or the least like any label."),
]
FolderPath = Annotated[
    str,
    Field(
        max_length=4096,
        description="A folder, picture or archive of the computer Discern runs on, as a full path; empty for "
        "the library.",
    ),
]
FileFormat = Annotated[Literal["csv", "parquet"], Field(description="The kind of file.")]
PictureId = Annotated[str, Field(description="The id of a picture of the library.")]
JobId = Annotated[int, Field(ge=1, le=2**31 - 1, description="The job that wrote the file.")]


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


class Finds(View):
    """What a version flags and nobody has labelled or given as an example: `count` pictures, and a `page` of
    them. Test pictures without a label are not among them. `more`: where the next page starts; 0 if this is
    the last."""

    page: ScoredPage
    count: int
    more: int


class Heat(View):
    """What each cell of a grid adds to the score, a log-odds; with `rest`, what no cell has, they add up to
    it where `exact`. A part above 0 raised it more than one of any picture of the library does on average;
    where not `exact`, the score falls by so much when the cell is covered. `box`: left, top, right and bottom
    of the grid, as shares of the picture."""

    concept: str
    version: int
    picture: str
    score: float
    probability: float
    threshold: float
    flagged: bool
    parts: list[list[float]]
    rest: float
    exact: bool
    box: Box
    words: str  # where most of it comes from, and how rough that is


@dataclass(frozen=True)
class _Scored:
    """The library as a version scores it. `labelled` by people; `hidden`: test pictures without a label."""

    head: StoredHead
    scores: LibraryScores
    labelled: Mapping[str, Decision]
    hidden: set[str]


@use_case("GET /concepts/{name}/versions/{version}/scores")
def listed_scores(
    concept: Concept, order: Order = "top", version: Version = None, limit: Limit = 50, offset: Offset = 0
) -> ScoredPage:
    """The library from the top, from the bottom, around the threshold, or what is least like the labels.
    The newest version's top and bottom also use the labels of similar pictures, which the exported file
    doesn't have.

    Raises `ConflictError` where the version has not looked at a large library yet, or can't tell
    what is unfamiliar.
    """
    if page := score_page(concept, order, version, limit, offset):
        return page
    raise ConflictError("This version has not looked at the library yet. POST to library-scores first.")


def score_page(
    concept: Concept, order: ScoreOrder, version: int | None = None, limit: int = 24, offset: int = 0
) -> ScoredPage | None:
    """The same. None where the library is large and was not scored yet: `score_library` does that."""
    found = _scored(concept, version)
    if found is None:
        return None
    if order == "unfamiliar" and found.scores.familiarity is None:
        raise ConflictError(
            f"Version {found.head.number} can't tell which pictures are unfamiliar. One with prototypes "
            "can, once the library has some fifty pictures without a label."
        )
    by_score = order in ("borderline", "unfamiliar")
    if not found.scores.is_ranked and not by_score:  # as after a restart: the next look has it
        concept.app.background.submit(rank_with_answers, concept, found.head, wait=False)
    last = offset + limit + len(found.hidden)
    pairs = found.scores.page(order, found.head.threshold, 0, last)
    shown = [pair for pair in pairs if pair[0] not in found.hidden][offset : offset + limit]
    by_look_alikes = found.scores.ranking is not None and not by_score
    return _page(concept, found, shown, offset, by_look_alikes=by_look_alikes)


@use_case("GET /concepts/{name}/finds")
def new_finds(concept: Concept, limit: Limit = 50, offset: Offset = 0) -> Finds:
    """What the newest version flags that nobody has labelled or given as an example, surest first.

    Raises `ConflictError` where the version has not looked at a large library yet.
    """
    if found := find_page(concept, limit, offset):
        return found
    raise ConflictError("This version has not looked at the library yet. POST to library-scores first.")


def find_page(concept: Concept, limit: int = 24, start: int = 0) -> Finds | None:
    """What the newest version flags that is new to people, surest first, from the place `start` of all
    that it flags: so a page stays what it is while the one before is labelled. None as for `page`."""
    found = _scored(concept, None)
    if found is None:
        return None
    definition = definition_of(concept).definition
    known = {*found.labelled, *found.hidden, *definition.examples, *definition.counterexamples}
    flagged, line = found.scores.flagged(found.head.threshold), np.float32(found.head.threshold)
    among = sum(bool(p >= line) for _, p in found.scores.probability.of(list(known)))
    pairs = found.scores.probability.top(min(limit + 1 + among, flagged - start), start)
    new = [(place, pair) for place, pair in enumerate(pairs, start) if pair[0] not in known]
    return Finds(
        page=_page(concept, found, [pair for _, pair in new[:limit]], start),
        count=flagged - among,
        more=new[limit][0] if len(new) > limit else 0,
    )


def pictures_around(
    concept: Concept, threshold: float, n: int
) -> tuple[list[ScoredPicture], list[ScoredPicture]] | None:
    """The n pictures just above a threshold of the newest version and the n just below it, the nearest
    first. None as for `page`."""
    found = _scored(concept, None)
    if found is None:
        return None
    scores, flagged = found.scores.probability, found.scores.flagged(threshold)
    most = n + len(found.hidden)

    def nearest(side: list[tuple[str, float]]) -> list[ScoredPicture]:
        return _page(concept, found, [one for one in side if one[0] not in found.hidden][:n], 0).pictures

    above = scores.top(min(most, flagged), max(flagged - most, 0))[::-1]
    return nearest(above), nearest(scores.top(most, flagged))


def _scored(concept: Concept, version: int | None) -> _Scored | None:
    app, head = concept.app, head_of(concept, version)
    scores = scores_of(concept, head)
    if scores is None:
        return None
    labelled = label_cache_of(app).decisions(concept.id)
    apart = app.store.kept_apart(concept.id) - labelled.keys()
    return _Scored(head, scores, labelled, set(collection_of(app).frames.among(concept.id, apart)))


def _page(
    concept: Concept,
    found: _Scored,
    shown: Sequence[tuple[str, float]],
    start: int,
    *,
    by_look_alikes: bool = False,
) -> ScoredPage:
    collection, head, labelled = collection_of(concept.app), found.head, found.labelled
    ids = [picture for picture, _ in shown]
    pictures = {one.id: one for one in views_of(collection.library.pictures(ids))}
    told = on_scale(collection, head, ids)
    parts = part_outlines(concept, ids)
    near, known = found.scores.familiarity, [*found.labelled, *found.hidden]
    unfamiliar = {i for i, one in near.of([*ids, *known]) if one < 0} if near else set()
    of_all = found.scores.unfamiliar
    return ScoredPage(
        version=head.number,
        threshold=head.threshold,
        total=len(found.scores.probability),
        listed=len(found.scores.probability) - len(found.hidden),
        flagged=found.scores.flagged(head.threshold),
        unfamiliar=None if of_all is None else of_all - len(unfamiliar.intersection(known)),
        start=start,
        by_look_alikes=by_look_alikes,
        pictures=[
            ScoredPicture(
                id=i,
                **place_and_shape(pictures.get(i)),
                probability=p,
                said=(labelled[i].given or labelled[i].value) if i in labelled else "",
                part=parts.get(i),
                unfamiliar=i in unfamiliar and i not in labelled,
                **told.get(i, {}),
            )
            for i, p in shown
        ],
    )


@use_case(command="concept version scores")
def ranked_library(
    concept: Concept, order: Order = "top", version: Version = None, limit: Limit = 20, offset: Offset = 0
) -> ScoredPage:
    """The library as a version ranks it. Waits until it was scored and ranked where that takes long."""
    page = score_page(concept, order, version, limit, offset)
    if page is not None and (page.by_look_alikes or order in ("borderline", "unfamiliar")):
        return page
    if page is None:
        concept.begin(score_library, version).wait()
    else:
        rank_with_answers(concept, head_of(concept, version), wait=True)
    page = score_page(concept, order, version, limit, offset)
    assert page is not None
    return page


def _has_version(concept: Concept, version: int | None = None) -> None:
    head_of(concept, version)


@use_case(
    "POST /concepts/{name}/versions/{version}/library-scores",
    job="Scoring the library",
    before=_has_version,
)
def score_library(concept: Concept, progress: Progress, version: Version = None) -> PicturesDone:
    """Have a version look at every picture of the library."""
    progress.report(0, None, "looking at every picture")
    return PicturesDone(pictures=look_at_library(concept, head_of(concept, version)))


def keep_scored(concept: Concept) -> None:
    """Has the newest version look at a library that is too large to wait for, as after a restart, where
    that neither goes on nor was stopped or failed the last time."""
    head = head_of(concept)
    if scores_of(concept, head) is not None:
        return
    last = concept.latest(score_library)
    if last is None or last.state == "done" or last.arguments["version"] != head.number:
        concept.begin(score_library, head.number)


@use_case("POST /concepts/{name}/versions/{version}/scores", tool="score_files")
def score_folder(
    concept: Concept, path: FolderPath = "", version: Version = None, format: FileFormat = "csv"
) -> Started[ScoreResult]:
    """Score pictures that need not be in the library, or the library, into a file: `GET
    /jobs/{job_id}/scores`."""
    head = head_of(concept, version)
    files = tuple(map(written, _named(concept, path) if path.strip() else []))
    return concept.begin(score_files, head.number, files, format)


def _named(concept: Concept, typed: str) -> list[Path]:
    settings, root = concept.app.settings, collection_of(concept.app).library.root
    return visitors_paths(typed, root, settings) if root else check_roots(typed_paths(typed), settings)


def scored_files(concept: Concept) -> list[ScoredFile]:
    """The files with scores that this concept's versions wrote, the newest first."""
    jobs = concept.app.jobs.store.newest_first([kind_of(score_files)], concept.id, state="done")
    root = collection_of(concept.app).library.root  # that nobody is told of
    return [
        ScoredFile(
            job=job.id,
            folder=next(iter(job.arguments["paths"]), "").removeprefix(root),
            version=job.arguments["version"],
            suffix=job.arguments["suffix"],
            **job.result or {},
            finished=job.finished or job.created,
        )
        for job in jobs
    ]


@use_case(command="concept heat")
def heat_of(concept: Concept, picture: PictureId, version: Version = None, *, author: AuthorName) -> Heat:
    """Where in a picture a version's score comes from: what each cell of a grid over it adds.

    Raises `ConflictError` for a test picture before this person has labelled it, and
    `DiscernError` where no file has it any more or the encoder can't tell.
    """
    collection, head = collection_of(concept.app), head_of(concept, version)
    found_picture = collection.library.picture(picture)
    if picture in concept.app.store.kept_apart(concept.id):
        log = concept.app.log
        standing = log.standing(concept.id, ("person", "simulated"), [picture])
        own = [e for e in standing if e.author.kind == "simulated" or e.author.name == author]
        if all(e.value == "skip" for e in own):
            raise NOT_ANSWERED(concept=concept.name)
    check_fingerprint(head, collection)
    encoder = collection.parts.encoder(head.concept_id)
    with original(found_picture, short_side(encoder)) as decoded:
        if decoded is None:
            raise DiscernError("None of the files of this picture can be read any more.")
        vector = encoder.encode_pictures(np.stack([encoder.prepare(decoded.image)]))[0]
        weights = linear_head(head).weights_at(vector)
        cells = locate(encoder, decoded.image, weights)
    _, seen = collection.parts.seen(head.concept_id)
    _, sample = next(iter(seen.batches(SAMPLE)))  # ids are hashes: by chance
    found = compared(cells, weights, sample.astype(np.float32))
    score = float(found.parts.sum()) + found.rest + head.bias
    probability = 1 / (1 + math.exp(-max(-60.0, min(60.0, score))))
    words = "Only this part of the picture is scored."
    if found.parts.size > 1:
        square = f"each square is about 1/{found.parts.size} of the picture"
        how = "." if found.exact else "; found by covering one square after the other."
        words = f"{said_of_heat(found.parts)} Rough: {square}, and what lies next to it shows in it too{how}"
    return Heat(
        concept=concept.name,
        version=head.number,
        picture=picture,
        score=round(score, 5),
        probability=round(probability, 5),
        threshold=head.threshold,
        flagged=probability >= head.threshold,
        parts=[[round(float(part), 5) for part in row] for row in found.parts],
        rest=round(found.rest + head.bias, 5),
        exact=found.exact,
        box=found.box,
        words=words,
    )


@use_case(job="Scoring files", lane=Lane.LONG)
def score_files(
    concept: Concept, progress: Progress, version: int, paths: tuple[str, ...], suffix: str
) -> ScoreResult:
    """Score files by a version into a file of the data folder; without `paths` the library."""
    app, collection = concept.app, collection_of(concept.app)
    bundle = bundle_of(exported(concept, head_of(concept, version)))
    folder = app.settings.home / "scores" / str(progress.job_id)
    with nullcontext() if paths else app.jobs.precedence.first():  # of the library it is over soon
        return score_pictures(
            collection,
            bundle,
            [Path(path) for path in paths],
            folder / f"{file_stem(concept.name, version)}.{suffix}",
            progress.report,
            within=within_roots(app.settings),
            looks_in=None if paths else collection.vectors_for(concept.id),
            seen_by=collection.parts.encoder(concept.id) if paths else None,
        )


def begin_scoring(
    app: App,
    bundle: Path,
    paths: Sequence[Path],
    out: Path,
    *,
    trust_encoder: str | None = None,
    digest: str | None = None,
    accept_changed: bool = False,
) -> Started[ScoreResult]:
    """Scores new files, or the library where no paths are given, and writes CSV or Parquet.

    The work raises `ChangedBundleError` where the bundle is not as it was written, unless
    `accept_changed`, `DiscernError` where it is another than that of the `digest`, and
    `EncoderError` where it is for an encoder that is neither the library's nor set nor
    `trust_encoder`.
    """
    files = tuple(map(written, paths))
    return app.begin(
        score, str(bundle.absolute()), files, str(out.absolute()), trust_encoder, digest, accept_changed
    )


def classifier(
    app: App, names: Sequence[str] = (), *, version: int | None = None
) -> Callable[[str, Callable[[], bytes]], PictureSaid]:
    """What the newest versions say of a picture, by the name of its file and what reads it: of these
    concepts, or of all that have one. An older `version` speaks for one concept alone.

    A picture that can't be read has its own error.
    """
    if version is not None and len(names) != 1:
        raise DiscernError("A version is of one concept: name that one alone.")
    concepts = [app.concept(name) for name in names] or with_versions(app)
    chosen = [(one, head_of(one, version)) for one in concepts]
    for _, head in chosen:
        check_fingerprint(head, collection_of(app))
    parts = collection_of(app).parts
    encoders = {parts.fingerprint(one.id): parts.encoder(one.id) for one, _ in chosen}

    def said(name: str, read: Callable[[], bytes]) -> PictureSaid:
        try:
            data = read()
            vectors = {seen: embed_picture(data, encoder) for seen, encoder in encoders.items()}
        except BadPictureError as error:
            return PictureSaid(name=name, error=str(error))
        found = (said_of(one.row, head, vectors[head.fingerprint]) for one, head in chosen)
        return PictureSaid(name=name, said=tuple(chain.from_iterable(found)))

    return said


@use_case("GET /jobs/{job_id}/scores", audit="downloaded scores")
def score_file(app: App, job_id: JobId) -> Path:
    """The file that a scoring job wrote.

    Raises `DiscernError` where there is no such file (any more).
    """
    job = app.jobs.store.get(job_id)
    if job.kind in (kind_of(score_files), kind_of(score_table)) and job.state == "done" and job.result:
        file = Path(job.result["out"])
        if file.is_file() and file.resolve().is_relative_to((app.settings.home / "scores").resolve()):
            return file
    raise DiscernError(f"Job {job_id} has left no scores to download. Score the pictures again.")


def concepts_that_score(app: App) -> list[str]:
    """Names of the concepts with a version for the library's encoder, in the order of the alphabet."""
    if collection_of(app).library.encoder() is None:
        return []
    return sorted((one.name for one in with_versions(app)), key=str.casefold)


@use_case(job="Scoring files", lane=Lane.LONG)
def score(
    app: App,
    progress: Progress,
    bundle: str,
    paths: tuple[str, ...],
    out: str,
    trust_encoder: str | None = None,
    digest: str | None = None,
    accept_changed: bool = False,
) -> ScoreResult:
    """Score files by a bundle into the file `out`; without `paths` the library."""
    collection = collection_of(app)
    classifier = bundle_at(
        collection, Path(bundle), of_library=not paths, digest=digest, accept_changed=accept_changed
    )
    files = [Path(path) for path in paths]
    return score_pictures(collection, classifier, files, Path(out), progress.report, trust_encoder)


def said_of_heat(parts: NDArray[np.float64]) -> str:
    """Where the strongest of what raised the score lies: the parts of at least half of the strongest one."""
    raised = np.maximum(parts, 0)
    if raised.sum() <= 0:
        return "No part of it raised the score more than parts of other pictures do."
    strong = np.where(raised >= raised.max() / 2, raised, 0)
    much = "Most" if strong.sum() > raised.sum() / 2 else "The strongest"
    if np.count_nonzero(strong) > parts.size * SPREAD:
        return f"{much} of what raised the score is spread over the picture."
    row, column = (
        min(2, int(3 * (np.arange(n) + 0.5) @ strong.sum(axis=1 - axis) / strong.sum() / n))
        for axis, n in enumerate(parts.shape)
    )
    where = "in the middle" if row == column == 1 else f"at the {DOWN[row]} {ACROSS[column]}"
    return f"{much} of what raised the score is {where}."
