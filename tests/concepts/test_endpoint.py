"""The endpoint test, against a SIMULATED model behind a real HTTP server."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_openai import MODEL, FakeOpenAI, Request, status
from PIL import Image

from concepts.errors import ModelCallError, SettingsError
from concepts.installation.endpoint import COLOURS, examine
from concepts.settings import Settings, load_settings
from storage.calls import Ledger
from storage.database import Database
from storage.files import sqlite_url


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    database = Database(sqlite_url(tmp_path / "discern.sqlite"))
    yield Ledger(database)
    database.close()


def sees_and_reads(request: Request) -> dict[str, object]:
    """Simulated: answers both questions of the test rightly, by looking at the pixels."""
    if request.pictures:
        pixel = Image.open(io.BytesIO(request.pictures[0])).convert("RGB").getpixel((5, 5))
        assert isinstance(pixel, tuple)
        near = min(
            COLOURS, key=lambda name: sum(abs(a - b) for a, b in zip(COLOURS[name], pixel, strict=True))
        )
        return {"colour": near}
    found = re.search(r"number (\d+)", request.text)
    assert found
    return {"number": int(found[1])}


def settings_for(server: FakeOpenAI, **more: str) -> Settings:
    names = {"llm_model": MODEL, "vlm_model": MODEL} | more
    return load_settings(openai_base_url=server.base_url, openai_api_key="sk-secret", **names)


def nothing(done: int, total: int | None, message: str) -> None:
    """Progress that nobody looks at."""


def test_it_says_what_the_endpoint_can_do_and_writes_the_calls_down(ledger: Ledger) -> None:
    with FakeOpenAI(sees_and_reads) as server:
        report = examine(settings_for(server), ledger, nothing)
        again = examine(settings_for(server), ledger, nothing)
    assert report.models == [MODEL]
    for answer in (*report.answers, *again.answers):
        assert (answer.works, answer.correct, answer.listed, answer.structured) == (
            True,
            True,
            True,
            "json_schema",
        )
    assert [call.purpose for call in ledger.calls()] == [
        "test"
    ] * 4  # the second time nothing is from a cache


def test_it_finds_the_rung_that_the_endpoint_takes(ledger: Ledger) -> None:
    with FakeOpenAI(sees_and_reads, rejects={"json_schema": 400}) as server:
        report = examine(settings_for(server), ledger, nothing)
    assert {answer.structured for answer in report.answers} == {"json_object"}


def test_a_model_that_cannot_see_is_told_from_one_that_can(ledger: Ledger) -> None:
    def blind(request: Request) -> object:
        return status(400, "this model takes no images") if request.pictures else sees_and_reads(request)

    with FakeOpenAI(blind) as server:
        words, pictures = examine(settings_for(server), ledger, nothing).answers
    assert words.works
    assert not pictures.works
    assert "takes no images" in pictures.problem


def test_a_wrong_answer_is_shown_as_wrong(ledger: Ledger) -> None:
    with FakeOpenAI(lambda request: {"number": 1, "colour": "red"}) as server:
        words = examine(settings_for(server, vlm_model=""), ledger, nothing).answers[0]
    assert words.works
    assert words.correct is False


def test_an_address_where_nothing_listens_is_said_so_without_the_key(ledger: Ledger) -> None:
    with FakeOpenAI() as server:
        settings = settings_for(server)
    with pytest.raises(ModelCallError, match="can't be reached") as caught:
        examine(settings, ledger, nothing)
    assert "sk-secret" not in str(caught.value)
    with pytest.raises(SettingsError):
        examine(load_settings(), ledger, nothing)
