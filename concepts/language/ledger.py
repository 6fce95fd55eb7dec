"""Model calls are money: prices, budgets, and what each call cost."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from concepts.errors import BAD_PRICE, BudgetError
from concepts.language.base import Message
from concepts.use_cases import App, service
from storage.calls import Ledger

__all__ = ["Budget", "Ledger", "Price", "estimate_tokens"]

CHARACTERS_PER_TOKEN = 4  # English prose with the usual tokenizers
TOKENS_PER_MESSAGE = 4
TOKENS_PER_PICTURE, PICTURE_SIDE = 800, 768  # px: 255-765 in tiles of 512 px, about 750 in patches of 28 px
TYPICAL_ANSWER_TOKENS = 250


@dataclass(frozen=True)
class Price:
    """USD per million tokens."""

    input: float
    output: float

    @classmethod
    def parse(cls, text: str, setting: str) -> Price:
        """From "0.15/0.60". Raises `SettingsError`."""
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*/\s*(\d+(?:\.\d+)?)\s*", text, re.ASCII)
        if not match:
            raise BAD_PRICE(setting=setting, variable=setting.upper(), text=text)
        return cls(float(match[1]), float(match[2]))

    @classmethod
    def table(cls, text: str) -> dict[str, Price]:
        """Model → price, from "model 0.15/0.60" in lines or by commas. Raises `SettingsError`."""
        found = {}
        for entry in filter(None, map(str.strip, re.split(r"[\n,]", text))):
            model, _, price = entry.rpartition(" ")
            if not model.strip():
                raise BAD_PRICE(setting="prices", variable="PRICES", text=entry)
            found[model.strip()] = cls.parse(price, "prices")
        return found

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """In USD."""
        return (tokens_in * self.input + tokens_out * self.output) / 1e6


class Budget:
    """A limit in USD shared by all threads of a run; `spent` is what an interrupted run had spent before.

    The cost of a call is known only afterwards, so its worst case is reserved first. A call that doesn't fit
    beside the calls in flight waits for them: neither whether a budget suffices nor what it says that was
    spent depends on how many calls run at once.
    """

    def __init__(self, limit_usd: float, spent_usd: float = 0.0) -> None:
        self.limit_usd = limit_usd
        self._spent = spent_usd
        self._reserved = 0.0
        self._in_flight = 0
        self._changed = threading.Condition()

    @property
    def spent_usd(self) -> float:
        return self._spent

    @contextmanager
    def reserve(self, worst_usd: float) -> Iterator[list[float]]:
        """Holds the worst case of one call. The caller appends what the call cost to the list it gets.

        Raises `BudgetError` when the worst case doesn't fit.
        """
        with self._changed:
            while self._spent + self._reserved + worst_usd > self.limit_usd:
                if not self._in_flight:
                    left = max(self.limit_usd - self._spent, 0.0)
                    raise BudgetError(
                        f"The next call could cost ${worst_usd:.4g}, but of the budget of "
                        f"${self.limit_usd:.4g} only ${left:.4g} is left: ${self._spent:.4g} is spent. "
                        "What was answered is kept; raise the budget to go on."
                    )
                self._changed.wait()
            self._reserved += worst_usd
            self._in_flight += 1
        costs: list[float] = []
        try:
            yield costs
        finally:
            with self._changed:
                self._in_flight -= 1
                # Sums of floats leave dust: nothing in flight must be exactly nothing reserved.
                self._reserved = self._reserved - worst_usd if self._in_flight else 0.0
                self._spent += sum(costs)
                self._changed.notify_all()


def estimate_tokens(messages: Sequence[Message]) -> int:
    """Roughly what a question costs to read, without asking the endpoint's tokenizer."""
    return sum(
        TOKENS_PER_MESSAGE
        + -(-len(message.text) // CHARACTERS_PER_TOKEN)
        + TOKENS_PER_PICTURE * len(message.pictures)
        for message in messages
    )


@service
def ledger_of(app: App) -> Ledger:
    """What an app's model calls cost."""
    return Ledger(app.database)
