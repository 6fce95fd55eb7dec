"""What was found out about an endpoint is remembered, and asked again when it stops working."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fake_openai import MODEL, FakeOpenAI, says, status
from pydantic import BaseModel

from concepts.errors import ModelCallError
from concepts.language.base import Message
from concepts.language.capabilities import BELIEVED_FOR, CapabilityMemory, Sight
from concepts.language.dialects import EndpointDialect
from concepts.language.openai_compatible import OpenAICompatibleModel


class Number(BaseModel):
    n: int


Make = Callable[..., OpenAICompatibleModel]
LOWER = EndpointDialect("json_object")


@pytest.fixture
def memory(tmp_path: Path) -> CapabilityMemory:
    return CapabilityMemory(tmp_path, "http://e", "m")


def formats(server: FakeOpenAI) -> list[str]:
    return [request.format for request in server.requests]


def ask(model: OpenAICompatibleModel, words: str) -> Number:
    return model.ask([Message("user", words)], Number, purpose="test")


def test_it_is_known_to_the_next_process_for_this_endpoint_and_model_only(tmp_path: Path) -> None:
    CapabilityMemory(tmp_path, "http://e", "m").worked(LOWER)
    assert CapabilityMemory(tmp_path, "http://e", "m").dialect == (LOWER, True)
    for endpoint, model in (("http://e", "other"), ("http://other", "m")):
        assert CapabilityMemory(tmp_path, endpoint, model).dialect == (EndpointDialect(), False)


def test_what_was_poor_is_asked_again_after_a_week_and_what_was_good_is_not(
    memory: CapabilityMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def a_week_later() -> None:
        memory._keep(proven=datetime.now(UTC) - BELIEVED_FOR - timedelta(hours=1))

    memory.worked(LOWER)
    a_week_later()
    assert memory.dialect == (EndpointDialect(), False)
    memory.worked(LOWER)
    assert memory.dialect == (LOWER, True)
    best = EndpointDialect(temperature=False)
    memory.worked(best)
    a_week_later()
    assert memory.dialect == (best, True)


def test_a_damaged_file_is_as_if_nothing_was_known(memory: CapabilityMemory, tmp_path: Path) -> None:
    memory.saw(Sight(sees=True, when=datetime.now(UTC)))
    memory.worked(LOWER)
    assert memory.known.sight is not None  # side by side
    assert memory.dialect == (LOWER, True)
    (file,) = (tmp_path / "capabilities").iterdir()
    file.write_text("{")
    assert memory.dialect == (EndpointDialect(), False)
    assert memory.known.sight is None


def test_one_slip_of_an_endpoint_that_keeps_its_form_is_mended_and_not_held_against_it(
    make_model: Make, server: FakeOpenAI
) -> None:
    server.answer = lambda request: {"n": 7}
    for words in ("First.", "Second.", "Third.", "Fourth."):
        server.script(says({"m": 7})) if words != "First." else None
        assert ask(make_model(), words) == Number(n=7)
    assert set(formats(server)) == {"json_schema"}


def test_a_server_that_has_taken_the_address_and_knows_less_is_asked_as_it_wants_it(
    make_model: Make, server: FakeOpenAI, waits: list[float]
) -> None:
    server.answer = lambda request: {"n": 7}
    ask(make_model(), "First.")
    server.rejects = {"json_schema": 500, "json_object_schema": 400}
    assert ask(make_model(), "Second.") == Number(n=7)
    assert ask(make_model(), "Third.") == Number(n=7)
    assert formats(server)[-2:] == ["json_object", "json_object"]
    assert len(waits) == 3  # a 500 may have been a bad moment


def test_one_that_has_taken_the_address_and_ignores_the_form_is_found_out(
    make_model: Make, server: FakeOpenAI
) -> None:
    server.answer = lambda request: {"n": 7}
    ask(make_model(), "First.")
    server.answer = lambda request: "Seven!" if request.format == "json_schema" else {"n": 7}
    with suppress(ModelCallError):  # the first time it may be a slip
        ask(make_model(), "Second.")
    for words in ("Third.", "Fourth."):
        assert ask(make_model(), words) == Number(n=7)


def test_the_answer_is_given_less_room_where_it_does_not_fit_beside_the_question(
    make_model: Make, server: FakeOpenAI
) -> None:
    said = "'max_tokens' is too large: 3000. This model's maximum context length is 1024 tokens"
    server.answer = lambda request: status(400, said) if request.body["max_tokens"] > 800 else {"n": 7}
    assert ask(make_model(), "First.") == Number(n=7)
    assert [request.body["max_tokens"] for request in server.requests] == [3000, 1500, 750]
    assert {request.format for request in server.requests} == {"json_schema"}
    assert ask(make_model(), "Second.") == Number(n=7)
    assert len(server.requests) == 4


def test_a_server_without_probabilities_is_asked_without_them_from_then_on(
    make_model: Make, server: FakeOpenAI
) -> None:
    refused = status(400, "logprobs are not supported")
    server.answer = lambda request: refused if "logprobs" in request.body else {"n": 7}
    for words in ("First.", "Second."):
        weighed = make_model().weigh([Message("user", words)], Number, field="n", purpose="test")
        assert (weighed.answer, weighed.chances) == (Number(n=7), None)
    assert ["logprobs" in request.body for request in server.requests] == [True, False, False]
    assert server.requests[0].body["model"] == MODEL
