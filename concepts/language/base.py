"""The chat-model protocol: messages → an answer that fits a schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Generic, Literal, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel

from concepts.registry import Method

if TYPE_CHECKING:  # the ledger estimates what messages cost, so it imports them from here
    from concepts.language.ledger import Budget, Ledger, Price

Answer = TypeVar("Answer", bound=BaseModel)


@dataclass(frozen=True)
class Message:
    """One turn. `pictures` are JPEG bytes without metadata, shown after the text."""

    role: Literal["system", "user", "assistant"]
    text: str
    pictures: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Weighed(Generic[Answer]):
    """An answer, and how likely the model held each value that one of its fields could have taken, by its own
    probabilities of the token there: value as text → probability, together at most 1. None where the endpoint
    doesn't tell them."""

    answer: Answer
    chances: Mapping[str, float] | None = None


@runtime_checkable
class ChatModel(Protocol):
    """A model that answers with a value of a given pydantic model. Safe to call from several threads.

    Registered in `concepts.language.CHAT_MODELS`.
    """

    method: ClassVar[Method]

    def __init__(
        self,
        model: str,
        *,
        api_key: str | None,
        base_url: str | None,
        ledger: Ledger,
        cache: Path,
        price: Price | None = None,
        budget: Budget | None = None,
        at_once: int = 4,
    ) -> None:
        """`at_once` is how many questions may be out at the same time, of all who ask this model. Raises
        `SettingsError` for a budget without a price."""

    @property
    def name(self) -> str: ...

    @property
    def endpoint(self) -> str:
        """Where it runs, without credentials."""

    def ask(
        self, messages: Sequence[Message], answer: type[Answer], *, purpose: str, sample: int = 0
    ) -> Answer:
        """Asks once, from the cache where the same question was answered before.

        `sample` 0 is the likeliest answer (temperature 0); each other number is a draw of its own
        (temperature 1), kept under that number. Every call is written to the ledger with its cost. Transient
        failures are retried, others not. Raises `ModelAnswerError` with its outcome (refused, cut off, not
        the schema, …), `ModelCallError`, `BudgetError`.
        """

    def weigh(
        self, messages: Sequence[Message], answer: type[Answer], *, field: str, purpose: str
    ) -> Weighed[Answer]:
        """The likeliest answer, with what else `field`, one of its own of a few short values, could have
        been. Raises what `ask` raises."""
