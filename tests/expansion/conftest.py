"""A vocabulary that knows no noun."""

from __future__ import annotations

import pytest

from concepts.definition.vocabulary import Noun, Vocabulary


class _Blind(Vocabulary):
    def __init__(self) -> None:
        super().__init__(lambda texts: NotImplemented)

    def nearest(self, text: str, n: int) -> list[Noun]:
        return []


@pytest.fixture(scope="session")
def blind() -> Vocabulary:
    """So that thousands of sentences are tried without embedding them."""
    return _Blind()
