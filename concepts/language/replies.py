"""From a reply to the answer that was asked for, and to what the cache keeps of it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WrapValidator

from concepts.language.base import Answer, ModelQuestion, Weighed, locate_answer
from concepts.language.failures import NoCompletionError
from storage.calls import Outcome

_ENDS = re.compile(r'["\s,}\]]')  # what may stand behind a value
THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
LONGEST_REPLY = 100_000  # characters; what is allowed has a tenth of them


class Token(NamedTuple):
    """A piece of an answer, its natural log probability, and what else could have stood there. In bytes: a
    token may end inside a character."""

    raw: bytes
    logprob: float
    others: tuple[tuple[bytes, float], ...] = ()


def chances(
    text: str, start: int, field: str, schema: Mapping[str, Any], tokens: Sequence[Token]
) -> dict[str, float] | None:
    """Value as text → probability, for the values that the first token of `field`'s value tells apart.

    `text` is the answer, whose object begins at `start`; `schema` that of the answer. None where nothing can
    be said: no tokens, tokens that are not those of the text, or a field that can be anything.
    """
    where = _value_of(text, start, field)
    values = _values(schema["properties"][field])
    if where is None or not tokens:
        return None
    offset = b"".join(token.raw for token in tokens).find(text.encode())
    if offset < 0:
        return None
    where += text[where] == '"'  # a string's value begins behind its quote
    begins, position = offset + len(text[:where].encode()), 0
    for token in tokens:
        if position <= begins < position + len(token.raw):
            before = token.raw[: begins - position].decode(errors="replace")  # quotes, spaces, a colon
            found: dict[str, float] = {}
            for raw, logprob in dict([(token.raw, token.logprob), *token.others]).items():
                value = _which(_behind(raw.decode(errors="replace"), before), values)
                if value is not None:
                    found[value] = found.get(value, 0.0) + math.exp(min(logprob, 0.0))
            total = sum(found.values())
            return {value: chance / max(total, 1.0) for value, chance in found.items()} or None
        position += len(token.raw)
    return None


def _behind(text: str, before: str) -> str:
    """What a token says of the value: tokenizers glue other quotes and spaces to other alternatives."""
    return text[len(before) :] if text.startswith(before) else text.lstrip(' \t\r\n:"')


def _which(said: str, values: list[str]) -> str | None:
    """The only value that begins or ends as it is said; None where there are several or none."""
    said = said.lstrip()
    if not said:
        return None
    whole = _ENDS.split(said, maxsplit=1)[0]
    ended = whole != said
    if ended:  # values of several words have spaces inside
        fits = [value for value in values if said.startswith(value) and _ENDS.match(said, len(value))]
        fits = fits or [value for value in values if value.startswith(said.rstrip())]
    else:
        fits = [value for value in values if value.startswith(said)]
    return fits[0] if len(fits) == 1 else None


def _values(schema: Mapping[str, Any]) -> list[str]:
    """What a field can be, as it stands in JSON without quotes; nothing where that is not said."""
    if "enum" in schema:
        return [value if isinstance(value, str) else json.dumps(value) for value in schema["enum"]]
    if "const" in schema:
        return [str(schema["const"])]
    if schema.get("type") == "boolean":
        return ["true", "false"]
    if {"minimum", "maximum"} <= schema.keys():
        return [
            str(value) for value in range(math.ceil(schema["minimum"]), math.floor(schema["maximum"]) + 1)
        ]
    return []


def _value_of(text: str, start: int, field: str) -> int | None:
    """Where the value of a field of the object at `start` begins."""
    position, decoder = start + 1, json.JSONDecoder(strict=False)
    while True:
        position = _past(text, position, ",")
        if text[position : position + 1] != '"':
            return None
        name, position = decoder.raw_decode(text, position)
        position = _past(text, position, ":")
        if name == field:
            return position
        _, position = decoder.raw_decode(text, position)


def _past(text: str, position: int, mark: str) -> int:
    """Behind spaces, the mark if it is there, and spaces again."""
    found = re.compile(rf"[ \t\r\n]*{mark}?[ \t\r\n]*").match(text, position)
    assert found is not None  # it matches nothing as well
    return found.end()


@dataclass(frozen=True)
class Reply:
    """`tokens` are those of the text with their alternatives; none where the endpoint doesn't tell. Where
    there is no usable text, `problem` says why in words that follow the model's name."""

    text: str
    outcome: Outcome = "answered"
    problem: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens: tuple[Token, ...] = ()


def _or_none(value: Any, read: Callable[[Any], Any]) -> Any:
    """What makes no sense was not told."""
    try:
        return read(value)
    except ValueError:
        return None


def _as_bytes(value: Any) -> Any:
    """As OpenAI sends them: a list of numbers."""
    return bytes(value) if isinstance(value, list) and all(isinstance(one, int) for one in value) else value


_Text = Annotated[str | None, WrapValidator(_or_none)]
_Bytes = Annotated[bytes | None, BeforeValidator(_as_bytes)]
_Count = Annotated[int | None, Field(ge=1, lt=2**31), WrapValidator(_or_none)]  # none is of nothing


class _Part(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class _Usage(_Part):
    prompt_tokens: _Count = None
    completion_tokens: _Count = None


class _Message(_Part):
    content: _Text = None
    refusal: _Text = None
    reasoning: _Text = None  # as Ollama and vLLM name it
    reasoning_content: _Text = None  # as llama.cpp does


class _Alternative(_Part):
    token: str
    logprob: float = Field(le=math.inf)  # and so no NaN
    bytes: _Bytes = None


class _ToldToken(_Alternative):
    top_logprobs: list[_Alternative] = Field(default_factory=list)


class _Logprobs(_Part):
    content: list[_ToldToken] = Field(default_factory=list)


class _Choice(_Part):
    message: Annotated[_Message | None, WrapValidator(_or_none)] = None
    finish_reason: _Text = None
    logprobs: Annotated[_Logprobs | None, WrapValidator(_or_none)] = None


class _Completion(_Part):
    """What is read of a completion."""

    choices: list[_Choice] = Field(default_factory=list)
    usage: Annotated[_Usage | None, WrapValidator(_or_none)] = None


def read_reply(completion: object, allowed: int = 0) -> Reply:
    """Read a completion that the client took: it checks nothing, and servers leave out what OpenAI always
    sends, so any part may be missing or be anything. Raises `ValueError` where nothing can be read of it.

    `allowed`: tokens that the answer could have; 0 where that isn't known.
    """
    try:
        told = _Completion.model_validate(completion)
    except ValidationError:
        raise NoCompletionError("it has another form") from None
    choice = told.choices[0] if told.choices else _Choice()
    usage = told.usage or _Usage()
    text = choice.message.content or "" if choice.message else ""
    outcome, problem = _unusable(choice, text, usage.completion_tokens, allowed)
    tokens = tuple(map(_token, choice.logprobs.content)) if choice.logprobs and not problem else ()
    return Reply(text, outcome, problem, usage.prompt_tokens, usage.completion_tokens, tokens)


def _unusable(choice: _Choice, text: str, tokens_out: int | None, allowed: int) -> tuple[Outcome, str]:
    refusal = choice.message.refusal if choice.message else None
    if refusal or choice.finish_reason == "content_filter":
        return "refused", f" refused: {refusal or 'its content filter stepped in'}"
    message = choice.message  # a thought has a field of its own, or is marked
    thinks = "<think>" in text or bool(message and (message.reasoning or message.reasoning_content))
    thought = thinks and not THOUGHT.sub("", text).strip()
    if choice.finish_reason == "length" or len(text) > LONGEST_REPLY:
        after = f"after {tokens_out or 'too many'} tokens"
        # Where that is fewer than were asked for, the server or its context allows no more.
        own = tokens_out is None or tokens_out >= allowed
        where = "(DISCERN_ANSWER_TOKENS, or Settings)" if own else "on its server"
        further = f"Turn its thinking off, or allow longer answers {where}."
        if thought:
            return "only thought", f" was still thinking {after} and gave no answer. {further}"
        return "cut off", f"’s answer was cut off {after}. {further}"
    if thought:
        return "only thought", " only thought, and gave no answer. Turn thinking off on its server."
    if not text.strip():
        return "empty", " answered with nothing."
    return "answered", ""


def _token(told: _ToldToken) -> Token:
    return Token(_raw(told), told.logprob, tuple((_raw(other), other.logprob) for other in told.top_logprobs))


def _raw(token: _Alternative) -> bytes:
    return token.bytes or token.token.encode("utf-8", "replace")


def read_answer(question: ModelQuestion[Answer], reply: Reply) -> Weighed[Answer]:
    """The answer in a reply, with the chances of the question's field where it has one. Raises
    `UnfitAnswerError`."""
    value, place = locate_answer(reply.text, question.answer)
    if question.field is None:
        return Weighed(value)
    return Weighed(value, chances(reply.text, place, question.field, question.limited, reply.tokens))


def to_keep(question: ModelQuestion[Answer], said: Weighed[Answer]) -> dict[str, Any]:
    """What the cache holds under the question's key."""
    answer = said.answer.model_dump(mode="json")
    return answer if question.field is None else {"answer": answer, "chances": said.chances}


def recalled(question: ModelQuestion[Answer], known: dict[str, Any] | None) -> Weighed[Answer] | None:
    """What was kept; None also where an older version kept less than is asked for now."""
    if known is None:
        return None
    answer = known if question.field is None else known.get("answer")
    try:
        value = question.answer.model_validate(answer)
    except ValidationError:
        return None
    return Weighed(value, None if question.field is None else known.get("chances"))
