"""Criteria about how many there are, such as “at least three people”: a model that sees counts in buckets,
and the bucket decides (after PseCo, Huang et al., CVPR 2024, which counts without one).

Only “so many or more” is decided by counting, and up to six: models miscount what is more. Any other
criterion is judged as a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import inf
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator

from concepts.collaborator.base import Verdict
from concepts.definition.document import Criterion

Bucket = Literal["none", "1", "2", "3-5", "6+"]
Range = tuple[int, float]
RANGES: dict[Bucket, Range] = {"none": (0, 0), "1": (1, 1), "2": (2, 2), "3-5": (3, 5), "6+": (6, inf)}
_WORDS = {word: n for n, word in enumerate(("one", "two", "three", "four", "five", "six"), 1)}
_MEASURES = (
    r"-|%|[.,/:]\d|percent|thirds?|quarters?|years?|months?|weeks?|days?|hours?|minutes?|seconds?|times"
    r"|met(?:re|er)s?|feet|inch\w*|miles?|[ckm]?m\b|k?g\b|stars?"
)
_NOT_OF = rf"(?!\s*(?:{_MEASURES}))"
_N = r"(two|three|four|five|six|[2-6])"
_AT_LEAST = re.compile(
    rf"\b(?:at least|no fewer than|a minimum of) {_N}\b{_NOT_OF}|\b{_N}(?: or more\b|\+){_NOT_OF}"
    rf"|\b(more) than (one|two|three|four|five|[1-5])\b{_NOT_OF}",
    re.IGNORECASE,
)
_OTHERWISE = re.compile(
    r"(?<!no )\b(?:fewer|less) than\b|\b(?:at most|up to|exactly|between|not? more)\b", re.IGNORECASE
)


def _as_bucket(count: Any) -> Any:
    """Some write a number."""
    if isinstance(count, int):
        return next((name for name, (low, high) in RANGES.items() if low <= count <= high), count)
    return count


class Counted(BaseModel):
    """What else is asked of a criterion where any is about how many there are; null for the others."""

    number: int
    count: Annotated[Bucket | None, BeforeValidator(_as_bucket)]


def least(text: str) -> int | None:
    """How many a criterion needs at least, 2 to 6; None where that isn't what it says, or not all."""
    found = list(_AT_LEAST.finditer(text))
    if len(found) != 1 or _OTHERWISE.search(text):
        return None
    more, number = found[0][3], next(filter(None, (found[0][1], found[0][2], found[0][4])))
    return (_WORDS.get(number.lower()) or int(number)) + bool(more)


def counting(criteria: Sequence[Criterion]) -> dict[int, int]:
    """Number of a criterion → how many it needs at least."""
    return {n: need for n, one in enumerate(criteria, 1) if (need := least(one.text))}


def verdict_by(count: Bucket | None, need: int) -> Verdict:
    """Unclear where nothing was counted, or where the bucket has both sides of the limit."""
    low, high = RANGES[count] if count else (0, inf)
    return "met" if low >= need else "not met" if high < need else "unclear"
