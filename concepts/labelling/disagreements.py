"""Several people's labels of the same pictures: what each said, who may read it, and how well they agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import combinations

import numpy as np

from concepts.labelling.consensus import Decision
from concepts.view import View
from storage.labels import LabelEvent

DRAWS = 2000  # bootstrap
ENOUGH_SHARED = 10  # pictures below which resampling them says nothing about kappa


class LabelWithComments(View):
    """What one person says of a picture, with all they remarked on it."""

    author: str
    value: str
    comments: list[str]
    created: datetime


class Pair(View):
    """How two people agree on the `n` pictures of which both said yes or no. `kappa` is Cohen's, with a 95 %
    bootstrap interval; none for fewer than `ENOUGH_SHARED` pictures, and where both always said the same one
    thing, which chance explains."""

    one: str
    other: str
    n: int
    agree: int
    kappa: float | None
    low: float | None
    high: float | None


def what_people_said(
    standing: Iterable[LabelEvent], remarks: Iterable[LabelEvent]
) -> dict[str, list[LabelWithComments]]:
    """Picture id → what each person says of it, with all they remarked on it."""
    comments: dict[tuple[str, str], list[str]] = defaultdict(list)
    for event in remarks:
        comments[event.picture_id, event.author.name].append(event.comment)
    said: dict[str, list[LabelWithComments]] = defaultdict(list)
    for event in standing:
        said[event.picture_id].append(what_is_said(event, comments[event.picture_id, event.author.name]))
    return said


def readable(standing: Sequence[LabelEvent], reader: str | None) -> list[LabelEvent]:
    """Without what other people say of pictures about which a `reader` has not answered themselves; None
    reads everything."""
    if reader is None:
        return list(standing)
    answered = {event.picture_id for event in standing if _has_answered(event, reader)}
    return [
        event
        for event in standing
        if event.author.kind == "annotator" or event.author.name == reader or event.picture_id in answered
    ]


def _has_answered(event: LabelEvent, reader: str) -> bool:
    return event.author.name == reader and event.value != "skip"


def what_is_said(event: LabelEvent, comments: list[str]) -> LabelWithComments:
    return LabelWithComments(
        author=event.author.name, value=event.said, comments=comments, created=event.created
    )


def pairs(decisions: Mapping[str, Decision]) -> list[Pair]:
    """Every two people who said yes or no of the same pictures, those with most in common first."""
    said: dict[str, dict[str, bool]] = defaultdict(dict)
    for picture_id, decision in decisions.items():
        if not decision.simulated:
            for author, value in decision.votes.items():
                if value in ("yes", "no"):
                    said[author][picture_id] = value == "yes"
    found = [_pair(one, other, said) for one, other in combinations(sorted(said), 2)]
    return sorted((pair for pair in found if pair.n), key=lambda pair: -pair.n)


def _pair(one: str, other: str, said: Mapping[str, Mapping[str, bool]]) -> Pair:
    shared = sorted(said[one].keys() & said[other].keys())
    places = [2 * said[one][picture] + said[other][picture] for picture in shared]
    table = np.bincount(np.array(places, dtype=int), minlength=4)
    n, kappa, low, high = len(shared), None, None, None
    value = float(cohens_kappa(table[None])[0]) if n else np.nan
    if n >= ENOUGH_SHARED and np.isfinite(value):
        drawn = cohens_kappa(np.random.default_rng(0).multinomial(n, table / n, size=DRAWS))
        kappa = value
        low, high = (float(bound) for bound in np.nanpercentile(drawn, (2.5, 97.5)))
    return Pair(one=one, other=other, n=n, agree=int(table[0] + table[3]), kappa=kappa, low=low, high=high)


def cohens_kappa(tables: np.ndarray) -> np.ndarray:
    """(k, 4) counts of no/no, no/yes, yes/no, yes/yes → (k,), NaN where chance alone agrees always.

    Cohen, A coefficient of agreement for nominal scales, 1960.
    """
    n = tables.sum(axis=1)
    observed = (tables[:, 0] + tables[:, 3]) / n
    first, second = (tables[:, 2] + tables[:, 3]) / n, (tables[:, 1] + tables[:, 3]) / n
    chance = first * second + (1 - first) * (1 - second)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(chance < 1, (observed - chance) / (1 - chance), np.nan)
