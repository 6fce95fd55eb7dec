"""Several people's answers about the same pictures: where they differ, and how well they agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import combinations

import numpy as np

from concepts.labels.consensus import Decision
from concepts.view import View
from storage.labels import LabelEvent

DRAWS = 2000  # bootstrap
ENOUGH_SHARED = 10  # pictures below which resampling them says nothing about kappa


class Said(View):
    """What one person says of a picture, with all they remarked on it."""

    author: str
    value: str
    comments: list[str]
    created: datetime


class Disagreement(View):
    """A picture of which some say yes and some no. `settled` is what more of them say, or empty. `blind`:
    who reads has not answered about it yet, so who said what, and what it came to, is left out until then."""

    id: str
    path: str
    answers: list[Said]
    settled: str
    blind: bool = False


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


def differing(decisions: Mapping[str, Decision]) -> list[Decision]:
    """Those about which people differ: what nothing settles first, each part by the picture's id."""
    found = [d for d in decisions.values() if not d.simulated and {"yes", "no"} <= set(d.votes.values())]
    return sorted(found, key=lambda decision: (decision.decided, decision.picture_id))


def disagreements(
    found: Iterable[Decision],
    standing: Iterable[LabelEvent],
    remarks: Iterable[LabelEvent],
    paths: Mapping[str, str],
    reader: str | None = None,
) -> list[Disagreement]:
    """Decisions with the answers that stand of their pictures, and what people remarked on them. A `reader`
    reads them once they have answered themselves: who settles it isn't to be swayed."""
    said: dict[str, list[LabelEvent]] = defaultdict(list)
    for event in standing:
        said[event.picture_id].append(event)
    comments: dict[tuple[str, str], list[str]] = defaultdict(list)
    for event in remarks:
        comments[event.picture_id, event.author.name].append(event.comment)
    shown = []
    for decision in found:
        events = said[decision.picture_id]
        blind = reader is not None and not any(_has_answered(event, reader) for event in events)
        shown.append(
            Disagreement(
                id=decision.picture_id,
                path=paths.get(decision.picture_id, ""),
                answers=[]
                if blind
                else [what_is_said(e, comments[e.picture_id, e.author.name]) for e in events],
                settled=decision.value if decision.decided and not blind else "",
                blind=blind,
            )
        )
    return shown


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


def what_is_said(event: LabelEvent, comments: list[str]) -> Said:
    return Said(author=event.author.name, value=event.said, comments=comments, created=event.created)


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
