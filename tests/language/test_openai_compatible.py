import concurrent.futures
import json
import string
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from fake_openai import MODEL, Reply, says, status
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from concepts.errors import BudgetError, ModelCallError, SettingsError
from concepts.language import openai_compatible
from concepts.language.base import Message
from concepts.language.dialects import RUNGS
from concepts.language.ledger import Budget, Ledger, Price
from concepts.use_cases.redacting import redacted
from storage.database import Database
from storage.files import sqlite_url


class Opinion(BaseModel):
    rating: int = Field(ge=1, le=5)
    why: str


GOOD = {"rating": 4, "why": "a swing"}
QUESTION = [Message("system", "Judge."), Message("user", "A swing.")]


@pytest.fixture
def ask(make_model):
    def ask(question=QUESTION, **changes):
        return make_model(**changes).ask(question, Opinion, purpose="test")

    return ask


def outcomes(ledger):
    return [call.outcome for call in ledger.calls()]


def test_an_answer_comes_back_as_the_schema_and_its_call_is_in_the_ledger(server, ask, ledger):
    server.script(says(GOOD), says(GOOD, usage=False))
    for words in ("Told.", "Of no known length."):
        assert ask([Message("user", words)], price=Price(1.0, 2.0)) == Opinion(**GOOD)
    estimated, call = sorted(ledger.calls(), key=lambda call: call.tokens_in or 0)
    assert (call.purpose, call.model, call.outcome) == ("test", MODEL, "answered")
    assert (call.tokens_in, call.tokens_out) == (100, 20)
    assert call.cost_usd == pytest.approx((100 * 1 + 20 * 2) / 1e6)
    assert call.endpoint == server.base_url
    assert estimated.tokens_in is None
    assert 0 < estimated.cost_usd < 0.001


def test_the_schema_on_the_wire_is_strict_and_pictures_follow_the_text(server, ask):
    server.script(says(GOOD))
    ask([Message("user", "Look.", (b"jpeg-1", b"jpeg-2"))])
    (request,) = server.requests
    described = request.body["response_format"]["json_schema"]
    assert described["strict"] is True
    assert described["schema"] == {
        "type": "object",
        "properties": {"rating": {"type": "integer"}, "why": {"type": "string"}},
        "required": ["rating", "why"],
        "additionalProperties": False,
    }
    kinds = [part["type"] for part in request.body["messages"][0]["content"]]
    assert kinds == ["text", "image_url", "image_url"]
    assert request.pictures == [b"jpeg-1", b"jpeg-2"]


def test_the_same_question_is_answered_from_the_cache_without_a_call(server, ask, ledger, tmp_path):
    server.script(says('{"rating": 4, "why": "a\nswing"}'))
    first = ask()
    assert first.why == "a\nswing"
    assert ask() == first
    with closing(Database(sqlite_url(tmp_path / "discern.sqlite"))) as of_another_process:
        assert ask(ledger=Ledger(of_another_process)) == first  # kept the moment it came
    assert len(server.requests) == len(ledger.calls()) == 1


def test_another_question_is_asked_anew_also_where_a_byte_of_its_picture_differs(server, ask):
    server.answer = lambda request: GOOD
    questions = [
        QUESTION,
        [Message("system", "Judge!"), Message("user", "A swing.")],
        [Message("user", "Judge."), Message("user", "A swing.")],
        *([Message("system", "Judge."), Message("user", "A swing.", (b,))] for b in (b"one", b"onf")),
    ]
    for question in questions + questions:
        ask(question)
    assert len(server.requests) == len(questions)


def test_of_many_who_ask_the_same_at_the_same_time_one_pays(server, make_model, ledger):
    come = threading.Event()
    server.script(says(GOOD, wait=come))
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(make_model().ask, QUESTION, Opinion, purpose="test") for _ in range(8)]
        while not server.requests:
            concurrent.futures.wait(asked, timeout=0.01)
        come.set()
        assert {one.result().why for one in asked} == {GOOD["why"]}
    assert len(server.requests) == len(ledger.calls()) == 1


@pytest.mark.parametrize("code", [400, 404, 422, 500])
def test_an_endpoint_without_json_schema_is_asked_with_the_schema_beside_json_object_and_in_words(
    server, ask, waits, code
):
    server.rejects = {"json_schema": code}
    server.script(says(GOOD))
    assert ask() == Opinion(**GOOD)
    assert [request.format for request in server.requests] == ["json_schema", "json_object_schema"]
    assert server.requests[1].body["response_format"]["schema"]["properties"]["rating"]["maximum"] == 5
    assert '"additionalProperties": false' in server.requests[1].text
    assert waits == []


def test_an_endpoint_without_any_response_format_answers_in_text(server, ask):
    server.rejects = {"json_schema": 500, "json_object_schema": 422, "json_object": 400}
    server.script(says(f"<think>Hm {{a}}</think>Here you are:\n```json\n{json.dumps(GOOD)}\n```"))
    assert ask() == Opinion(**GOOD)
    assert [request.format for request in server.requests] == list(RUNGS)


def test_parameters_a_model_does_not_take_are_left_out_from_then_on(server, ask):
    server.script(
        status(400, "Unsupported parameter: use 'max_completion_tokens' instead.", param="max_tokens"),
        status(400, "'temperature' does not support 0 with this model.", param="temperature"),
        says(GOOD),
        says(GOOD),
    )
    ask()
    ask([Message("user", "Second.")])
    assert [request.format for request in server.requests] == ["json_schema"] * 4
    assert "max_tokens" in server.requests[0].body
    for request in server.requests[2:]:
        assert "max_completion_tokens" in request.body
        assert not {"max_tokens", "temperature"} & request.body.keys()


def test_a_model_is_shown_its_invalid_answer_once(server, ask, ledger):
    server.script(says({"rating": 9, "why": "great"}), says(GOOD))
    assert ask() == Opinion(**GOOD)
    repair = server.requests[1].body["messages"]
    assert repair[-2] == {"role": "assistant", "content": '{"rating": 9, "why": "great"}'}
    assert "rating: Input should be less than or equal to 5" in repair[-1]["content"]
    assert outcomes(ledger) == ["out of range", "answered"]


def test_waits_grow_and_end_after_four_attempts(server, ask, ledger, waits):
    server.script(*[status(503, "overloaded")] * 4)
    with pytest.raises(ModelCallError, match=r"could not answer \(503\)") as caught:
        ask()
    assert (caught.value.transient, caught.value.status) == (True, 503)
    assert len(server.requests) == 4
    assert [0.5 <= waits[0] <= 1, 1 <= waits[1] <= 2, 2 <= waits[2] <= 4] == [True] * 3
    assert outcomes(ledger) == ["failed"] * 4


def test_an_endpoint_that_is_not_there_says_what_to_check(ask, waits, ledger):
    with pytest.raises(ModelCallError, match="its address right") as caught:
        ask(base_url="http://127.0.0.1:9/v1")
    assert caught.value.transient
    assert outcomes(ledger) == ["failed"] * 4


def test_a_question_has_a_deadline_over_all_its_attempts(server, ask, waits, monkeypatch):
    monkeypatch.setattr(openai_compatible, "LONGEST_WAIT_SECONDS", 1e6)
    server.script(status(429, retry_after="200"), status(429, retry_after="300"), says(GOOD))
    with pytest.raises(ModelCallError, match="No time is left") as caught:
        ask()
    assert caught.value.transient
    assert len(waits) == 1


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (status(401, "bad key"), "Check the key"),
        (status(403, "not yours"), "Check the key"),
        (status(404, "The model `x` does not exist"), "Check the name of the model"),
        (status(429, "pay first", error_code="insufficient_quota"), "no credit"),
        (status(400, "too long", error_code="context_length_exceeded"), "too long"),
        (status(400, "bad words", error_code="content_filter"), "refused the question: its content filter"),
        (Reply(raw=b"<html>Log in</html>"), "no chat completion"),
        (Reply(error={"message": "no", "code": None, "param": None}), "it is an error"),
    ],
)
def test_what_asking_again_cannot_mend_is_not_retried(server, ask, waits, reply, words):
    server.script(reply)
    with pytest.raises(ModelCallError, match=words) as caught:
        ask()
    assert not caught.value.transient
    assert (len(server.requests), waits) == (1, [])


def test_the_key_appears_in_no_error_no_ledger_and_no_repr(server, make_model, ledger):
    server.script(status(401, "Incorrect API key provided: sk-secret"))
    address = server.base_url.replace("http://", "http://someone:hunter2@")
    model = make_model(base_url=address)
    with pytest.raises(ModelCallError) as caught:
        model.ask(QUESTION, Opinion, purpose="test")
    shown = f"{caught.value!r} {caught.value.__cause__} {model!r} {model.endpoint} {ledger.calls()}"
    assert "sk-secret" not in shown
    assert "hunter2" not in shown
    assert model.endpoint == server.base_url
    server.script(status(401, "Incorrect API key provided: x. No exact match for x-1."))
    with pytest.raises(ModelCallError, match="Check the key and what it may use"):
        make_model(api_key="x").ask(QUESTION, Opinion, purpose="test")  # a short one is in many words


WORDS = "Ana’s router, firmware 1.2.3"


@pytest.mark.parametrize(
    "reply",
    [
        *(status(code, WORDS) for code in (400, 401, 403, 404, 409, 422, 429, 500, 503)),
        status(404, f"No model of {WORDS}"),
        status(400, f"image_url of {WORDS}"),
        *(
            status(400, WORDS, error_code=code)
            for code in ("content_filter", "context_length_exceeded", "insufficient_quota", "model_not_found")
        ),
        status(400, WORDS, error_code=WORDS, param=WORDS),
        Reply(status=307, headers={"Location": "/elsewhere"}, raw=WORDS.encode()),
        Reply(raw=WORDS.encode()),
        Reply(error={"message": WORDS, "code": None, "param": None}),
    ],
)
def test_the_words_of_an_endpoint_that_fails_are_in_no_error_and_no_ledger_but_in_a_log_for_debugging(
    server, make_model, ledger, caplog, reply
):
    server.script(*[reply] * 20)
    asked = Message("user", "What is it?", (b"jpeg",))
    with caplog.at_level("DEBUG", "concepts.language"), pytest.raises(ModelCallError) as caught:
        make_model().ask([asked], Opinion, purpose="test")
    assert "firmware" not in f"{caught.value} {ledger.calls()}"
    assert "127.0.0.1" in str(caught.value) or MODEL in str(caught.value)
    said = [record.levelname for record in caplog.records if "firmware" in record.getMessage()]
    assert set(said) <= {"DEBUG"}


@given(st.text(max_size=20), st.text(string.ascii_letters + "-", min_size=8), st.text(max_size=20))
def test_a_real_key_is_redacted_wherever_it_stands(before, key, after):
    assert key not in redacted(f"{before}{key}{after}", [key])


def test_a_call_that_could_exceed_the_budget_is_not_made(server, ask, ledger):
    with pytest.raises(BudgetError, match="raise the budget"):
        ask(price=Price(1, 10), budget=Budget(0.01))
    assert server.requests == ledger.calls() == []
    with pytest.raises(SettingsError, match="needs the price"):
        ask(budget=Budget(1.0))


def test_threads_share_a_budget_and_never_exceed_it(server, make_model, ledger):
    server.answer = lambda request: GOOD
    server.tokens = (1000, 1000)
    budget = Budget(0.1)
    model = make_model(price=Price(1, 10), budget=budget)

    def ask(number: int) -> bool:
        try:
            model.ask([Message("user", f"Picture {number}")], Opinion, purpose="test")
        except BudgetError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        made = sum(threads.map(ask, range(20)))
    assert budget.spent_usd == pytest.approx(ledger.spent_usd()) == pytest.approx(made * 0.011)
    # 0.011 a call, at worst 0.031: the seventh still fits (0.066 + 0.031), the eighth doesn't.
    assert made == 7


def test_a_sample_is_a_draw_of_its_own_kept_under_its_number(server, make_model):
    server.answer = lambda request: {"rating": 1 + len(server.requests) % 5, "why": "a swing"}
    model = make_model()
    drawn = [model.ask(QUESTION, Opinion, purpose="test", sample=number) for number in (0, 1, 2)]
    assert [request.body["temperature"] for request in server.requests] == [0, 1, 1]
    again = [make_model().ask(QUESTION, Opinion, purpose="test", sample=number) for number in (0, 1, 2)]
    assert drawn == again
    assert len({opinion.rating for opinion in drawn}) == 3
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("5", 5, 5.5),
        ("3600", 60, 66),
        ("-3", 0, 0),
        ("nan", 0.5, 1),
        ("1e999", 0.5, 1),
        ("soon", 0.5, 1),
        ("Fri, 31 Dec 2100 23:59:59 GMT", 60, 66),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 0.5, 1),
    ],
)
def test_an_endpoint_says_in_seconds_or_as_a_date_when_to_come_back(server, ask, waits, header, least, most):
    server.script(status(429, retry_after=header), says(GOOD))
    ask()
    assert least <= waits[0] <= most
