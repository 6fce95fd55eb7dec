"""How pictures of a concept are annotated: by which annotator, with which model, and what it is shown."""

from __future__ import annotations

from dataclasses import dataclass

from concepts.annotators import ANNOTATORS, AUTO
from concepts.annotators.sureness import REPEATS
from concepts.definition.document import Definition
from concepts.language import Role, named
from concepts.language.ledger import Price, estimate_usd
from concepts.language.prompts import DEFAULTS, Prompts
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


def estimated_usd(
    setup: Setup,
    definition: Definition,
    settings: Settings,
    pictures: int,
    prompts: Prompts = DEFAULTS,
) -> float | None:
    """What so many pictures will roughly cost, at most: what is cached costs nothing. None where no price is
    set."""
    model, price = model_of(setup, settings)
    if not model:
        return 0.0
    if not price:
        return None
    method = ANNOTATORS["vlm" if setup.annotator == AUTO else setup.annotator]
    *before, last = method.asks(definition, examples=setup.examples, prompts=prompts) or [[]]
    times = 1 + len(REPEATS) if setup.repeats else 1
    return sum(estimate_usd(price, messages, pictures) for messages in [*before, *[last] * times] if messages)
