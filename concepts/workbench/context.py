"""What all use cases share: the data folder with its stores, and looking up what a person names."""

from __future__ import annotations

from collections.abc import Collection as Collected
from collections.abc import Sequence
from typing import Any, Literal

from concepts.collaborator.setups import Setup, setup_of
from concepts.definition.document import Revision
from concepts.definition.revisions import definition_of
from concepts.errors import NO_VERSION, UnknownError
from concepts.labelling.dataset import ConceptDataset, dataset_of
from concepts.labelling.label_cache import label_cache_of
from concepts.labelling.ranking import rank_library
from concepts.labelling.waves import (
    draw_more_test_pictures,
    draw_test_pictures,
    pictures_to_test_with,
)
from concepts.language.ledger import ledger_of
from concepts.learning.waves import FEW_LEFT
from concepts.library.collection import collection_of
from concepts.library.neighbourhood import neighbourhood_of
from concepts.library.renditions import renditions_of
from concepts.library.search import finder_of
from concepts.library.uploads import uploads_of
from concepts.results.library_scores import LibraryScores, score_cache_of
from concepts.results.measuring import MeasuredVersion, measured
from concepts.results.training import check_fingerprint
from concepts.settings import Settings
from concepts.use_cases import App, Concept, SharedResources
from storage.heads import StoredHead
from storage.tables import ConceptRow

SCORED_AT_ONCE = 200_000  # up to here the whole library is scored while a screen waits

# The steps of a concept, and the screen each is done on.
JOURNEY = (
    ("Describe", "/describe"),
    ("Label", "/label"),
    ("Check", "/check"),
    ("Results", "/results"),
)

Purpose = Literal["train", "evaluation"]


class Context(App):
    """One data folder, with the services of every room of the Workbench."""

    bench: Any  # the Workbench over it

    def __init__(self, settings: Settings, lent: SharedResources | None = None) -> None:
        super().__init__(settings, lent)
        self.collection = collection_of(self)
        self.label_cache = label_cache_of(self)
        self.ledger = ledger_of(self)
        self.uploads = uploads_of(self)
        self.finder = finder_of(self)
        self.scores = score_cache_of(self)
        self.neighbourhood = neighbourhood_of(self)
        self.renditions = renditions_of(self)

    def row_of(self, name: str) -> ConceptRow:
        """By its name, by one it had before it was renamed, or as `id:7`. Raises `UnknownError`, also for one
        in the trash."""
        return self.concept(name).row

    def revision(self, concept: ConceptRow, number: int | None = None) -> Revision:
        return definition_of(Concept(self, concept), number)

    def with_versions(self) -> list[ConceptRow]:
        """The concepts with a version for the library's encoder."""
        rows, made = self.store.all(), self.heads.newest_fingerprints()
        if not rows:
            return []
        of_parts, whole = self.collection.parts.fingerprints(), self.collection.recorded().fingerprint
        return [row for row in rows if made.get(row.id) == of_parts.get(row.id, whole)]

    def head(self, concept: ConceptRow, number: int | None) -> StoredHead:
        """The newest trained version, or the one asked for. Raises `UnknownError`."""
        head = self.heads.get(concept.id, number)
        if head is None:
            name, newest = concept.name, self.heads.get(concept.id)
            if newest is None:
                raise NO_VERSION(concept=name)
            raise UnknownError(f"“{name}” has no version {number}; it has 1 to {newest.number}.", "version")
        return head

    def setup(self, concept_id: int) -> Setup:
        return setup_of(self.concept_of(concept_id))

    def measured(self, concept: ConceptRow, number: int) -> MeasuredVersion | None:
        """The newest figures of a version."""
        return measured(self.heads.evaluation(concept.id, number))

    def dataset(self, concept: ConceptRow, revision: int | None = None) -> ConceptDataset:
        return dataset_of(Concept(self, concept), revision)

    def library_scores(
        self, concept_id: int, head: StoredHead, *, wait: bool = False
    ) -> LibraryScores | None:
        """What a version says of the pictures the concept looks in; None where that would keep a screen
        waiting, which can't `wait`."""
        check_fingerprint(head, self.collection)
        vectors = self.collection.vectors_for(concept_id)
        if not wait and len(vectors.ids) > SCORED_AT_ONCE and not self.scores.has(head, vectors):
            return None
        return self.scores.of(head, vectors)

    def rank_library(self, concept: ConceptRow, head: StoredHead, *, wait: bool) -> None:
        """Puts the library in the order of all answers, kept beside the scores of a version. An older
        version that is looked at, or in use again, shows what it makes of the library itself. Where the
        neighbour graph isn't there yet this takes a while, or without `wait` only begins it."""
        vectors = self.collection.vectors_for(concept.id)
        newest = max(one.label_sequence for one in self.heads.all(concept.id))
        if not self.neighbourhood.fits(vectors) or head.label_sequence != newest:
            return
        if self.scores.of(head, vectors).is_ranked:
            return
        graph_of = self.neighbourhood.graph if wait else self.neighbourhood.at_once
        ranking = rank_library(self.dataset(concept, head.definition_number), graph_of)
        if ranking is not None or wait:
            self.scores.rank(head, vectors, ranking)

    def draw_evaluation(self, concept: ConceptRow, avoid: Sequence[str] = ()) -> None:
        draw_test_pictures(Concept(self, concept), avoid)

    def draw_more(
        self, concept: ConceptRow, waiting: Collected[str] = (), at_least: int = FEW_LEFT + 1
    ) -> None:
        draw_more_test_pictures(Concept(self, concept), waiting, at_least)

    def to_answer(self, concept: ConceptRow) -> list[str]:
        return pictures_to_test_with(Concept(self, concept))
