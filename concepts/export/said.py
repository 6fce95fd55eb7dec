"""What classifiers say of a picture, as programs get it: from Discern and from a scoring server alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from concepts.learning.report import Guarantee
from concepts.view import View

Zone = Literal["yes", "no", "look"]


class ConceptSaid(View):
    """Of one concept. `zone`: yes from the threshold on; where the version has a line below which pictures
    surely don't count, no up to it and `look` (look yourself) in between; else no. `version` is None for what
    a rule combines other concepts to; `grade` that of a graded concept."""

    concept: str
    version: int | None
    probability: float
    decision: Literal["yes", "no"]
    zone: Zone
    grade: float | None = None


class PictureSaid(View):
    """`said` has each concept, or is empty where the picture can't be read: `error` says why. `name` is the
    file's, as it was sent."""

    name: str
    said: tuple[ConceptSaid, ...] = ()
    error: str | None = None


class PicturesSaid(View):
    """In the order in which they were sent."""

    pictures: tuple[PictureSaid, ...]


def zone_of(probability: float, decision: str, surely_no: float | None) -> Zone:
    """`surely_no` is the line of `surely_no_line`."""
    if decision == "yes":
        return "yes"
    return "no" if surely_no is None or probability <= surely_no else "look"


def surely_no_line(details: Mapping[str, Any]) -> float | None:
    """Of a version's details: up to which probability a picture surely doesn't count; None without one."""
    found = Guarantee.of(details, "no")
    return found.line if found else None
