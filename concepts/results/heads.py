"""Which version of a concept is meant, its newest figures, and what it says of the library."""

from __future__ import annotations

from concepts.errors import NO_VERSION, UnknownError
from concepts.labelling.dataset import dataset_of
from concepts.labelling.ranking import rank_library
from concepts.library.collection import collection_of
from concepts.library.neighbourhood import neighbourhood_of
from concepts.results.library_scores import LibraryScores, score_cache_of
from concepts.results.measuring import MeasuredVersion, measured
from concepts.results.training import check_fingerprint
from concepts.use_cases import App, Concept
from storage.heads import StoredHead

SCORED_AT_ONCE = 200_000  # up to here the whole library is scored while a screen waits


def head_of(concept: Concept, version: int | None = None) -> StoredHead:
    """The newest version, or the one asked for. Raises `UnknownError`."""
    heads, name = concept.app.heads, concept.name
    head = heads.get(concept.id, version)
    if head is None:
        newest = heads.get(concept.id)
        if newest is None:
            raise NO_VERSION(concept=name)
        raise UnknownError(f"“{name}” has no version {version}; it has 1 to {newest.number}.", "version")
    return head


def newest_figures(concept: Concept, version: int) -> MeasuredVersion | None:
    """The newest figures of a version; None before it was measured."""
    return measured(concept.app.heads.evaluation(concept.id, version))


def with_versions(app: App) -> list[Concept]:
    """The concepts with a version for the library's encoder."""
    rows, made = app.store.all(), app.heads.newest_fingerprints()
    if not rows:
        return []
    collection = collection_of(app)
    of_parts, whole = collection.parts.fingerprints(), collection.recorded().fingerprint
    return [Concept(app, row) for row in rows if made.get(row.id) == of_parts.get(row.id, whole)]


def scores_of(concept: Concept, head: StoredHead, *, wait: bool = False) -> LibraryScores | None:
    """What a version says of the pictures the concept looks in; None where that would keep a screen waiting,
    which can't `wait`."""
    collection, cache = collection_of(concept.app), score_cache_of(concept.app)
    check_fingerprint(head, collection)
    vectors = collection.vectors_for(concept.id)
    if not wait and len(vectors.ids) > SCORED_AT_ONCE and not cache.has(head, vectors):
        return None
    return cache.of(head, vectors)


def rank_with_answers(concept: Concept, head: StoredHead, *, wait: bool) -> None:
    """Puts the library in the order of all answers, kept beside the scores of a version. An older version
    that is looked at, or in use again, shows what it makes of the library itself. Where the neighbour graph
    isn't there yet this takes a while, or without `wait` only begins it."""
    app = concept.app
    cache, neighbourhood = score_cache_of(app), neighbourhood_of(app)
    vectors = collection_of(app).vectors_for(concept.id)
    newest = max(one.label_sequence for one in app.heads.all(concept.id))
    if not neighbourhood.fits(vectors) or head.label_sequence != newest:
        return
    if cache.of(head, vectors).is_ranked:
        return
    graph_of = neighbourhood.graph if wait else neighbourhood.at_once
    ranking = rank_library(dataset_of(concept, head.definition_number), graph_of)
    if ranking is not None or wait:
        cache.rank(head, vectors, ranking)


def look_at_library(concept: Concept, head: StoredHead) -> int:
    """Scores and ranks the library, and returns how many pictures that are."""
    with concept.app.jobs.precedence.first():
        scores = score_cache_of(concept.app).of(head, collection_of(concept.app).vectors_for(concept.id))
        rank_with_answers(concept, head, wait=True)
    return len(scores.probability)
