"""Labels given a second time: how consistent people are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from concepts.learning.intervals import clopper_pearson, counted
from concepts.learning.report import Consistency, Metric

ENOUGH = 10  # pictures asked about twice, below which nothing is said
ERROR = 0.05


def consistency(pairs: Sequence[tuple[str, str]], answers: int, people: int) -> Consistency | None:
    """Of (first, second) answers about pictures that are a random sample of the `answers` that measure, given
    by so many people. The first ones are yes or no. None without any.

    Where a person says each answer with a probability p of the picture's own, and the second time as if it
    were the first, they say the same twice with probability Σp², and the best classifier there can be agrees
    with one answer with probability max p. Since max p ≤ (1 + Σp²) / 2, at least half of what was said
    differently is out of reach. Who remembers a first answer seems more consistent than they are, and then
    more of it is.
    """
    n = len(pairs)
    if not n:
        return None
    said = Counter(pairs)
    same = said["yes", "yes"] + said["no", "no"]
    missing = f"{ENOUGH - n} more pictures labelled twice are needed." if n < ENOUGH else ""
    low, high = (float(x) for x in clopper_pearson(same, n, ERROR))
    least, most = (float(x[0]) for x in counted(n - same, n, answers, ERROR))

    def metric(name: str, value: float, low: float, high: float) -> Metric:
        if missing:
            return Metric.unknown(name, n, missing)
        return Metric(name=name, value=value, low=low, high=high, n=n)

    share = metric("consistency", same / n, low, high)
    ceiling = metric("ceiling", (1 + same / n) / 2, (1 + low) / 2, (1 + high) / 2)
    different = metric("different a second time", answers * (1 - same / n), least, most)
    who, whose = ("You", "your") if people == 1 else ("People", "their")
    twice = f"{who} labelled {same} of {n} pictures the same way twice ({_of_hundred(share)} of 100)"
    if same < n:
        twice += (
            f": no classifier can be expected to agree with {whose} labels on more than about "
            f"{100 * (ceiling.value or 0):.0f} of 100 ({_of_hundred(ceiling)})"
        )
    about = f"about {different.value or 0:,.0f}" if same < n else "none"
    later = (
        f"So {about} of the {answers:,} test labels would be different a second time "
        f"({different.low or 0:,.0f}–{different.high or 0:,.0f}). The first ones stay in the test."
    )
    return Consistency(
        n=n,
        same=same,
        yes_to_no=said["yes", "no"],
        no_to_yes=said["no", "yes"],
        to_unsure=said["yes", "unsure"] + said["no", "unsure"],
        answers=answers,
        people=people,
        share=share,
        ceiling=ceiling,
        different=different,
        sentences=() if missing else (f"{twice}.", later),
    )


def _of_hundred(share: Metric) -> str:
    return f"{100 * (share.low or 0):.0f}–{100 * (share.high or 0):.0f}"
