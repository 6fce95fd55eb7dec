"""Getting a reply out of an endpoint: in a dialect it takes, again where that can help, at a pace it bears,
within the budget, each attempt in the ledger."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from concepts.errors import ModelAnswerError, ModelCallError
from concepts.language.base import Message, ModelQuestion
from concepts.language.dialects import EndpointDialect, body
from concepts.language.failures import Failure, read_failure, redacted
from concepts.language.ledger import Budget, Ledger, Price, estimate_tokens
from concepts.language.replies import Reply, read_reply
from storage.calls import Call

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.chat import ChatCompletion

DEFAULT_AT_ONCE = 4
_paces: dict[tuple[str, str], Pace] = {}
_lock = threading.Lock()
TIMEOUT_SECONDS = 120.0  # of one request; a small, busy computer writes long answers slowly
DEADLINE_SECONDS = 300.0  # of one question, with all its attempts and waits
MAX_ATTEMPTS = 4
MAX_TIMEOUTS = 2  # a server that is slow goes on with a question that nobody waits for any more
LONGEST_WAIT_SECONDS = 60.0
MOST_DIALECTS = 12  # ways to ask, before an endpoint that rejects every one is given up


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
class Patience:
    """What is left of a question's time, in seconds. Waiting for one's turn is not counted: the endpoint has
    no part in it."""

    left: float = DEADLINE_SECONDS


@dataclass(frozen=True)
class UsableReply:
    """A usable reply, the dialect it came in, and its call, to be recorded by who knows whether it fits."""

    reply: Reply
    call: Call
    dialect: EndpointDialect


@dataclass(eq=False)
class EndpointCaller:
    """Asks one model of one endpoint. Thread-safe."""

    client: OpenAI
    ledger: Ledger
    pace: Pace
    price: Price | None
    budget: Budget | None
    secrets: Sequence[str]
    sleep: Callable[[float], None]
    _token_lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    # Most prompt tokens used per token estimated, so far.
    _token_ratio: float = field(default=1.0, init=False)

    def call(
        self,
        messages: list[Message],
        question: ModelQuestion[Any],
        dialect: EndpointDialect,
        patience: Patience,
        *,
        proven: bool,
    ) -> UsableReply:
        """Raises `ModelCallError`, `ModelAnswerError` (refused, cut off, empty) and `BudgetError`."""
        attempt, dialects, timeouts = 1, 1, 0
        while True:
            outcome = self._once(messages, question, dialect, patience)
            if isinstance(outcome, UsableReply):
                return outcome
            # A form that worked once and is answered by 500 to the last is tried no longer: another server
            # may have the address now.
            other = dialect.after_rejection(outcome, proven=proven and attempt < MAX_ATTEMPTS)
            if other is not None and dialects < MOST_DIALECTS:
                dialect, proven = other, False
                dialects += 1
                continue
            wait = _wait_seconds(attempt, outcome.retry_after)
            timeouts += outcome.timed_out
            if not outcome.transient or attempt == MAX_ATTEMPTS or timeouts == MAX_TIMEOUTS:
                raise self._error(outcome)
            if wait >= patience.left:
                raise self._error(
                    replace(outcome, message=f"{outcome.message} No time is left to ask again.")
                )
            self.sleep(wait)
            patience.left -= wait
            attempt += 1

    def clean(self, text: str) -> str:
        """Without keys, and short enough for a line."""
        text = redacted(text, self.secrets)
        return text if len(text) <= 600 else text[:599] + "…"

    def _once(
        self,
        messages: list[Message],
        question: ModelQuestion[Any],
        dialect: EndpointDialect,
        patience: Patience,
    ) -> UsableReply | Failure:
        """One request and its row in the ledger, unless the reply has still to be read."""
        from openai import APIError

        call = Call(question.purpose, question.model, question.endpoint, question.key, 0, "answered")
        started = time.monotonic()
        try:
            completion, cost, seconds = self._send(messages, question, dialect, patience)
        except (APIError, ValueError) as error:
            shown = any(message.pictures for message in messages)
            failure = read_failure(error, question.model, question.endpoint, pictures=shown)
            self.ledger.record(
                replace(
                    call,
                    latency_ms=round((time.monotonic() - started) * 1000),
                    outcome=failure.outcome,
                    error=self.clean(failure.message),
                )
            )
            return failure
        reply = read_reply(completion)
        call = replace(
            call,
            latency_ms=round(seconds * 1000),
            tokens_in=reply.tokens_in,
            tokens_out=reply.tokens_out,
            cost_usd=cost,
            outcome=reply.outcome,
            error=self.clean(f"{question.model}{reply.problem}") if reply.problem else "",
        )
        if reply.problem:
            self.ledger.record(call)
            raise ModelAnswerError(call.error, outcome=reply.outcome)
        return UsableReply(reply, call, dialect)

    def _send(
        self,
        messages: list[Message],
        question: ModelQuestion[Any],
        dialect: EndpointDialect,
        patience: Patience,
    ) -> tuple[ChatCompletion, float | None, float]:
        """One request, within the budget and at the endpoint's pace → the completion, where a price is set
        its cost in USD, and seconds."""
        asked = dialect.messages(messages, question.form)
        estimated = estimate_tokens(asked) + estimate_tokens(
            [Message("user", json.dumps(question.form.strict))]
        )

        held: AbstractContextManager[list[float]] = nullcontext([])
        if self.price and self.budget:
            worst = self.price.cost(round(estimated * self._token_ratio), dialect.answer_tokens)
            held = self.budget.reserve(worst)
        with held as costs:
            completion, seconds = self._request(asked, question, dialect, patience)
            if self.price:
                costs.append(self._cost(completion, estimated, self.price))
        return completion, costs[0] if costs else None, seconds

    def _request(
        self, asked: list[Message], question: ModelQuestion[Any], dialect: EndpointDialect, patience: Patience
    ) -> tuple[ChatCompletion, float]:
        """The completion and how many seconds it took, without the wait for a turn."""
        from openai import APIError
        from openai.types.chat import ChatCompletion

        with self.pace.turn() as sent:
            try:
                reply: Any = self.client.chat.completions.create(
                    timeout=min(TIMEOUT_SECONDS, max(patience.left, 1.0)), **body(question, dialect, asked)
                )
            except APIError as error:
                if read_failure(error, question.model, question.endpoint).congested:
                    self.pace.was_too_much(sent)
                raise
            finally:
                seconds = time.monotonic() - sent
                patience.left -= seconds
            if not isinstance(reply, ChatCompletion):  # a page of a proxy or a captive portal
                raise ValueError("it is not JSON")
            if not reply.choices and (reply.model_extra or {}).get("error"):  # some send errors with a 200
                raise ValueError("it is an error")
            self.pace.went_well()
            return reply, seconds

    def _cost(self, completion: ChatCompletion, estimated: int, price: Price) -> float:
        """From the usage the endpoint reports; where it reports none, from the estimate."""
        reply = read_reply(completion)
        if reply.tokens_in is None or reply.tokens_out is None:
            return price.cost(estimated, estimate_tokens([Message("assistant", reply.text)]))
        with self._token_lock:
            self._token_ratio = max(self._token_ratio, reply.tokens_in / max(estimated, 1))
        return price.cost(reply.tokens_in, reply.tokens_out)

    def _error(self, failure: Failure) -> ModelCallError:
        message = self.clean(failure.message)
        if failure.outcome == "failed":
            return ModelCallError(message, transient=failure.transient, status=failure.status)
        return ModelAnswerError(message, outcome=failure.outcome, status=failure.status)


def _wait_seconds(attempt: int, retry_after: float | None) -> float:
    """What the endpoint asks for, up to a minute; otherwise exponential. With jitter, so that those who were
    sent away together don't come back together."""
    if retry_after is not None:
        return min(max(retry_after, 0.0), LONGEST_WAIT_SECONDS) * random.uniform(1.0, 1.1)
    return float(2 ** (attempt - 1)) * random.uniform(0.5, 1.0)
