"""How an endpoint is asked: the form of the answer, and the parameters that may be sent.

"OpenAI-compatible" endpoints differ: some take no `json_schema`, some obey a schema beside `json_object`
token by token, newer models want another name for the length limit, or no temperature. What is rejected for
such a reason is sent again in another dialect; what was found is remembered (`language/capabilities.py`).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from concepts.language.base import Message, ModelQuestion
from concepts.language.failures import ABOUT_THOUGHT, Failure
from concepts.language.prompts import load_prompt

Rung = Literal["json_schema", "json_object_schema", "json_object", "text"]
RUNGS: tuple[Rung, ...] = get_args(Rung)  # the most binding first

MORE = {"none": "minimal", "minimal": "low"}  # thought, where an endpoint takes not as little

FEWEST_ANSWER_TOKENS = 375
ALTERNATIVES = 10  # values whose probabilities are asked for; some endpoints give 5 whatever is asked
REJECTING = (400, 404, 415, 422, 500, 501)  # llama-cpp-python answers `json_schema` with 500

# vLLM and OpenAI count the longest answer into the context, and reject where both together don't fit.
_NO_ROOM = re.compile(r"context (length|window|size)|too large")
# Where that speaks of the answer, a shorter one helps; else the question alone is too long.
_OF_THE_ANSWER = re.compile(r"\bmax_(completion_)?tokens\b|completion|output tokens")


@dataclass(frozen=True)
class Wishes:
    """What somebody has set about requests (`concepts/settings.py`)."""

    effort: str = "none"  # of thought about a picture; empty: what the model does by itself
    answer_tokens: int = 3000  # room for a model that thinks before it answers
    detail: str = ""  # of pictures
    fields: str = ""  # more fields of each request, a JSON object

    @property
    def key(self) -> str:
        """What of it can change an answer; empty where nothing was set."""
        parts = [self.effort, self.detail, self.fields]
        return "" if parts == ["none", "", ""] else json.dumps(parts)


@dataclass(frozen=True)
class EndpointDialect:
    """How to ask: the rung of the structured-output ladder and the parameters that may be sent."""

    rung: Rung = "json_schema"
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    temperature: bool = True
    logprobs: bool = True
    answer_tokens: int = Wishes.answer_tokens
    effort: str = Wishes.effort
    wishes: Wishes = Wishes()

    def wishing(self, wishes: Wishes) -> EndpointDialect:
        """The same, as somebody else set it."""
        return replace(self, answer_tokens=wishes.answer_tokens, effort=wishes.effort, wishes=wishes)

    def messages(self, messages: list[Message], question: ModelQuestion[Any]) -> list[Message]:
        """Below `json_schema` the schema has to be said in words too: not every endpoint looks at it."""
        if self.rung == "json_schema":
            return messages
        instruction = load_prompt("schema").render(schema=json.dumps(question.limited))
        first, *rest = messages
        if first.role == "system":
            return [replace(first, text=f"{first.text}\n\n{instruction}"), *rest]
        return [Message("system", instruction), *messages]

    def body(self, question: ModelQuestion[Any], asked: Sequence[Message]) -> dict[str, Any]:
        """Of a request. `asked` are the messages as the dialect has them."""
        turns = [_turn(message, self.wishes.detail) for message in asked]
        body: dict[str, Any] = {"model": question.model, "messages": turns}
        body[self.limit] = self.answer_tokens
        if self.temperature:
            body["temperature"] = 1 if question.sample else 0
        if self.effort and any(message.pictures for message in asked):
            body["reasoning_effort"] = self.effort
        if question.field is not None and self.logprobs:
            body |= {"logprobs": True, "top_logprobs": ALTERNATIVES}
        if self.rung == "json_schema":
            described = {"name": question.answer.__name__, "schema": question.strict, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": described}
        elif self.rung == "json_object_schema":
            body["response_format"] = {"type": "json_object", "schema": question.limited}
        elif self.rung == "json_object":
            body["response_format"] = {"type": "json_object"}
        if self.wishes.fields:
            body["extra_body"] = json.loads(self.wishes.fields)  # what the OpenAI library sends as it is
        return body

    @property
    def below(self) -> EndpointDialect | None:
        """The same on the next rung; None on the last."""
        if self.rung == RUNGS[-1]:
            return None
        return replace(self, rung=RUNGS[RUNGS.index(self.rung) + 1])

    def after_rejection(self, failure: Failure, *, proven: bool) -> EndpointDialect | None:
        """The dialect to try next, or None where the rejection has another reason.

        A 500 speaks against a rung only until the rung has worked once; afterwards it is the endpoint's bad
        moment.
        """
        if failure.final or failure.status not in REJECTING:
            return None
        if (other := self._without(failure.about, proven=proven)) is not None:
            return other
        return None if failure.status >= 500 and proven else self.below

    def _without(self, about: str, *, proven: bool) -> EndpointDialect | None:
        """Without the parameter that the endpoint speaks about."""
        fewer = self.answer_tokens // 2
        if fewer >= FEWEST_ANSWER_TOKENS and _NO_ROOM.search(about) and _OF_THE_ANSWER.search(about):
            return replace(self, answer_tokens=fewer)
        if self.limit == "max_tokens" and "max_completion_tokens" in about:
            return replace(self, limit="max_completion_tokens")
        if self.limit == "max_completion_tokens" and proven and "max_completion_tokens" in about:
            return replace(self, limit="max_tokens")  # another server has the address now
        if self.effort and ABOUT_THOUGHT.search(about):
            more = MORE.get(self.effort, "")
            return replace(self, effort=more if "value" in about else "")
        if self.temperature and "temperature" in about:
            return replace(self, temperature=False)
        if self.logprobs and "logprobs" in about:
            return replace(self, logprobs=False)
        return None


def _turn(message: Message, detail: str) -> dict[str, Any]:
    if not message.pictures:
        return {"role": message.role, "content": message.text}
    wished = {"detail": detail} if detail else {}
    urls = [f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}" for picture in message.pictures]
    pictures = [{"type": "image_url", "image_url": {"url": url} | wished} for url in urls]
    return {"role": message.role, "content": [{"type": "text", "text": message.text}, *pictures]}
