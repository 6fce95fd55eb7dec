"""The chat-model protocol: messages → an answer that fits a schema."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, TypeVar, runtime_checkable

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
    ) -> None:
        """Raises `SettingsError` for a budget without a price."""

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
