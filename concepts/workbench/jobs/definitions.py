"""Long work on what a concept is, and on making it clearer."""

from __future__ import annotations

from dataclasses import dataclass

from concepts.collaborator.ambiguities import Ambiguity
from concepts.collaborator.deliberation import Contradicted
from concepts.definition.questions import DefinitionQuestion
from concepts.jobs import Job, Lane
from concepts.labelling.mining import MineResult
from concepts.view import View


class Drawn(View):
    pictures: int


@dataclass(frozen=True)
class DrawEvaluation(Job[Drawn]):
    """Sets pictures aside to measure with."""

    kind = "draw evaluation"
    lane = Lane.SHORT
    concept_id: int


class Expanded(View):
    """`problem` is why the model that is set did not propose it and the built-in words did. `added`: how many
    kinds of pictures that nobody had thought of, where more of them were asked for."""

    revision: int
    author: str
    problem: str = ""
    added: int = 0


@dataclass(frozen=True)
class Expand(Job[Expanded]):
    kind = "expand"
    lane = Lane.SHORT
    concept_id: int


class QuestionsAsked(View):
    """What was asked about a concept, and by whom: a model's name, or the built-in vocabulary. `problem` is
    why the model that is set asked nothing."""

    questions: list[DefinitionQuestion]
    author: str
    problem: str = ""


@dataclass(frozen=True)
class AskQuestions(Job[QuestionsAsked]):
    """What to ask the person to find out what they mean."""

    kind = "questions"
    lane = Lane.SHORT
    concept_id: int


@dataclass(frozen=True)
class ProposeKinds(Job[Expanded]):
    """More kinds of pictures near a necessary criterion, or near the concept where `signal` is empty."""

    kind = "more kinds"
    lane = Lane.SHORT
    concept_id: int
    signal: str = ""


@dataclass(frozen=True)
class Mine(Job[MineResult]):
    kind = "mine"
    lane = Lane.SHORT
    concept_id: int
    size: int


class Looked(View):
    """What is open about a definition, in the order in which to meet it. `asked` pictures were looked at by
    the model `by` (empty: the built-in encoder). `stopped`: why it ended early, in words."""

    definition: int
    ambiguities: list[Ambiguity]
    asked: int
    by: str
    stopped: str = ""


@dataclass(frozen=True)
class FindAmbiguities(Job[Looked]):
    """`budget` in USD."""

    kind = "find ambiguities"
    lane = Lane.LONG
    concept_id: int
    budget: float | None = None


class Reworded(View):
    """`rewording` is none where no wording came before the answers that judge. `sifted` wordings were tried,
    on `read` answers of which the machine had `mistakes` wrong; `judging` answers judged the best of them."""

    definition: int
    rewording: int | None = None
    sifted: int = 0
    read: int = 0
    mistakes: int = 0
    judging: int = 0
    better: int = 0
    by: str = ""
    stopped: str = ""


@dataclass(frozen=True)
class Reword(Job[Reworded]):
    """`budget` in USD."""

    kind = "reword"
    lane = Lane.LONG
    concept_id: int
    budget: float | None = None


class LookedBack(View):
    """Earlier answers that the words of `definition` may contradict, of so many `looked` at. Up to the label
    event `answers`."""

    definition: int
    answers: int
    looked: int
    contradicted: list[Contradicted]
    stopped: str = ""


@dataclass(frozen=True)
class LookBack(Job[LookedBack]):
    """After the words of the concept changed to `definition`. `budget` in USD."""

    kind = "look back"
    lane = Lane.LONG
    concept_id: int
    definition: int
    budget: float | None = None
