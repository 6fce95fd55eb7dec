"""How pictures of a concept are annotated: by which annotator, with which model, and what it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from concepts.collaborator import ANNOTATORS, AUTO
from concepts.collaborator.confidence import REPEATS
from concepts.definition.document import Definition
from concepts.language import Role, named
from concepts.language.ledger import TYPICAL_ANSWER_TOKENS, Price, estimate_tokens, estimate_usd
from concepts.language.prompts import DEFAULTS, PromptFiles
from concepts.settings import Settings


@dataclass(frozen=True)
class Setup:
    """`large`: by the model for doubtful pictures. `examples`: with answered pictures beside each. `repeats`:
    asked three times where the endpoint doesn't tell how sure it is."""

    annotator: str = AUTO
    large: bool = False
    examples: bool = False
    repeats: bool = False

    @property
    def role(self) -> Role:
        return "escalating" if self.large else "annotating"

    def over(self, other: Setup) -> Setup:
        """What is asked for here, on top of another setup where nobody is named here."""
        if self.annotator != AUTO:
            return self
        return Setup(
            other.annotator,
            self.large or other.large,
            self.examples or other.examples,
            self.repeats or other.repeats,
        )


CHOSEN = Setup()  # as was chosen for the concept


def model_of(setup: Setup, settings: Settings) -> tuple[str, Price | None]:
    """The model that a setup asks, and its price; empty where it asks none."""
    model, price = named(settings, setup.role)
    if not settings.has_endpoint or not model or setup.annotator == "builtin":
        return "", None
    return model, price


@dataclass(frozen=True)
class CostEstimate:
    """What a run asks at most, since what is cached costs nothing: so many `calls`, with `tokens` in all,
    questions and answers. `usd` is none where no price is set."""

    calls: int
    tokens: int
    usd: float | None

    @property
    def basis(self) -> str:
        """In words; empty where nobody is asked."""
        if not self.calls:
            return ""
        each = self.tokens / self.calls
        return f"{self.calls:,} calls at about {round(each, -2 if each >= 1000 else -1):,.0f} tokens each"


def estimated(
    setup: Setup,
    definition: Definition,
    settings: Settings,
    pictures: int,
    prompts: PromptFiles = DEFAULTS,
) -> CostEstimate:
    """What annotating so many pictures takes, roughly."""
    model, price = model_of(setup, settings)
    if not model:
        return CostEstimate(0, 0, 0.0)
    method = ANNOTATORS["vlm" if setup.annotator == AUTO else setup.annotator]
    *before, last = method.asks(definition, examples=setup.examples, prompts=prompts)
    times = 1 + len(REPEATS) if setup.repeats else 1
    questions = [*before, *[last] * times]
    tokens = sum(estimate_tokens(messages) + TYPICAL_ANSWER_TOKENS for messages in questions)
    usd = sum(estimate_usd(price, messages, pictures) for messages in questions) if price else None
    return CostEstimate(len(questions) * pictures, tokens * pictures, usd)


def together(estimates: Sequence[CostEstimate]) -> CostEstimate:
    costs = [one.usd for one in estimates]
    known = [cost for cost in costs if cost is not None]
    return CostEstimate(
        sum(one.calls for one in estimates),
        sum(one.tokens for one in estimates),
        sum(known) if len(known) == len(costs) else None,
    )
