"""Chat models behind an OpenAI-compatible endpoint: OpenAI, Azure, vLLM, Ollama, LM Studio, llama.cpp.

Each is asked in a dialect it takes, again where that can help, at a pace it bears, within the budget. Each
attempt is in the ledger.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from concepts.errors import NO_PRICE, ModelAnswerError, ModelCallError
from concepts.language.base import Answer, ChatModel, Message, ModelQuestion, UnfitAnswerError, Weighed
from concepts.language.capabilities import CapabilityMemory
from concepts.language.connection import openai_client, without_credentials
from concepts.language.dialects import EndpointDialect, Wishes
from concepts.language.failures import Failure, NoCompletionError, read_failure
from concepts.language.ledger import PICTURE_SIDE, Budget, Ledger, Price, estimate_tokens
from concepts.language.prompts import load_prompt
from concepts.language.replies import Reply, read_answer, read_reply, recalled, to_keep
from concepts.use_cases.redacting import redacted
from storage.calls import Call

DEFAULT_ENDPOINT = "https://api.openai.com/v1"
DEFAULT_AT_ONCE = 4
TIMEOUT_SECONDS = 120.0  # of one request; a small, busy computer writes long answers slowly
DEADLINE_SECONDS = 300.0  # of one question, with all its attempts and waits; at least two time-outs
MAX_ATTEMPTS = 4
MAX_TIMEOUTS = 2  # a server that is slow goes on with a question that nobody waits for any more
LONGEST_WAIT_SECONDS = 60.0
MOST_DIALECTS = 12  # ways to ask, before an endpoint that rejects every one is given up

_paces: dict[tuple[str, str], Pace] = {}
_lock = threading.Lock()


class Pace:
    """Lets at most `most` questions out at a time, and fewer while the endpoint says that it is too much.

    Additive increase, multiplicative decrease, as in TCP (Chiu & Jain, 1989). All threads and jobs of the
    process that ask one model at one endpoint share a pace.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._bearable = float(most)
        self._out = 0
        self._cut = 0.0
        self._changed = threading.Condition()

    @property
    def at_once(self) -> int:
        """How many may be out now."""
        return int(self._bearable)

    def at_most(self, most: int) -> None:
        """What the settings allow by now."""
        with self._changed:
            grown = most > self._most
            self._most = most
            self._bearable = float(most) if grown else min(self._bearable, most)
            self._changed.notify_all()

    @contextmanager
    def turn(self) -> Iterator[float]:
        """Waits until one more may be out. Gives when it went out, for `was_too_much`."""
        with self._changed:
            while self._out >= self.at_once:
                self._changed.wait()
            self._out += 1
        try:
            yield time.monotonic()
        finally:
            with self._changed:
                self._out -= 1
                self._changed.notify()

    def went_well(self) -> None:
        """One more at a time for each round of answers."""
        with self._changed:
            self._bearable = min(self._bearable + 1 / self._bearable, self._most)
            self._changed.notify()

    def was_too_much(self, sent: float) -> None:
        """Half as many; once for all that were out together."""
        with self._changed:
            if sent >= self._cut:
                self._bearable = max(self._bearable / 2, 1.0)
                self._cut = time.monotonic()


def pace_of(endpoint: str, model: str, most: int) -> Pace:
    """The one that everybody in this process keeps."""
    with _lock:
        pace = _paces.setdefault((endpoint, model), Pace(most))
    pace.at_most(most)
    return pace


@dataclass
class _Asking:
    """A question on its way: how it is asked, and what is left of its time. Waiting for one's turn is not
    counted: the endpoint has no part in it."""

    question: ModelQuestion[Any]
    messages: list[Message]
    dialect: EndpointDialect
    proven: bool  # whether the endpoint has answered in the dialect
    seconds_left: float

    def turn_to(self, dialect: EndpointDialect) -> None:
        """From now on in another dialect."""
        self.dialect, self.proven = dialect, False


class OpenAICompatibleModel(ChatModel):
    """One model of one endpoint: OpenAI, vLLM, Ollama, LM Studio, llama.cpp. Thread-safe. Each attempt is a
    row of the ledger, failed ones too.

    An answer is committed with its ledger row the moment it arrives, so a killed run never pays for it
    again. Only a call that was in flight when the process died is lost. Of those who ask the same at the same
    time one pays, for all.
    """

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
        at_once: int = DEFAULT_AT_ONCE,
        wishes: Wishes | None = None,
        side: int | None = None,
        timeout: float = TIMEOUT_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`budget` of a run; `timeout` of a request, seconds."""
        self._budget = budget
        if budget is not None and price is None:
            raise NO_PRICE(model=model)
        url = base_url or DEFAULT_ENDPOINT
        self.name = model
        self.endpoint = without_credentials(url)
        self._ledger, self._price = ledger, price
        self.wishes, self.side = wishes.key if wishes else "", side
        self._memory = CapabilityMemory(cache, self.endpoint, model, wishes)
        self._client = openai_client(url, api_key, timeout)
        self._timeout = timeout
        self._pace = pace_of(self.endpoint, model, at_once)
        self._secrets = [secret for secret in (api_key, urlsplit(url).password) if secret]
        self._sleep = sleep
        self._token_lock = threading.Lock()
        # Most prompt tokens used per token estimated, so far; a larger picture has as many more.
        self._token_ratio = max(1.0, ((side or 0) / PICTURE_SIDE) ** 2)
        self._longest = 0  # tokens of an answer, so far: not every endpoint keeps to the limit it is sent

    def __repr__(self) -> str:
        return f"OpenAICompatibleModel({self.name!r}, endpoint={self.endpoint!r})"

    def _said(self, question: ModelQuestion[Answer]) -> Weighed[Answer]:
        known = recalled(question, self._ledger.answer(question.key))
        if known is not None:
            return known
        with self._ledger.asking(question.key):
            known = recalled(question, self._ledger.answer(question.key))  # by whoever asked meanwhile
            if known is not None:
                return known
            found, call = self._answer(question)
            self._ledger.record(call, to_keep(question, found))
            return found

    def _answer(self, question: ModelQuestion[Answer]) -> tuple[Weighed[Answer], Call]:
        """An answer that fits, and its call, still to be recorded with it.

        An endpoint that takes a form and does not keep to it is asked in the next one. Where the model is to
        blame, it is shown its mistake, once.
        """
        seconds = max(DEADLINE_SECONDS, 2 * self._timeout)
        asking = _Asking(question, list(question.messages), *self._memory.dialect, seconds)
        shown = False
        while True:
            reply, call = self._reply(asking)
            try:
                found = read_answer(question, reply)
            except UnfitAnswerError as unfit:
                self._ledger.record(replace(call, outcome=unfit.outcome, error=self._clean(str(unfit))))
                ignores = unfit.ignores_form and self._memory.ignored(asking.dialect)
                if not unfit.ignores_form:
                    self._memory.worked(asking.dialect)
                if ignores and asking.dialect.below is not None:
                    asking.turn_to(asking.dialect.below)
                    asking.messages, shown = list(question.messages), False
                elif not shown and asking.seconds_left > 0:
                    schema = json.dumps(question.limited)
                    repair = load_prompt("repair").render(problem=str(unfit), schema=schema)
                    mistake = [Message("assistant", reply.text), Message("user", repair)]
                    asking.messages, shown = [*question.messages, *mistake], True
                else:
                    message = f"{self.name} answered twice with something that can't be used: {unfit}"
                    raise ModelAnswerError(self._clean(message), outcome=unfit.outcome) from None
                continue
            self._memory.worked(asking.dialect)
            return found, call

    def _reply(self, asking: _Asking) -> tuple[Reply, Call]:
        """A usable reply, and its call, to be recorded by who knows whether it fits. Raises `ModelCallError`,
        `ModelAnswerError` (refused, cut off, empty) and `BudgetError`."""
        attempt, dialects, timeouts = 1, 1, 0
        while True:
            came = self._once(asking)
            if not isinstance(came, Failure):
                return came
            # A form that worked once and is answered by 500 to the last is tried no longer: another server
            # may have the address now.
            proven = asking.proven and attempt < MAX_ATTEMPTS
            other = asking.dialect.after_rejection(came, proven=proven)
            if other is not None and dialects < MOST_DIALECTS:
                asking.turn_to(other)
                dialects += 1
                continue
            wait = _wait_seconds(attempt, came.retry_after)
            timeouts += came.timed_out
            if not came.transient or attempt == MAX_ATTEMPTS or timeouts == MAX_TIMEOUTS:
                raise self._error(came)
            if wait >= asking.seconds_left:
                raise self._error(replace(came, message=f"{came.message} No time is left to ask again."))
            self._sleep(wait)
            asking.seconds_left -= wait
            attempt += 1

    def _once(self, asking: _Asking) -> tuple[Reply, Call] | Failure:
        """One request and its row in the ledger, unless the reply has still to be read."""
        from openai import APIError

        question = asking.question
        call = Call(question.purpose, question.model, question.endpoint, question.key, 0, "answered")
        started = time.monotonic()
        try:
            reply, cost, seconds = self._send(asking)
        except (APIError, ValueError) as error:
            shown = any(message.pictures for message in asking.messages)
            failure = read_failure(error, self.name, self.endpoint, pictures=shown)
            self._ledger.record(
                replace(
                    call,
                    latency_ms=round((time.monotonic() - started) * 1000),
                    outcome=failure.outcome,
                    error=self._clean(failure.message),
                )
            )
            return failure
        call = replace(
            call,
            latency_ms=round(seconds * 1000),
            tokens_in=reply.tokens_in,
            tokens_out=reply.tokens_out,
            cost_usd=cost,
            outcome=reply.outcome,
            error=self._clean(f"{self.name}{reply.problem}") if reply.problem else "",
        )
        if reply.problem:
            self._ledger.record(call)
            raise ModelAnswerError(call.error, outcome=reply.outcome)
        return reply, call

    def _send(self, asking: _Asking) -> tuple[Reply, float | None, float]:
        """One request, within the budget and at the endpoint's pace → the reply, where a price is set its
        cost in USD, and seconds."""
        question, dialect = asking.question, asking.dialect
        asked = dialect.messages(asking.messages, question)
        form = Message("user", json.dumps(question.strict))
        estimated = estimate_tokens([*asked, form])
        sent = dialect.body(question, asked)
        if self._price is None:
            reply, seconds = self._request(sent, asking)
            return reply, None, seconds
        longest = max(dialect.answer_tokens, self._longest)
        worst = self._price.cost(round(estimated * self._token_ratio), longest)
        unbounded: AbstractContextManager[list[float]] = nullcontext([])
        with self._budget.reserve(worst) if self._budget else unbounded as costs:
            reply, seconds = self._request(sent, asking)
            cost = self._cost(reply, estimated, self._price)
            costs.append(cost)
        return reply, cost, seconds

    def _request(self, sent: dict[str, Any], asking: _Asking) -> tuple[Reply, float]:
        """The reply and how many seconds it took, without the wait for a turn."""
        from openai import APIError
        from openai.types.chat import ChatCompletion

        with self._pace.turn() as began:
            try:
                completion: Any = self._client.chat.completions.create(
                    timeout=min(self._timeout, max(asking.seconds_left, 1.0)), **sent
                )
            except APIError as error:
                if read_failure(error, self.name, self.endpoint).congested:
                    self._pace.was_too_much(began)
                raise
            finally:
                seconds = time.monotonic() - began
                asking.seconds_left -= seconds
            if not isinstance(completion, ChatCompletion):  # a page of a proxy or a captive portal
                raise NoCompletionError("it is not JSON")
            if not completion.choices and (completion.model_extra or {}).get("error"):  # of some, with a 200
                raise NoCompletionError("it is an error")
            self._pace.went_well()
            return read_reply(completion, asking.dialect.answer_tokens), seconds

    def _cost(self, reply: Reply, estimated: int, price: Price) -> float:
        """From the usage the endpoint reports; where it reports none, from the estimate."""
        if reply.tokens_in is None or reply.tokens_out is None:
            return price.cost(estimated, estimate_tokens([Message("assistant", reply.text)]))
        with self._token_lock:
            self._token_ratio = max(self._token_ratio, reply.tokens_in / max(estimated, 1))
            self._longest = max(self._longest, reply.tokens_out)
        return price.cost(reply.tokens_in, reply.tokens_out)

    def _error(self, failure: Failure) -> ModelCallError:
        message = self._clean(failure.message)
        if failure.outcome == "failed":
            return ModelCallError(message, transient=failure.transient, status=failure.status)
        return ModelAnswerError(message, outcome=failure.outcome, status=failure.status)

    def _clean(self, text: str) -> str:
        """Without keys, and short enough for a line."""
        text = redacted(text, self._secrets)
        return text if len(text) <= 600 else text[:599] + "…"


def _wait_seconds(attempt: int, retry_after: float | None) -> float:
    """What the endpoint asks for, up to a minute; otherwise exponential. With jitter, so that those who were
    sent away together don't come back together."""
    if retry_after is not None:
        return min(max(retry_after, 0.0), LONGEST_WAIT_SECONDS) * random.uniform(1.0, 1.1)
    return float(2 ** (attempt - 1)) * random.uniform(0.5, 1.0)
