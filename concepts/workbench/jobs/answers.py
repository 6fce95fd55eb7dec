"""Long work on labels: a machine's, and looking over those of people."""

from __future__ import annotations

from dataclasses import dataclass

from concepts.classifier.quality import Coverage
from concepts.classifier.rarity import Rarity
from concepts.classifier.stability import Settling
from concepts.collaborator.annotating import AnnotateResult
from concepts.collaborator.comparing import AnnotatorsCompared
from concepts.jobs import Job, Lane
from concepts.labelling.review import ReviewRow
from concepts.view import View


@dataclass(frozen=True)
class Annotate(Job[AnnotateResult]):
    """`budget` in USD."""

    kind = "annotate"
    lane = Lane.LONG
    concept_id: int
    limit: int | None = None
    budget: float | None = None
    annotator: str = "auto"
    large: bool = False  # by the model for doubtful pictures
    examples: bool = False  # with answered pictures beside each
    repeats: bool = False  # asked three times where the endpoint doesn't tell how sure it is
    rounds: int | None = None  # after each the classifier chooses what is asked next; None: as many as suit


@dataclass(frozen=True)
class CompareAnnotators(Job[AnnotatorsCompared]):
    """`budget` in USD."""

    kind = "compare annotators"
    lane = Lane.LONG
    concept_id: int
    budget: float | None = None


At = tuple[int, int, str, int]


class LookedOver(View):
    """What came of looking over the answers of people: up to the label event `answers`, which are `counted`
    pictures with one, under a definition, in the `library` of this version, with the concept's newest
    `version` (0: none yet)."""

    answers: int
    definition: int
    library: str
    counted: int
    settling: Settling | None  # None with too few answers to say
    rarity: Rarity | None  # None before there are answers to measure with
    coverage: Coverage | None  # None with too few pictures to say
    version: int
    found: list[ReviewRow]  # labels for review

    @property
    def at(self) -> At:
        return self.answers, self.definition, self.library, self.version


@dataclass(frozen=True)
class LookOver(Job[LookedOver]):
    """Asked for when there were answers up to the label event `answers`, a definition, this library and this
    newest version (0: none)."""

    kind = "look over"
    lane = Lane.FOLLOWING
    concept_id: int
    answers: int
    definition: int
    library: str
    version: int

    @property
    def at(self) -> At:
        return self.answers, self.definition, self.library, self.version
