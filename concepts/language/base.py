"""The chat-model protocol: a question in, an answer that fits a schema out."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from concepts.use_cases.redacting import as_text
from storage.calls import Outcome

Answer = TypeVar("Answer", bound=BaseModel)

_NEVER_ON_THE_WIRE = {"title", "default", "examples", "format", "pattern", "uniqueItems", "$defs"}
# Limits that strict endpoints reject, and that a grammar obeys; pydantic checks them when the answer is read.
_LIMITS = {
    *("minLength", "maxLength", "minItems", "maxItems", "multipleOf"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
}
# pydantic's names for values of the right kind that were not to choose from
_RANGES = {"greater_than", "greater_than_equal", "less_than", "less_than_equal", "literal_error", "enum"}
# and for those that an endpoint which keeps to a strict schema can't send
_SHAPES = re.compile(r"missing|literal_error|enum|.*_type|.*_parsing")
_UNFIT = "unfit: "
# Control characters but tab and line breaks, and halves of surrogate pairs: no database keeps all of them.
# Some grammars for JSON let line breaks into strings.
_LENIENT = json.JSONDecoder(strict=False)


@dataclass(frozen=True)
class Message:
    """One turn. `pictures` are JPEG bytes without metadata, shown after the text."""

    role: Literal["system", "user", "assistant"]
    text: str
    pictures: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Weighed(Generic[Answer]):
    """An answer, and how likely the model held each value that one of its fields could have taken, by its own
    probabilities of the token there: value as text → probability, together at most 1. None where the endpoint
    doesn't tell them."""

    answer: Answer
    chances: Mapping[str, float] | None = None


class UnfitAnswerError(ValueError):
    """An answer that can't be used, in words that a model can act on. `ignores_form`: an endpoint that keeps
    to the schema it is sent could not have given it."""

    def __init__(self, problem: str, outcome: Outcome, *, ignores_form: bool) -> None:
        super().__init__(problem)
        self.outcome: Outcome = outcome
        self.ignores_form = ignores_form


def unfit(outcome: Outcome, problem: str) -> PydanticCustomError:
    """For a validator of an answer type to raise, where more than the schema is wrong. `problem` is shown to
    the model, which may answer again."""
    return PydanticCustomError(f"{_UNFIT}{outcome}", "{problem}", {"problem": problem})


@cache
def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """pydantic's JSON schema of a type. It takes it a millisecond, and each question is asked with it."""
    return model.model_json_schema()


@cache
def wire_schema(model: type[BaseModel], *, limits: bool = False) -> dict[str, Any]:
    """JSON schema of a pydantic model as strict mode wants it, with its limits for endpoints that obey those.

    References are written out, every property is required, none may be added.
    """
    schema = schema_of(model)
    dropped = _NEVER_ON_THE_WIRE if limits else _NEVER_ON_THE_WIRE | _LIMITS
    return _strict(schema, schema.get("$defs", {}), dropped)


def _strict(node: dict[str, Any], definitions: dict[str, Any], dropped: set[str]) -> dict[str, Any]:
    if "$ref" in node:
        return _strict(definitions[node["$ref"].removeprefix("#/$defs/")], definitions, dropped)
    strict: dict[str, Any] = {}
    for key, value in node.items():
        if key in dropped:
            continue
        if key == "properties":
            strict[key] = {name: _strict(part, definitions, dropped) for name, part in value.items()}
        elif key == "items":
            strict[key] = _strict(value, definitions, dropped)
        elif key == "anyOf":
            strict[key] = [_strict(part, definitions, dropped) for part in value]
        else:
            strict[key] = value
    if strict.get("type") == "object":
        strict["required"] = list(strict.get("properties", {}))
        strict["additionalProperties"] = False
    return strict


def locate_answer(text: str, model: type[Answer]) -> tuple[Answer, int]:
    """The answer, also out of a code fence, after a chain of thought or between sentences; and where it is.
    Raises `UnfitAnswerError`."""
    thought = re.compile(r"<think>.*?</think>", re.DOTALL)
    text = thought.sub(lambda match: " " * len(match[0]), text)
    problem = UnfitAnswerError("It is not a JSON object.", "wrong schema", ignores_form=True)
    position = text.find("{")
    while position >= 0:
        try:
            found, end = _LENIENT.raw_decode(text, position)
            value = as_text(found)
        except (json.JSONDecodeError, RecursionError):
            position = text.find("{", position + 1)
            continue
        try:
            return model.model_validate(value), position
        except ValidationError as error:
            errors = error.errors()
            said = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'the object'}: {e['msg']}" for e in errors)
            ignores = any(_SHAPES.fullmatch(e["type"]) for e in errors)
            kinds = {_kind(one) for one in errors}  # where they don't agree it doesn't fit the schema
            outcome = kinds.pop() if len(kinds) == 1 else "wrong schema"
            problem = UnfitAnswerError(said, outcome, ignores_form=ignores)
        position = text.find("{", end)
    raise problem


def _kind(error: ErrorDetails) -> Outcome:
    if error["type"].startswith(_UNFIT):
        return error["type"].removeprefix(_UNFIT)  # type: ignore[return-value]  # as `unfit` put it there
    number = isinstance(error["input"], int | float) and not isinstance(error["input"], bool)
    return "out of range" if error["type"] in _RANGES and number else "wrong schema"


@dataclass(frozen=True)
class ModelQuestion(Generic[Answer]):
    """`sample` as in `ChatModel.ask`; `field` is the one that is weighed, none where none is; `wishes` as in
    `ChatModel`."""

    endpoint: str
    model: str
    messages: tuple[Message, ...]
    answer: type[Answer]
    purpose: str
    sample: int = 0
    field: str | None = None
    wishes: str = ""

    @cached_property
    def key(self) -> str:
        """SHA-256 over everything an answer depends on. Pictures enter by the hash of their bytes."""
        turns = [[m.role, m.text, [hashlib.sha256(p).hexdigest() for p in m.pictures]] for m in self.messages]
        question = [self.endpoint, self.model, turns, schema_of(self.answer)]
        if self.sample or self.field:  # the likeliest answer alone keeps the key it always had
            question.append({"sample": self.sample, "field": self.field})
        if self.wishes:
            question.append(self.wishes)
        return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()

    @property
    def strict(self) -> dict[str, Any]:
        """What an answer has to look like."""
        return wire_schema(self.answer)

    @property
    def limited(self) -> dict[str, Any]:
        """The same with its limits."""
        return wire_schema(self.answer, limits=True)


class ChatModel:
    """A model that answers with a value of a given pydantic model. Safe to call from several threads."""

    name: str
    endpoint: str  # where it runs, without credentials
    wishes = ""  # what was set about how it is asked, as far as that can change an answer
    side: int | None = None  # px, the longest side at which it is shown pictures; None: as they need it

    def ask(
        self, messages: Sequence[Message], answer: type[Answer], *, purpose: str, sample: int = 0
    ) -> Answer:
        """Asks once, from the cache where the same question was answered before.

        `sample` 0 is the likeliest answer (temperature 0); each other number is a draw of its own
        (temperature 1), kept under that number. Every call is written to the ledger with its cost. Transient
        failures are retried, others not. Raises `ModelAnswerError` with its outcome (refused, cut off, not
        the schema, …), `ModelCallError`, `BudgetError`.
        """
        return self._said(self._question(messages, answer, purpose, sample)).answer

    def weigh(
        self, messages: Sequence[Message], answer: type[Answer], *, field: str, purpose: str
    ) -> Weighed[Answer]:
        """The likeliest answer, with what else `field`, one of its own of a few short values, could have
        been. Raises what `ask` raises."""
        return self._said(self._question(messages, answer, purpose, field=field))

    def _question(
        self,
        messages: Sequence[Message],
        answer: type[Answer],
        purpose: str,
        sample: int = 0,
        field: str | None = None,
    ) -> ModelQuestion[Answer]:
        turns = tuple(messages)
        return ModelQuestion(self.endpoint, self.name, turns, answer, purpose, sample, field, self.wishes)

    def _said(self, question: ModelQuestion[Answer]) -> Weighed[Answer]:
        raise NotImplementedError
