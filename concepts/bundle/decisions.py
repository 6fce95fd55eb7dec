"""What classifiers say of a picture, as programs get it: from Discern and from a scoring server alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from concepts.learning.report import Guarantee
from concepts.view import View

Zone = Literal["yes", "no", "look"]
NEAR = 2.0  # odds that differ from those of an uncertified line by less than this factor are near it


class ConceptSaid(View):
    """Of one concept. `zone`: yes or no where it is sure, between them `look` (look yourself): at certified
    lines or, where there are none, near the threshold. Of exclusive classes it is the decision. `version` is
    None for what a rule combines other concepts to; `grade` that of a graded concept. `familiarity` below 0:
    the picture is unlike all that was labelled, so the probability says nothing and somebody has to look;
    None where that isn't known."""

    concept: str
    version: int | None
    probability: float
    decision: Literal["yes", "no"]
    zone: Zone
    grade: float | None = None
    familiarity: float | None = None


class PictureSaid(View):
    """`said` has each concept, or is empty where the picture can't be read: `error` says why. `name` is the
    file's, as it was sent."""

    name: str
    said: tuple[ConceptSaid, ...] = ()
    error: str | None = None


class PicturesSaid(View):
    """In the order in which they were sent."""

    pictures: tuple[PictureSaid, ...]


class Zones(NamedTuple):
    """Yes from `yes_from` on, no up to `no_up_to`; in between a person has to look."""

    yes_from: float
    no_up_to: float


def zones_between(threshold: float, yes: Guarantee | None, no: Guarantee | None) -> Zones:
    """At certified lines, where a version has some; else where the odds are a factor of `NEAR` from those of
    its threshold, which certifies nothing."""
    yes_from = threshold if yes or no else _odds(threshold, NEAR)
    return Zones(yes_from, _odds(threshold, 1 / NEAR) if no is None or no.line is None else no.line)


def zones_of(threshold: float, details: Mapping[str, Any]) -> Zones:
    """By a version's details."""
    return zones_between(threshold, Guarantee.of(details), Guarantee.of(details, "no"))


def zone_of(
    probability: float, *, yes: bool, threshold: float, zones: Zones, familiarity: float | None = None
) -> Zone:
    """`yes` is the decision, which is the zone's where that begins at the threshold: rounding of the
    probability moves neither."""
    if familiarity is not None and familiarity < 0:
        return "look"
    surely = yes if zones.yes_from == threshold else probability >= zones.yes_from
    return "yes" if surely else "no" if probability <= zones.no_up_to else "look"


def _odds(probability: float, times: float) -> float:
    """The probability whose odds are so many times as high."""
    return times * probability / (1 - probability + times * probability)
