"""What all use cases share: the data folder with its stores, and looking up what a person names."""

from __future__ import annotations

from collections.abc import Collection as Collected
from collections.abc import Sequence
from typing import Any, Literal

from concepts.collaborator.setups import Setup, setup_of
from concepts.definition.document import Revision
from concepts.definition.revisions import definition_of
from concepts.labelling.dataset import ConceptDataset, dataset_of
from concepts.labelling.label_cache import label_cache_of
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
from concepts.results.heads import head_of, newest_figures, rank_with_answers, scores_of, with_versions
from concepts.results.library_scores import LibraryScores, score_cache_of
from concepts.results.measuring import MeasuredVersion
from concepts.settings import Settings
from concepts.use_cases import App, Concept, SharedResources
from storage.heads import StoredHead
from storage.tables import ConceptRow

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
        return [one.row for one in with_versions(self)]

    def head(self, concept: ConceptRow, number: int | None) -> StoredHead:
        return head_of(Concept(self, concept), number)

    def setup(self, concept_id: int) -> Setup:
        return setup_of(self.concept_of(concept_id))

    def measured(self, concept: ConceptRow, number: int) -> MeasuredVersion | None:
        return newest_figures(Concept(self, concept), number)

    def dataset(self, concept: ConceptRow, revision: int | None = None) -> ConceptDataset:
        return dataset_of(Concept(self, concept), revision)

    def library_scores(
        self, concept_id: int, head: StoredHead, *, wait: bool = False
    ) -> LibraryScores | None:
        return scores_of(self.concept_of(concept_id), head, wait=wait)

    def rank_library(self, concept: ConceptRow, head: StoredHead, *, wait: bool) -> None:
        rank_with_answers(Concept(self, concept), head, wait=wait)

    def draw_evaluation(self, concept: ConceptRow, avoid: Sequence[str] = ()) -> None:
        draw_test_pictures(Concept(self, concept), avoid)

    def draw_more(
        self, concept: ConceptRow, waiting: Collected[str] = (), at_least: int = FEW_LEFT + 1
    ) -> None:
        draw_more_test_pictures(Concept(self, concept), waiting, at_least)

    def to_answer(self, concept: ConceptRow) -> list[str]:
        return pictures_to_test_with(Concept(self, concept))
