"""Chat models behind an OpenAI-compatible endpoint: OpenAI itself, vLLM, Ollama, LM Studio, llama.cpp."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, ValidationError

from concepts.errors import ModelAnswerError, ModelCallError, NoPriceError
from concepts.language.base import Answer, Message, Weighed
from concepts.language.connection import openai_client
from concepts.language.dialects import Dialect, DialectMemory
from concepts.language.failures import Failure, read_failure, redacted
from concepts.language.ledger import Budget, Ledger, Price, estimate_tokens
from concepts.language.prompts import load_prompt
from concepts.language.structured import parse_answer, wire_schema
from concepts.registry import Method
from storage.calls import Call

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion

DEFAULT_ENDPOINT = "https://api.openai.com/v1"
TIMEOUT_SECONDS = 60.0
MAX_ATTEMPTS = 4
LONGEST_WAIT_SECONDS = 60.0
MAX_ANSWER_TOKENS = 3000  # room for a model that thinks before it answers


class OpenAICompatibleModel:
    """One model of one endpoint. Thread-safe. Each attempt is a row of the ledger, failed ones too.

    An answer is committed with its ledger row the moment it arrives, so a killed run never pays for it
    again. Only a call that was in flight when the process died is lost.
    """

    method: ClassVar[Method] = Method(
        name="openai-compatible",
        what="A model behind an OpenAI-compatible endpoint: OpenAI, vLLM, Ollama, LM Studio, llama.cpp.",
        source="OpenAI's API for chat completions",
        licence="that of the model",
        cost="what the endpoint asks; each call is in the ledger",
        defaults={"timeout_seconds": TIMEOUT_SECONDS, "attempts": MAX_ATTEMPTS},
    )

    def __init__(
        self,
        model: str,
        *,
        api_key: str | None,
        base_url: str | None,
        ledger: Ledger,
        cache: Path,
        price: Price | None = None,
        budget: Budget | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if budget is not None and price is None:
            raise NoPriceError(model)
        url = base_url or DEFAULT_ENDPOINT
        self._model = model
        self._endpoint = without_credentials(url)
        self._secrets = [secret for secret in (api_key, urlsplit(url).password) if secret]
        self._client = openai_client(url, api_key, TIMEOUT_SECONDS)
        self._ledger = ledger
        self._price = price
        self._budget = budget
        self._sleep = sleep
        self._dialects = DialectMemory(cache, self._endpoint, model)
        self._token_lock = threading.Lock()
        self._token_ratio = 1.0  # most prompt tokens used per token estimated, so far

    def __repr__(self) -> str:
        return f"OpenAICompatibleModel({self._model!r}, endpoint={self._endpoint!r})"

    @property
    def name(self) -> str:
        return self._model

    @property
    def endpoint(self) -> str:
        return self._endpoint

    def weigh(
        self, messages: Sequence[Message], answer: type[Answer], *, field: str, purpose: str
    ) -> Weighed[Answer]:
        """See `ChatModel.weigh`. No probabilities are asked for yet."""
        return Weighed(self.ask(messages, answer, purpose=purpose))

    def ask(
        self, messages: Sequence[Message], answer: type[Answer], *, purpose: str, sample: int = 0
    ) -> Answer:
        """See `ChatModel.ask`. A model that answers with something else is shown its mistake, once."""
        key = question_hash(self._endpoint, self._model, messages, answer)
        if (known := self._ledger.answer(key)) is not None:
            try:
                return answer.model_validate(known)
            except ValidationError:
                pass  # kept by an older version that asked for less
        schema = wire_schema(answer)
        asked = list(messages)
        problem = ""
        for _ in range(2):
            text, call = self._complete(asked, answer.__name__, schema, purpose, key)
            try:
                value = parse_answer(text, answer)
            except ValueError as error:
                problem = str(error)
                self._ledger.record(replace(call, outcome="wrong schema", error=self._clean(problem)))
                repair = load_prompt("repair").render(problem=problem, schema=json.dumps(schema))
                asked = [*messages, Message("assistant", text), Message("user", repair)]
                continue
            self._ledger.record(call, value.model_dump(mode="json"))
            return value
        raise ModelAnswerError(
            self._clean(f"{self._model} answered twice with something that can't be used: {problem}")
        )

    def _complete(
        self, messages: list[Message], name: str, schema: dict[str, Any], purpose: str, key: str
    ) -> tuple[str, Call]:
        """The text of the reply and its call, still to be recorded by who knows whether it can be used."""
        from openai import APIError

        dialect, proven = self._dialects.current
        attempt = 1
        while True:
            started = time.monotonic()
            call = Call(purpose, self._model, self._endpoint, key, 0, "answered")
            try:
                completion, cost = self._send(messages, dialect, name, schema)
            except (APIError, ValueError) as error:
                call = replace(call, latency_ms=_since(started))
                failure = read_failure(error, self._model, self._endpoint)
                self._ledger.record(
                    replace(call, outcome=failure.outcome, error=self._clean(failure.message))
                )
                other = (
                    None
                    if failure.final
                    else dialect.after_rejection(failure.status, failure.message, proven=proven)
                )
                if other is not None:
                    dialect, proven = other, False
                    continue
                if not failure.transient or attempt == MAX_ATTEMPTS:
                    raise self._error(failure) from None
                self._sleep(_wait_seconds(attempt, failure.retry_after))
                attempt += 1
                continue
            self._dialects.worked(dialect)
            usage = completion.usage
            call = replace(
                call,
                latency_ms=_since(started),
                tokens_in=usage.prompt_tokens if usage else None,
                tokens_out=usage.completion_tokens if usage else None,
                cost_usd=cost,
            )
            return self._text(completion, call), call

    def _send(
        self, messages: list[Message], dialect: Dialect, name: str, schema: dict[str, Any]
    ) -> tuple[ChatCompletion, float | None]:
        """One request, within the budget → the completion and, where a price is set, its cost in USD."""
        from openai.types.chat import ChatCompletion

        asked = dialect.messages(messages, schema)
        estimated = estimate_tokens(asked) + estimate_tokens([Message("user", json.dumps(schema))])

        def send() -> ChatCompletion:
            reply: Any = self._client.chat.completions.create(
                model=self._model,
                messages=[_on_the_wire(message) for message in asked],
                **dialect.parameters(name, schema, MAX_ANSWER_TOKENS),
            )
            if not isinstance(reply, ChatCompletion):  # a page of a proxy or a captive portal
                raise ValueError("it is not JSON")
            return reply

        if self._price is None:
            return send(), None
        expected = round(estimated * self._token_ratio)
        if self._budget is None:
            completion = send()
            return completion, self._cost(completion, estimated)
        with self._budget.reserve(self._price.cost(expected, MAX_ANSWER_TOKENS)) as costs:
            completion = send()
            costs.append(self._cost(completion, estimated))
        return completion, costs[0]

    def _cost(self, completion: ChatCompletion, estimated: int) -> float:
        """From the usage the endpoint reports; where it reports none, from the estimate."""
        assert self._price is not None
        usage = completion.usage
        if usage is None:
            text = (completion.choices[0].message.content or "") if completion.choices else ""
            return self._price.cost(estimated, estimate_tokens([Message("assistant", text)]))
        with self._token_lock:
            self._token_ratio = max(self._token_ratio, usage.prompt_tokens / max(estimated, 1))
        return self._price.cost(usage.prompt_tokens, usage.completion_tokens)

    def _text(self, completion: ChatCompletion, call: Call) -> str:
        """What the model said. Where it said nothing usable, records that and raises `ModelAnswerError`."""
        choice = completion.choices[0] if completion.choices else None
        text = (choice.message.content or "") if choice else ""
        refusal = choice.message.refusal if choice else None
        if refusal or (choice and choice.finish_reason == "content_filter"):
            outcome, problem = (
                "refused",
                f"{self._model} refused: {refusal or 'its content filter stepped in'}",
            )
        elif choice and choice.finish_reason == "length":
            outcome = "cut off"
            problem = f"The answer of {self._model} was cut off after {call.tokens_out or 'too many'} tokens."
        elif not text.strip():
            outcome, problem = "empty", f"{self._model} answered with nothing."
        else:
            return text
        problem = self._clean(problem)
        self._ledger.record(replace(call, outcome=outcome, error=problem))
        raise ModelAnswerError(problem)

    def _error(self, failure: Failure) -> ModelCallError:
        kind = ModelAnswerError if failure.outcome == "refused" else ModelCallError
        return kind(self._clean(failure.message), transient=failure.transient, status=failure.status)

    def _clean(self, text: str) -> str:
        """Without keys, and short enough for a line."""
        text = redacted(text, self._secrets)
        return text if len(text) <= 600 else text[:599] + "…"


def question_hash(endpoint: str, model: str, messages: Sequence[Message], answer: type[BaseModel]) -> str:
    """SHA-256 over everything an answer depends on. Pictures enter by the hash of their bytes."""
    turns = [[m.role, m.text, [hashlib.sha256(p).hexdigest() for p in m.pictures]] for m in messages]
    question = [endpoint, model, turns, answer.model_json_schema()]
    return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()


def without_credentials(url: str) -> str:
    """The address without user, password, query and fragment."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))


def _on_the_wire(message: Message) -> Any:
    if not message.pictures:
        return {"role": message.role, "content": message.text}
    pictures = [
        {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{base64.b64encode(p).decode()}"}}
        for p in message.pictures
    ]
    return {"role": message.role, "content": [{"type": "text", "text": message.text}, *pictures]}


def _wait_seconds(attempt: int, retry_after: float | None) -> float:
    """What the endpoint asks for, up to a minute; otherwise exponential with full jitter above a half."""
    if retry_after is not None:
        return min(max(retry_after, 0.0), LONGEST_WAIT_SECONDS)
    return float(2 ** (attempt - 1)) * random.uniform(0.5, 1.0)


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
