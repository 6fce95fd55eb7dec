"""Answers that fit a schema: what goes over the wire, and how an answer is read.

An answer type can say what is wrong beyond its schema: a validator raises `unfit(outcome, words)`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from concepts.language.base import Answer
from storage.calls import Outcome

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
# Some grammars for JSON let line breaks into strings.
_LENIENT = json.JSONDecoder(strict=False)


@dataclass(frozen=True)
class Form:
    """What an answer has to look like: for strict endpoints, and with its limits for those that obey them."""

    name: str
    strict: dict[str, Any]
    limited: dict[str, Any]


class UnfitAnswerError(ValueError):
    """An answer that can't be used, in words that a model can act on. `ignores_form`: an endpoint that keeps
    to the schema it is sent could not have given it."""

    def __init__(self, problem: str, outcome: Outcome, *, ignores_form: bool) -> None:
        super().__init__(problem)
        self.outcome: Outcome = outcome
        self.ignores_form = ignores_form


def unfit(outcome: Outcome, problem: str) -> PydanticCustomError:
    """For a validator of an answer type to raise. `problem` is shown to the model, which may answer again."""
    return PydanticCustomError(f"{_UNFIT}{outcome}", "{problem}", {"problem": problem})


@cache
def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """pydantic's JSON schema of a type. It takes it a millisecond, and each question is asked with it."""
    return model.model_json_schema()


@cache
def form_of(model: type[BaseModel]) -> Form:
    return Form(model.__name__, wire_schema(model), wire_schema(model, limits=True))


def wire_schema(model: type[BaseModel], *, limits: bool = False) -> dict[str, Any]:
    """JSON schema of a pydantic model as strict mode wants it.

    References are written out, every property is required, none may be added. Without `limits` nothing has
    any.
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


def parse_answer(text: str, model: type[Answer]) -> Answer:
    """Reads the answer, also out of a code fence, after a chain of thought or between sentences.

    Raises `UnfitAnswerError`.
    """
    return locate_answer(text, model)[0]


def locate_answer(text: str, model: type[Answer]) -> tuple[Answer, int]:
    """The answer, and where in `text` its object begins. Raises `UnfitAnswerError`."""
    thought = re.compile(r"<think>.*?</think>", re.DOTALL)
    text = thought.sub(lambda match: " " * len(match[0]), text)
    problem = UnfitAnswerError("It is not a JSON object.", "wrong schema", ignores_form=True)
    position = text.find("{")
    while position >= 0:
        try:
            value, end = _LENIENT.raw_decode(text, position)
        except (json.JSONDecodeError, RecursionError):
            position = text.find("{", position + 1)
            continue
        try:
            return model.model_validate(value), position
        except ValidationError as error:
            problem = _unfit(error.errors())
        position = text.find("{", end)
    raise problem


def _unfit(errors: list[ErrorDetails]) -> UnfitAnswerError:
    problem = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'the object'}: {e['msg']}" for e in errors)
    ignores = any(_SHAPES.fullmatch(e["type"]) for e in errors)
    return UnfitAnswerError(problem, _outcome(errors), ignores_form=ignores)


def _outcome(errors: list[ErrorDetails]) -> Outcome:
    """The one that all errors agree in; otherwise it doesn't fit the schema."""
    kinds = {_kind(error) for error in errors}
    return kinds.pop() if len(kinds) == 1 else "wrong schema"


def _kind(error: ErrorDetails) -> Outcome:
    if error["type"].startswith(_UNFIT):
        return error["type"].removeprefix(_UNFIT)  # type: ignore[return-value]  # as `unfit` put it there
    number = isinstance(error["input"], int | float) and not isinstance(error["input"], bool)
    return "out of range" if error["type"] in _RANGES and number else "wrong schema"
