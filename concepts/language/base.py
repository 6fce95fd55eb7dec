"""The chat-model protocol: messages → an answer that fits a schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel

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
    """A model that answers with a value of a given pydantic model. Safe to call from several threads."""

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
