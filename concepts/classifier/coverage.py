"""What a version's figures cover: whether the library still is what was measured, and what of it is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from concepts.learning.fitting import SEED
from concepts.learning.report import EvaluationReport
from concepts.learning.two_samples import difference, share_unlike
from concepts.view import View
from storage.frames import Frame
from storage.vectors.reader import VectorReader

FEWEST = 20  # measured pictures, below which nothing can be said
LOOKED_AT = 2000  # pictures of the library, at random: a share is then known to within two points
SURE = 0.01  # p-value below which the library is said to differ: the notice is looked at again and again

Groups = Callable[[Sequence[str]], Sequence[str]]  # ids → names of near-duplicate groups


class Coverage(View):
    """The library beside the pictures that measured. `unlike` of its pictures are like none of those."""

    n_measured: int
    n_library: int
    p_value: float  # of measured and library being alike
    share_unlike: float
    unlike: int
    sentence: str  # empty where the figures cover the library as far as can be told


def coverage(measured: Sequence[str], index: VectorReader, groups: Groups) -> Coverage | None:
    """What figures from the pictures `measured`, ids with a vector, say of the library as it is now.

    `measured` must be drawn with equal chances: what was drawn by score differs from the library by design.
    `groups` are named by their smallest id, whose picture stands for the others: copies are no news.
    None with too few pictures on either side. Takes half a second, whatever the library's size.
    """
    if len(measured) < FEWEST:
        return None
    rng = np.random.default_rng(SEED)
    known = set(groups(measured))
    some = [measured[row] for row in np.sort(rng.permutation(len(measured))[:LOOKED_AT])]
    places = np.sort(rng.permutation(len(index.ids))[: LOOKED_AT + len(measured)])
    drawn = index.ids.at(places)
    others = [i for i, group in zip(drawn, groups(drawn), strict=True) if i == group and group not in known]
    if len(others) < FEWEST:
        return None
    one, other = index.vectors(some), index.vectors(others)
    p_value = difference(one, other, SEED)
    # Of the pictures measured none is unlike what was measured.
    share = share_unlike(one, other) * (1 - min(len(known) / len(index.ids), 1))
    unlike = round(share * len(index.ids))
    return Coverage(
        n_measured=len(measured),
        n_library=len(index.ids),
        p_value=p_value,
        share_unlike=share,
        unlike=unlike,
        sentence=_sentence(unlike, share) if p_value < SURE else "",
    )


def elsewhere(report: EvaluationReport, now: Frame) -> str:
    """What figures are of, where the concept looks in other collections by now; empty where it doesn't. That
    a collection has grown is no other one: what it has grown by is what `coverage` looks for."""
    was = Frame.of([one.model_dump() for one in report.looks_in])
    if was.ids == now.ids:
        return ""
    pictures = "" if report.looked_at is None else f"{_count(report.looked_at)} in "
    return (
        f"These figures are of {pictures}{was.name}. The concept looks in {now.name} now, which they don’t "
        "cover."
    )


def _count(pictures: int) -> str:
    return "1 picture" if pictures == 1 else f"{pictures:,} pictures"


def _sentence(unlike: int, share: float) -> str:
    if share < 0.005:
        return (
            "The library has other pictures by now, or in other shares, than these figures were measured on."
        )
    return (
        f"About {_count(unlike)} ({100 * share:.0f} % of the library) look like nothing these figures were "
        "measured on."
    )
