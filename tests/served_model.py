"""Fixtures of a SIMULATED model behind a real OpenAI-compatible server, and of a database of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_openai import MODEL, FakeOpenAI
from pydantic import BaseModel

from concepts.language.base import Message
from concepts.language.ledger import Ledger
from concepts.language.openai_compatible import OpenAICompatibleModel
from storage.database import Database
from storage.files import sqlite_url

Make = Callable[..., OpenAICompatibleModel]


class Number(BaseModel):
    n: int


def ask(model: OpenAICompatibleModel, words: str) -> Number:
    return model.ask([Message("user", words)], Number, purpose="test")


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(sqlite_url(tmp_path / "discern.sqlite"))
    yield database
    database.close()


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database)


@pytest.fixture
def waits() -> list[float]:
    """Seconds the model would have slept."""
    return []


@pytest.fixture
def make_model(server: FakeOpenAI, ledger: Ledger, tmp_path: Path, waits: list[float]) -> Make:
    def make(*, model: str = MODEL, **changes: Any) -> OpenAICompatibleModel:
        settings: dict[str, Any] = {
            "api_key": "sk-secret",
            "base_url": server.base_url,
            "ledger": ledger,
            "cache": tmp_path,
            "sleep": waits.append,
        }
        return OpenAICompatibleModel(model, **{**settings, **changes})

    return make


@pytest.fixture
def model(make_model: Make) -> OpenAICompatibleModel:
    return make_model()
