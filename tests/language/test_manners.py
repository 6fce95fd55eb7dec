"""One contract over every server that calls itself OpenAI-compatible, each with its manners: SIMULATED, but
over a real socket."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from fake_openai import MODEL, FakeOpenAI, Reply, cut_off, refuses, says, status
from manners import MANNERS, Manner
from patience import PATIENCE
from pydantic import BaseModel, Field, field_validator
from served_model import Make

from concepts.errors import BlindModelError, ModelAnswerError, ModelCallError
from concepts.language.base import Message, unfit
from concepts.language.capabilities import check_sight, require_sight
from concepts.language.connection import list_models
from concepts.language.ledger import Ledger
from concepts.language.openai_compatible import OpenAICompatibleModel

CRITERIA = 2
QUESTION = [Message("system", "Judge."), Message("user", "A swing, rusty.")]
MOST_REQUESTS = 7  # to find out how a server wants to be asked


class Verdict(BaseModel):
    """As an annotator asks for it: a rating to choose from, criteria that there are, a sentence."""

    criterion: int
    why: str
    rating: int = Field(ge=1, le=5)
    kind: Literal["met", "not met"] = "met"

    @field_validator("criterion")
    @classmethod
    def _is_one(cls, number: int) -> int:
        if not 1 <= number <= CRITERIA:
            raise unfit("unknown criterion", f"there is no criterion {number}")
        return number


GOOD = {"criterion": 1, "why": "a rusty swing", "rating": 4, "kind": "met"}


@pytest.fixture(params=MANNERS, ids=lambda manner: manner.name)
def manner(request: pytest.FixtureRequest) -> Manner:
    found: Manner = request.param
    return found


@pytest.fixture
def server(manner: Manner) -> Iterator[FakeOpenAI]:
    with FakeOpenAI(lambda request: GOOD, manner=manner) as server:
        yield server


def ask(model: OpenAICompatibleModel, words: str = "A swing, rusty.") -> Verdict:
    return model.ask([Message("system", "Judge."), Message("user", words)], Verdict, purpose="test")


def test_how_it_wants_to_be_asked_and_where_its_key_goes_is_found_once_and_remembered(
    make_model: Make, server: FakeOpenAI, waits: list[float], manner: Manner
) -> None:
    assert ask(make_model()) == Verdict(**GOOD)
    assert len(server.requests) <= MOST_REQUESTS
    assert waits == []
    before = len(server.requests)
    assert ask(make_model(), "A slide.") == Verdict(**GOOD)
    assert len(server.requests) == before + 1
    headers: dict[str, Any] = server.requests[0].headers
    assert "sk-secret" in headers[manner.key_in]
    assert sum("sk-secret" in value for value in headers.values()) == 1


def test_a_weighed_answer_has_chances_where_the_server_tells_them(
    make_model: Make, server: FakeOpenAI, manner: Manner
) -> None:
    server.answer = lambda request: says(GOOD, others={"4": 0.7, "5": 0.2, "x": 0.05})
    weighed = make_model().weigh(QUESTION, Verdict, field="rating", purpose="test")
    assert weighed.answer == Verdict(**GOOD)
    told = {"4": pytest.approx(0.7), "5": pytest.approx(0.2)}
    assert weighed.chances == (told if manner.chances == "told" else None)
    requests = len(server.requests)
    again = make_model().weigh(QUESTION, Verdict, field="rating", purpose="test")
    assert (again.answer, again.chances) == (weighed.answer, weighed.chances)
    assert len(server.requests) == requests


def test_eyes_are_tested_and_not_assumed(make_model: Make, server: FakeOpenAI, tmp_path: Path) -> None:
    assert check_sight(make_model()).sees
    server.sees = False
    assert not check_sight(make_model()).sees
    with pytest.raises(BlindModelError, match="doesn't see pictures"):
        require_sight(make_model(), tmp_path)


def test_its_list_says_how_much_a_model_reads_at_once(server: FakeOpenAI, manner: Manner) -> None:
    listing = list_models(server.base_url, "sk-secret")
    expected = {"vLLM": 8192, "llama.cpp": 4096}.get(manner.name)
    assert listing.context(MODEL) == expected
    assert list(listing.models) == ([MODEL] if manner.lists else [])


UNUSABLE = {
    "refused": ([refuses("No.")], "refused", "refused: No."),
    "filtered": ([Reply(content="", finish_reason="content_filter")], "refused", "content filter"),
    "cut off": ([cut_off()], "cut off", "cut off after"),
    "empty": ([says("")], "empty", "with nothing"),
    "no choices": ([Reply(content=None)], "empty", "with nothing"),
    "breaks the schema": ([says({"rating": 3})] * 9, "wrong schema", "Field required"),
    "prose": ([says("I like it.")] * 9, "wrong schema", "not a JSON object"),
    "out of range": ([says(GOOD | {"rating": 9})] * 2, "out of range", "less than or equal to 5"),
    "unknown criterion": ([says(GOOD | {"criterion": 7})] * 2, "unknown criterion", "no criterion 7"),
}


@pytest.mark.parametrize("failure", UNUSABLE)
def test_an_answer_that_cannot_be_used_ends_in_its_outcome_and_is_never_kept(
    make_model: Make, server: FakeOpenAI, ledger: Ledger, waits: list[float], failure: str
) -> None:
    ask(make_model(), "How it wants to be asked.")
    replies, outcome, words = UNUSABLE[failure]
    server.script(*replies)
    before = len(ledger.calls())
    with pytest.raises(ModelAnswerError, match=words) as caught:
        ask(make_model())
    assert caught.value.outcome == outcome
    assert {call.outcome for call in ledger.calls()[before:]} == {outcome}
    assert waits == []
    server.unscript()
    assert ask(make_model()) == Verdict(**GOOD)


FAILURES = {
    "a connection that breaks in the middle": (Reply(content="{}", breaks=True), True),
    "too many requests": (status(429, retry_after="3"), True),
    "a conflict": (status(409), True),
    "overloaded": (status(503), True),
    "a bad gateway with a page": (Reply(status=502, raw=b"<html>Bad gateway</html>"), True),
    "a wrong key": (status(401), False),
    "a page in place of an answer": (Reply(raw=b"<html>Log in</html>"), False),
    "no credit": (status(429, error_code="insufficient_quota"), False),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_only_what_may_pass_is_asked_again(
    make_model: Make,
    server: FakeOpenAI,
    ledger: Ledger,
    manner: Manner,
    waits: list[float],
    failure: str,
) -> None:
    ask(make_model(), "How it wants to be asked.")
    reply, passes = FAILURES[failure]
    if failure == "no credit" and manner.error.__name__ != "as_openai":
        passes = True  # an error without a code can't be told from being too fast
    server.script(reply)
    if passes:
        assert ask(make_model()) == Verdict(**GOOD)
    else:
        with pytest.raises(ModelCallError):
            ask(make_model())
    assert len(waits) == passes
    assert "failed" in [call.outcome for call in ledger.calls()]
    assert ask(make_model()) == Verdict(**GOOD)


def test_one_that_is_too_slow_is_asked_again(make_model: Make, server: FakeOpenAI) -> None:
    ask(make_model(), "How it wants to be asked.")
    late, slept = threading.Event(), []
    before = len(server.requests)

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        model._timeout = PATIENCE
        while len(server.requests) == before:  # the second request must not overtake the first
            time.sleep(0.01)

    model = make_model(timeout=0.1, sleep=sleep)
    server.script(Reply(content="{}", wait=late))
    assert ask(model) == Verdict(**GOOD)
    late.set()
    assert len(slept) == 1
