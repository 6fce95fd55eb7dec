"""The chat-model protocol: messages → an answer that fits a schema."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel

Answer = TypeVar("Answer", bound=BaseModel)


@dataclass(frozen=True)
class Message:
    """One turn. `pictures` are JPEG bytes without metadata, shown after the text."""

    role: Literal["system", "user", "assistant"]
    text: str
    pictures: tuple[bytes, ...] = ()


@runtime_checkable
class ChatModel(Protocol):
    """A model that answers with a value of a given pydantic model. Safe to call from several threads."""

    @property
    def name(self) -> str: ...

    @property
    def endpoint(self) -> str:
        """Where it runs, without credentials."""

    def ask(self, messages: Sequence[Message], answer: type[Answer], *, purpose: str) -> Answer:
        """Asks once, from the cache where the same question was answered before.

        Every call is written to the ledger with its cost. Transient failures are retried, others not.
        Raises `ModelAnswerError` (refused, cut off, not the schema), `ModelCallError`, `BudgetError`.
        """
