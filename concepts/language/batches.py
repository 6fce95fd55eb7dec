"""Questions and answers as files: OpenAI's Batch JSONL, which `vllm run-batch` takes and writes too.

A question goes out under its own hash, so that an answer finds it again whenever it comes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel, ValidationError

from concepts.errors import ModelAnswerError
from concepts.language.base import Answer, ChatModel, ModelQuestion, UnfitAnswerError, Weighed
from concepts.language.dialects import EndpointDialect
from concepts.language.ledger import Price
from concepts.language.replies import read_answer, read_reply, recalled, to_keep, weighed
from storage.calls import Call, Ledger, Outcome

URL = "/v1/chat/completions"
LONGEST_ERROR = 600  # characters


class NotingModel(ChatModel):
    """Stands in for a model that is asked later: answers from the cache, and hands every question to `note`
    with whether it is answered. Raises `ModelAnswerError` where it isn't. Safe from several threads where
    `note` is."""

    def __init__(
        self, model: str, endpoint: str, ledger: Ledger, note: Callable[[ModelQuestion[Any], bool], None]
    ) -> None:
        self.name = model
        self.endpoint = endpoint
        self._ledger = ledger
        self._note = note

    def _said(self, question: ModelQuestion[Answer]) -> Weighed[Answer]:
        said = recalled(question, self._ledger.answer(question.key))
        self._note(question, said is not None)
        if said is None:
            raise ModelAnswerError(f"{self.name} has yet to answer this.", outcome="empty")
        return said


def line_of(question: ModelQuestion[Any], dialect: EndpointDialect) -> str:
    """A question as a line of a batch file."""
    asked = dialect.messages(list(question.messages), question)
    request = {
        "custom_id": question.key,
        "method": "POST",
        "url": URL,
        "body": dialect.body(question, asked),
    }
    return json.dumps(request, ensure_ascii=False) + "\n"


def without_pictures(question: ModelQuestion[Any]) -> ModelQuestion[BaseModel]:
    """What reading an answer takes of a question. Its key is that of another."""
    return replace(question, messages=tuple(replace(m, pictures=()) for m in question.messages))


@dataclass
class BatchAnswers:
    """What came of a file: how many lines were answers, what of the others, and which (from 1 on) belong to
    no question that is known."""

    answered: int = 0
    known: int = 0
    bad: Counter[Outcome] = field(default_factory=Counter)
    unknown: list[int] = field(default_factory=list)


def take(
    lines: Iterable[str],
    questions: Mapping[str, ModelQuestion[BaseModel]],
    ledger: Ledger,
    price: Price | None,
    clean: Callable[[str], str],
) -> BatchAnswers:
    """Records each answer to one of the questions (by key), and keeps the good ones. What is answered already
    is passed over, so that the same file again changes no answer. `clean` takes secrets out of errors."""
    taken = BatchAnswers()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        sent = _read(line)
        key = str(sent.get("custom_id", ""))
        question = questions.get(key)
        if question is None:
            taken.unknown.append(number)
        elif recalled(question, ledger.answer(key)) is not None:
            taken.known += 1
        else:
            call, answer = _call(sent, question, key, price)
            ledger.record(replace(call, error=clean(call.error)), answer)
            if answer is None:
                taken.bad[call.outcome] += 1
            else:
                taken.answered += 1
    return taken


def _read(line: str) -> dict[str, Any]:
    """Empty where it is no line of a batch."""
    try:
        sent = json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        return {}
    return sent if isinstance(sent, dict) else {}


def _call(
    sent: dict[str, Any], question: ModelQuestion[BaseModel], key: str, price: Price | None
) -> tuple[Call, dict[str, Any] | None]:
    """A row of the ledger, and the answer where there is a good one."""
    from openai.types.chat import ChatCompletion  # takes a second, which a process that asks nothing saves

    call = Call(question.purpose, question.model, question.endpoint, key, 0, "answered")
    response = sent.get("response")
    said = response.get("body") if isinstance(response, dict) else None
    try:
        completion = ChatCompletion.model_validate(said)
    except ValidationError:
        problem = sent.get("error") or said or "there is no response"
        error = problem if isinstance(problem, str) else json.dumps(problem, ensure_ascii=False)
        return replace(call, outcome="failed", error=error[:LONGEST_ERROR]), None
    reply = read_reply(completion)
    call = replace(call, tokens_in=reply.tokens_in, tokens_out=reply.tokens_out)
    if price and reply.tokens_in is not None and reply.tokens_out is not None:
        call = replace(call, cost_usd=price.cost(reply.tokens_in, reply.tokens_out))
    if reply.problem:
        error = f"{question.model}{reply.problem}"
        return replace(call, outcome=reply.outcome, error=error[:LONGEST_ERROR]), None
    try:
        value = read_answer(question, reply)
    except UnfitAnswerError as unfit:
        return replace(call, outcome=unfit.outcome, error=str(unfit)[:LONGEST_ERROR]), None
    return call, to_keep(question, weighed(question, value, reply))
