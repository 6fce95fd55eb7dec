"""A model that is to judge pictures has read some whose content can't be guessed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from fake_openai import FakeOpenAI, Reply, Request, cut_off, refuses, says, status
from seeing import reads

from concepts.errors import BlindModelError, ModelAnswerError, ModelCallError
from concepts.language.base import Message
from concepts.language.capabilities import (
    CapabilityMemory,
    Colour,
    Seen,
    Sight,
    check_sight,
    draw,
    require_sight,
)
from concepts.language.dialects import Wishes
from concepts.language.openai_compatible import OpenAICompatibleModel

Make = Callable[..., OpenAICompatibleModel]


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
        (status(404, "The model `x` does not exist"), ModelCallError, "Check the name"),
        (Reply(raw=b"<html>"), ModelCallError, "no chat completion"),
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
    make_model: Make, looking: FakeOpenAI, tmp_path: Path, reply: Reply, error: type[Exception], said: str
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
