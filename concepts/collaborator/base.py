"""The annotator protocol: pictures + definition → rating, evidence per criterion, one-sentence rationale."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol, TypeVar, runtime_checkable

from concepts.definition.document import Criterion, CriterionKind, Definition, Revision
from concepts.encoders.base import TextEncoder, Vectors
from concepts.encoders.saliency import Box
from concepts.language.base import ChatModel, Message
from concepts.language.prompts import DEFAULTS, PromptFiles
from concepts.learning.scale import Scale
from concepts.registry import Method

T = TypeVar("T")
Verdict = Literal["met", "not met", "unclear"]

SURELY, UNSURE, PROBABLY_NOT = 5, 3, 2  # ratings
_LIMITS: tuple[tuple[CriterionKind, Verdict, int, str], ...] = (
    ("excluding", "met", PROBABLY_NOT, "rules it out"),
    ("necessary", "not met", PROBABLY_NOT, "does not seem to hold"),
    ("undecided", "met", UNSURE, "is not decided"),
)


@dataclass(frozen=True)
class PictureInput:
    """What an annotator may look at: the id, the thumbnail, the vector."""

    picture_id: str
    thumbnail: Callable[[], bytes]  # reads WebP, at most 320 px
    vector: Vectors  # (dimension,)
    source: str | None = None  # where the original is, for an annotator that wants more pixels
    group: str = ""  # of near-duplicates
    box: Box | None = None  # the part that the concept is judged by
    shown: Literal["whole", "outlined", "alone"] = "whole"  # how a model sees it


# JPEG without metadata, the longest side at most so many px.
ReadPicture = Callable[[PictureInput, int], bytes]


@dataclass(frozen=True)
class CriterionEvidence:
    """The verdict on one criterion. `score` is the annotator's own scale, for ordering only."""

    criterion: str
    kind: str
    verdict: Verdict
    score: float | None = None


@dataclass(frozen=True)
class Annotation:
    """A machine's suggestion for one picture. `rating` 1 (surely not) to 5 (surely yes); 3 is unsure."""

    picture_id: str
    rating: int
    evidence: tuple[CriterionEvidence, ...]
    rationale: str
    raw: float | None = None  # how likely a yes is, as the model's tokens or repeated answers have it
    verbalised: float | None = None  # how sure it says it is, 0 to 1: kept, and trusted in nothing
    same_as: str | None = None  # the near-duplicate that was looked at in place of this picture
    given: str | None = None  # the grade or class, where the concept has any and yes or no is as it says

    @property
    def value(self) -> Literal["yes", "no", "unsure"]:
        return "yes" if self.rating >= 4 else "no" if self.rating <= 2 else "unsure"


@dataclass(frozen=True)
class Example:
    """A picture that the person has answered, and what they remarked on it."""

    picture: PictureInput
    counts: bool
    comment: str = ""


class ExamplePool(Protocol):
    """The answered pictures that examples are chosen from."""

    @property
    def version(self) -> str:
        """Changes with any of them."""

    def like(self, picture: PictureInput) -> tuple[Example, ...]:
        """Those to show beside a picture, none of which looks the same."""


@dataclass(frozen=True)
class FailedAnnotation:
    """A picture the annotator could not judge, with the reason in words. It gets no label."""

    picture_id: str
    reason: str


Result = Annotation | FailedAnnotation


@dataclass(frozen=True)
class Supplies:
    """What an annotator can be made from. Encoder, background and model are made when they are asked for."""

    encoder: Callable[[], TextEncoder]
    background: Callable[[], Vectors]  # (n, d) of a random part of the library, without the evaluation set
    model: Callable[[], ChatModel | None]  # one that sees, within the run's budget; None where none is set
    concurrency: int  # calls at a time
    examples: ExamplePool | None = None  # None: the definition alone
    repeats: bool = False  # whether to ask three times where the endpoint doesn't tell how sure it is
    prompts: PromptFiles = DEFAULTS
    scale: Scale | None = None  # what is answered; None for yes or no
    counts: bool = False  # whether a criterion is about how many there are
    part: str = ""  # of what vectors the part is that the concept looks at; empty for whole pictures


@runtime_checkable
class Annotator(Protocol):
    """Looks at pictures with one revision of a definition in hand. Registered in
    `concepts.collaborator.ANNOTATORS`."""

    method: ClassVar[Method]

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str:
        """Changes with anything that can change an answer: model, prompt, encoder, precision."""

    @property
    def batch_size(self) -> int:
        """How many pictures to hand over at a time; a job commits after each batch."""

    def annotate(self, revision: Revision, pictures: Sequence[PictureInput]) -> list[Result]:
        """One result per picture, in order.

        Raises `BudgetError` when the next paid call could exceed the budget: nothing of that batch is
        lost, what was answered is cached.
        """

    @classmethod
    def prepare(cls, supplies: Supplies) -> Annotator:
        """Ready to look. Raises `SettingsError` where something is missing that it needs."""

    @classmethod
    def asks(
        cls, definition: Definition, *, examples: bool, prompts: PromptFiles = DEFAULTS, part: bool = False
    ) -> list[list[Message]]:
        """What it asks a model about one picture, as long as that can get, the rating last; for estimates.
        Empty where it asks none. `part`: the concept is judged by one part of each picture."""


def max_rating(criteria: Sequence[Criterion], verdicts: Sequence[Verdict]) -> tuple[int, str]:
    """The highest rating that these verdicts, one a criterion, allow, and why where it isn't 5.

    A picture counts if every necessary criterion holds and no excluding one does. A necessary criterion with
    kinds of pictures under it that count holds if one of those is met, or it itself plainly is (Agile
    Deliberation, CVPR 2026). A kind that the person has not decided on leaves it open. Verdicts never make a
    picture count by themselves: the sentence of the definition says more than its criteria.
    """
    held: list[tuple[Criterion, Verdict]] = []
    for criterion, verdict in zip(criteria, verdicts, strict=True):
        if criterion.kind == "necessary":
            under = of_necessary(criterion, criteria, verdicts)
            verdict = "met" if "met" in under else "unclear" if "unclear" in under else "not met"
        held.append((criterion, verdict))
    for kind, decisive, rating, why in _LIMITS:
        for criterion, verdict in held:
            if (criterion.kind, verdict) == (kind, decisive):
                return rating, f"“{criterion.text}” {why}"
    return SURELY, ""


def of_necessary(necessary: Criterion, criteria: Sequence[Criterion], values: Iterable[T]) -> list[T]:
    """Of values, one a criterion, those of a necessary criterion and of the kinds under it that count."""
    return [
        value
        for criterion, value in zip(criteria, values, strict=True)
        if criterion is necessary or (criterion.kind == "included" and criterion.of == necessary.text)
    ]
