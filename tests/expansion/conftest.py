"""A SIMULATED model behind real HTTP, and a vocabulary that knows no noun."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_openai import MODEL, FakeOpenAI

from concepts.definition.vocabulary import Noun, Vocabulary
from concepts.language.ledger import Ledger
from concepts.language.openai_compatible import OpenAICompatibleModel
from storage.database import Database
from storage.files import sqlite_url


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


@pytest.fixture
def model(server: FakeOpenAI, tmp_path: Path) -> Iterator[OpenAICompatibleModel]:
    database = Database(sqlite_url(tmp_path / "d.sqlite"))
    yield OpenAICompatibleModel(
        MODEL, api_key=None, base_url=server.base_url, ledger=Ledger(database), cache=tmp_path
    )
    database.close()


class _Blind(Vocabulary):
    def __init__(self) -> None:
        super().__init__(lambda texts: NotImplemented)

    def nearest(self, text: str, n: int) -> list[Noun]:
        return []


@pytest.fixture(scope="session")
def blind() -> Vocabulary:
    """So that thousands of sentences are tried without embedding them."""
    return _Blind()
