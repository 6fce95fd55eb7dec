"""What was found out about an endpoint is remembered, and asked again when it stops working. A model that
is to judge pictures has read some whose content can't be guessed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from fake_openai import MODEL, FakeOpenAI, Reply, Request, cut_off, refuses, says, status
from seeing import reads
from served_model import Make, Number, ask

from concepts.errors import BlindModelError, ModelAnswerError, ModelCallError
from concepts.language.base import Message
from concepts.language.capabilities import (
    BELIEVED_FOR,
    CapabilityMemory,
    Colour,
    Seen,
    Sight,
    check_sight,
    draw,
    require_sight,
)
from concepts.language.dialects import EndpointDialect, Wishes

LOWER = EndpointDialect("json_object")


@pytest.fixture
def memory(tmp_path: Path) -> CapabilityMemory:
    return CapabilityMemory(tmp_path, "http://e", "m")


def formats(server: FakeOpenAI) -> list[str]:
    return [request.format for request in server.requests]


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


@pytest.mark.parametrize("colour", get_args(Colour))
def test_what_is_drawn_can_be_read(colour: Colour) -> None:
    for digit in range(10):
        shown = Seen(digit=digit, colour=colour)
        assert Seen.model_validate(reads(draw(shown))) == shown


@pytest.fixture
def looking(server: FakeOpenAI) -> FakeOpenAI:
    """Its `answer` is asked about the pictures that test eyes, too."""
    server.looks_itself = True
    server.answer = lambda request: reads(request.pictures[0])
    return server


def test_two_pictures_are_shown_and_new_ones_every_time(make_model: Make, looking: FakeOpenAI) -> None:
    assert check_sight(make_model()).sees
    assert check_sight(make_model()).sees
    assert len({picture for request in looking.requests for picture in request.pictures}) == 4


UNKNOWN = "Unsupported value: 'reasoning_effort' does not support '{}' with this model."


@pytest.mark.parametrize(
    ("wishes", "replies", "efforts"),
    [  # no thought is asked for, or the least that a model takes, or nothing of what it doesn't know
        (None, [UNKNOWN.format("none"), UNKNOWN.format("minimal")], ["none", "minimal", "low", "low"]),
        (None, ["Unrecognized request argument supplied: reasoning_effort"], ["none", None, None]),
        (Wishes(effort="high"), [UNKNOWN.format("high")], ["high", None, None]),
        # a name with reasoning in it says nothing about thought
        (None, ["response_format json_schema is not supported by phi-4-reasoning-vision"], ["none"] * 3),
    ],
)
def test_a_model_thinks_about_pictures_as_little_as_it_can(
    make_model: Make,
    looking: FakeOpenAI,
    wishes: Wishes | None,
    replies: list[str],
    efforts: list[str | None],
) -> None:
    looking.script(*(status(400, said) for said in replies))
    assert check_sight(make_model(wishes=wishes)).sees
    assert [request.body.get("reasoning_effort") for request in looking.requests] == efforts


BLIND: dict[str, Callable[[Request], object]] = {
    "answers with nothing": lambda request: says(""),
    "makes it up": lambda request: reads(request.pictures[0]) | {"colour": "plaid"},
    "is wrong": lambda request: {"digit": (reads(request.pictures[0])["digit"] + 1) % 10, "colour": "red"},
    "says that it can't see": lambda request: "I can't see any picture here.",
    "refuses": lambda request: refuses("No pictures, please."),
    "rejects pictures": lambda request: status(400, "image input is not supported"),
    "fails without a reason": lambda request: status(500, ""),
    "says that there is no such thing": lambda request: status(404, "No endpoint supports image input"),
}


@pytest.mark.parametrize("how", BLIND)
def test_a_model_that_is_blind_in_any_way_is_refused_in_a_sentence(
    make_model: Make, looking: FakeOpenAI, tmp_path: Path, how: str
) -> None:
    looking.answer = BLIND[how]
    said = r"doesn't see pictures, so it labels none. Shown an? \w+ \d, it"
    with pytest.raises(BlindModelError, match=said):
        require_sight(make_model(), tmp_path)


def test_one_that_saw_is_believed_for_a_week_and_one_that_did_not_is_asked_again(
    make_model: Make, server: FakeOpenAI, tmp_path: Path
) -> None:
    model = make_model()
    memory = CapabilityMemory(tmp_path, model.endpoint, model.name)
    require_sight(model, tmp_path)
    server.sees = False
    require_sight(model, tmp_path)
    long_ago = datetime.now(UTC) - timedelta(days=8)
    memory.saw(Sight(sees=True, when=long_ago))
    with pytest.raises(BlindModelError):
        require_sight(model, tmp_path)
    server.sees = True
    require_sight(model, tmp_path)


THINKING = " was still thinking after 20 tokens and gave no answer. Turn"
THOUGHT = " only thought, and gave no answer. Turn thinking off on its server"


@pytest.mark.parametrize(
    ("reply", "error", "said"),
    [
        (status(401, "bad key"), ModelCallError, "Check the key"),
        (
            cut_off('{"digit": '),
            ModelAnswerError,
            "’s answer was cut off after 20 tokens. Turn its thinking off, or allow",
        ),
        (cut_off("<think>A digit. Or is it"), ModelAnswerError, f"{THINKING} its"),
        (cut_off("", reasoning_content="A digit?"), ModelAnswerError, THINKING),
        (Reply(reasoning_content="A red 5."), ModelAnswerError, THOUGHT),
        (says("<think>A red 5.</think>"), ModelAnswerError, THOUGHT),
    ],
)
def test_what_says_nothing_about_its_eyes_is_the_error_that_it_is_with_what_to_set(
    make_model: Make,
    looking: FakeOpenAI,
    tmp_path: Path,
    reply: Reply,
    error: type[Exception],
    said: str,
) -> None:
    looking.answer = lambda request: reply
    model = make_model()
    with pytest.raises(error, match=said):
        require_sight(model, tmp_path)
    assert CapabilityMemory(tmp_path, model.endpoint, model.name).known.sight is None


@pytest.mark.parametrize(
    ("allowed", "where"),
    [(20, "(DISCERN_ANSWER_TOKENS, or Settings)"), (3000, "on its server")],
)
def test_where_longer_answers_are_allowed_is_said(
    make_model: Make, looking: FakeOpenAI, allowed: int, where: str
) -> None:
    looking.answer = lambda request: cut_off()  # after 20 tokens
    with pytest.raises(ModelAnswerError) as failed:
        check_sight(make_model(wishes=Wishes(answer_tokens=allowed)))
    assert f"allow longer answers {where}." in str(failed.value)


def test_what_was_set_about_requests_is_sent_and_a_change_asks_anew(
    make_model: Make, server: FakeOpenAI
) -> None:
    server.answer = lambda request: {"digit": 1, "colour": "red"}
    asked = [Message("user", "Which?", (draw(Seen(digit=1, colour="red")),))]
    high = Wishes(effort="high", answer_tokens=900, detail="low", fields='{"seed": 7}')
    for wishes in (None, high, high, Wishes(effort="")):
        make_model(wishes=wishes).ask(asked, Seen, purpose="x")
    usual, wished, none = (request.body for request in server.requests)  # the third came from the ledger
    assert (usual["reasoning_effort"], usual["max_tokens"]) == ("none", 3000)
    assert (wished["reasoning_effort"], wished["max_tokens"], wished["seed"]) == ("high", 900, 7)
    assert wished["messages"][0]["content"][1]["image_url"]["detail"] == "low"
    assert "reasoning_effort" not in none
