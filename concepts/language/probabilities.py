"""How likely a model held each value of a field, read off the probabilities of the token where it begins."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

_SPACE = re.compile(r"[ \t\r\n]*")
_ENDS = re.compile(r'["\s,}\]]')  # what may stand behind a value


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
            return _weigh(token, begins - position, values)
        position += len(token.raw)
    return None


def _weigh(token: Token, glued: int, values: list[str]) -> dict[str, float] | None:
    """`glued` bytes of the token stand before the value: quotes, spaces, a colon."""
    before = token.raw[:glued].decode(errors="replace")
    found: dict[str, float] = {}
    for raw, logprob in dict([(token.raw, token.logprob), *token.others]).items():
        value = _which(_behind(raw.decode(errors="replace"), before), values)
        if value is not None:
            found[value] = found.get(value, 0.0) + math.exp(min(logprob, 0.0))
    total = sum(found.values())
    return {value: chance / max(total, 1.0) for value, chance in found.items()} or None


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
        return [str(value) for value in _between(schema["minimum"], schema["maximum"])]
    return []


def _between(lowest: float, highest: float) -> Iterable[int]:
    return range(math.ceil(lowest), math.floor(highest) + 1)


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
    for pattern in (_SPACE, re.compile(re.escape(mark) + "?"), _SPACE):
        found = pattern.match(text, position)
        assert found is not None  # all of them match nothing as well
        position = found.end()
    return position
