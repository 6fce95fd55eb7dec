"""Whatever an endpoint answers: an answer, or a failure in words; and it never makes a budget larger."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from fake_openai import MODEL, FakeOpenAI, Reply
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from served_model import Make

from concepts.errors import BudgetError, DiscernError, ModelAnswerError
from concepts.language.base import Message
from concepts.language.ledger import Budget, Price
from concepts.language.openai_compatible import OpenAICompatibleModel

GOOD = '{"why": "a swing", "rating": 4}'


class Opinion(BaseModel):
    why: str
    rating: Literal[1, 2, 3, 4, 5]


def completion(content: object = GOOD) -> dict[str, Any]:
    told = {"token": "4", "logprob": -0.1, "bytes": [52]}
    message = {"role": "assistant", "content": content, "refusal": None}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    choice["logprobs"] = {"content": [told | {"top_logprobs": [told]}]}
    usage = {"prompt_tokens": 100, "completion_tokens": 20}
    about = {"id": "1", "object": "chat.completion", "created": 0, "model": MODEL}
    return about | {"choices": [choice], "usage": usage}


def as_it_is(document: object) -> Reply:
    return Reply(raw=json.dumps(document).encode(), headers={"Content-Type": "application/json"})


def asked(model: OpenAICompatibleModel) -> Opinion:
    return model.weigh([Message("user", "A swing.")], Opinion, field="rating", purpose="test").answer


@pytest.mark.parametrize("told", [-(10**9), float("nan"), float("inf"), 10**30, 0, "many", None, [5], {}])
def test_a_count_of_tokens_that_is_none_costs_what_was_estimated(
    server: FakeOpenAI, make_model: Make, told: Any
) -> None:
    document, budget = completion(), Budget(1.0)
    document["usage"]["prompt_tokens"] = told
    server.script(as_it_is(document))
    assert asked(make_model(price=Price(1, 2), budget=budget)).rating == 4
    assert 0 < budget.spent_usd < 0.01


def test_an_endpoint_that_keeps_to_no_limit_is_asked_no_more_once_its_answers_may_exceed_a_budget(
    server: FakeOpenAI, make_model: Make
) -> None:
    server.answer, server.tokens = lambda request: GOOD, (100, 30_000)
    budget = Budget(0.1)
    model = make_model(price=Price(1, 2), budget=budget)  # the 3,000 tokens that were allowed are 0.006
    model.ask([Message("user", "A swing.")], Opinion, purpose="test")
    with pytest.raises(BudgetError):
        model.ask([Message("user", "A slide.")], Opinion, purpose="test")
    assert budget.spent_usd == pytest.approx(0.0601)


places = [
    ("choices",), ("choices", 0), ("choices", 0, "message"), ("choices", 0, "message", "content"),
    ("choices", 0, "message", "refusal"), ("choices", 0, "finish_reason"), ("choices", 0, "logprobs"),
    ("choices", 0, "logprobs", "content"), ("choices", 0, "logprobs", "content", 0),
    *(("choices", 0, "logprobs", "content", 0, n) for n in ("token", "logprob", "bytes", "top_logprobs")),
    ("choices", 0, "logprobs", "content", 0, "top_logprobs", 0), ("usage",), ("usage", "prompt_tokens"),
    ("usage", "completion_tokens"),
]  # fmt: skip
some = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
some |= st.sampled_from(["\ud800", "\0", 10**30, "9" * 400])
values = some | st.lists(some, max_size=2) | st.dictionaries(st.sampled_from(["content", "token"]), some)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(places), value=values)
def test_any_value_in_any_place_is_an_answer_or_a_failure_in_words(
    server: FakeOpenAI, make_model: Make, place: tuple[Any, ...], value: Any
) -> None:
    document, budget = completion(), Budget(1e6)
    holder: Any = document
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    server.answer = lambda request: as_it_is(document)
    model = make_model(model=f"{MODEL} {place} {value!r}"[:190], price=Price(1, 2), budget=budget)
    said = ""
    try:
        asked(model)
    except DiscernError as error:
        said = str(error)
    assert len(said) < 1000
    assert 0 <= budget.spent_usd < 1e5


def test_what_is_no_text_is_not_kept_of_an_answer(server: FakeOpenAI, make_model: Make) -> None:
    content = json.dumps({"why": "half \ud800, none \0, a colour \x1b[31m\nand a line", "rating": 4})
    server.script(as_it_is(completion(content)))
    assert asked(make_model()).why == "half \ufffd, none \ufffd, a colour \ufffd[31m\nand a line"


def test_an_answer_without_an_end_is_none(server: FakeOpenAI, make_model: Make) -> None:
    server.script(as_it_is(completion("<think>" * 100_000)))
    with pytest.raises(ModelAnswerError, match="was still thinking after"):
        asked(make_model())
