"""Answers that fit a schema: what goes over the wire, and how an answer is read."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import BaseModel, ValidationError

from concepts.language.base import Answer

# Limits that strict endpoints reject; pydantic checks them when the answer is read.
_NOT_ON_THE_WIRE = {
    *("title", "default", "examples", "format", "pattern", "minLength", "maxLength", "minItems", "maxItems"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "uniqueItems"),
}


def wire_schema(model: type[BaseModel]) -> dict[str, Any]:
    """JSON schema of a pydantic model as strict mode wants it.

    References are written out, every property is required, none may be added, nothing has limits.
    """
    schema = model.model_json_schema()
    return _strict(schema, schema.get("$defs", {}))


def _strict(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in node:
        return _strict(definitions[node["$ref"].removeprefix("#/$defs/")], definitions)
    strict: dict[str, Any] = {}
    for key, value in node.items():
        if key in _NOT_ON_THE_WIRE or key == "$defs":
            continue
        if key == "properties":
            strict[key] = {name: _strict(part, definitions) for name, part in value.items()}
        elif key == "items":
            strict[key] = _strict(value, definitions)
        elif key == "anyOf":
            strict[key] = [_strict(part, definitions) for part in value]
        else:
            strict[key] = value
    if strict.get("type") == "object":
        strict["required"] = list(strict.get("properties", {}))
        strict["additionalProperties"] = False
    return strict


def parse_answer(text: str, model: type[Answer]) -> Answer:
    """Reads the answer, also out of a code fence, after a chain of thought or between sentences.

    Raises `ValueError` with what is wrong, in words a model can act on.
    """
    text = re.sub(r"<think>.*?</think>", "", text, flags=re.DOTALL)
    problem = "It is not a JSON object."
    position = text.find("{")
    while position >= 0:
        try:
            value, end = json.JSONDecoder().raw_decode(text, position)
        except (json.JSONDecodeError, RecursionError):
            position = text.find("{", position + 1)
            continue
        try:
            return model.model_validate(value)
        except ValidationError as error:
            problem = "; ".join(
                f"{'.'.join(map(str, e['loc'])) or 'the object'}: {e['msg']}" for e in error.errors()
            )
        position = text.find("{", end)
    raise ValueError(problem)
