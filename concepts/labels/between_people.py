"""Several people's answers about the same pictures: where they differ, and how well they agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import combinations

import numpy as np

from concepts.labels.consensus import consensus
from concepts.view import View
from storage.labels import LabelEvent

DRAWS = 2000  # bootstrap


class Said(View):
    """What one person says of a picture, with all they remarked on it."""

    author: str
    value: str
    comments: list[str]
    created: datetime


class Disagreement(View):
    """A picture of which some say yes and some no. `settled` is what more of them say, or empty."""

    id: str
    path: str
    answers: list[Said]
    settled: str


class Pair(View):
    """How two people agree on the `n` pictures of which both said yes or no. `kappa` is Cohen's, with a 95 %
    bootstrap interval; none where both always said the same one thing, and chance explains it all."""

    one: str
    other: str
    n: int
    agree: int
    kappa: float | None
    low: float | None
    high: float | None


def disagreements(standing: Sequence[LabelEvent], remarks: Iterable[LabelEvent]) -> list[Disagreement]:
    """Those that nothing settles first, then the newest first. `path` is left empty."""
    by_picture: dict[str, list[LabelEvent]] = defaultdict(list)
    for event in standing:
        if event.author.kind == "person":
            by_picture[event.picture_id].append(event)
    comments: dict[tuple[str, str], list[str]] = defaultdict(list)
    for event in remarks:
        comments[event.picture_id, event.author.name].append(event.comment)
    found = []
    for picture_id, events in by_picture.items():
        if {"yes", "no"} <= {event.value for event in events}:
            decision = consensus(events)[picture_id]
            said = [
                Said(
                    author=event.author.name,
                    value=event.value,
                    comments=comments[picture_id, event.author.name],
                    created=event.created,
                )
                for event in events
            ]
            settled = decision.value if decision.decided else ""
            found.append(Disagreement(id=picture_id, path="", answers=said, settled=settled))
    found.sort(key=lambda item: max(said.created for said in item.answers), reverse=True)
    return sorted(found, key=lambda item: bool(item.settled))


def differing(standing: Iterable[LabelEvent]) -> list[str]:
    """Ids of the pictures that `disagreements` would find."""
    values: dict[str, set[str]] = defaultdict(set)
    for event in standing:
        if event.author.kind == "person":
            values[event.picture_id].add(event.value)
    return [picture_id for picture_id, said in values.items() if {"yes", "no"} <= said]


def pairs(standing: Iterable[LabelEvent]) -> list[Pair]:
    """Every two people who said yes or no of the same pictures, those with most in common first."""
    said: dict[str, dict[str, bool]] = defaultdict(dict)
    for event in standing:
        if event.author.kind == "person" and event.value in ("yes", "no"):
            said[event.author.name][event.picture_id] = event.value == "yes"
    found = [_pair(one, other, said) for one, other in combinations(sorted(said), 2)]
    return sorted((pair for pair in found if pair.n), key=lambda pair: -pair.n)


def _pair(one: str, other: str, said: Mapping[str, Mapping[str, bool]]) -> Pair:
    shared = sorted(said[one].keys() & said[other].keys())
    places = [2 * said[one][picture] + said[other][picture] for picture in shared]
    table = np.bincount(np.array(places, dtype=int), minlength=4)
    n, kappa, low, high = len(shared), None, None, None
    value = float(cohens_kappa(table[None])[0]) if n else np.nan
    if np.isfinite(value):
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
