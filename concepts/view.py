"""The base of views: plain frozen values that rooms hand to screens, REST and the command line."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class View(BaseModel):
    """A view may have a method `says`: what it comes to in one sentence, which screens, commands and tools
    print."""

    model_config = ConfigDict(frozen=True)


def in_words(result: Any) -> str:
    """What a result comes to in one sentence; empty where its class has none."""
    says = getattr(type(result), "says", None)
    return str(says(result)) if callable(says) else ""


def count(number: int, one: str, many: str = "") -> str:
    """Such as: 1 picture, 5,421 pictures."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
