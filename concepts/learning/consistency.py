"""Labels given a second time: how consistent people are, and what a new definition changes in figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from concepts.learning.intervals import clopper_pearson, counted
from concepts.learning.report import Consistency, Metric, UnderDefinition

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
        sentences=() if missing else _sentences(same, n, answers, people, share, ceiling, different),
    )


def _sentences(
    same: int, n: int, answers: int, people: int, share: Metric, ceiling: Metric, different: Metric
) -> tuple[str, str]:
    who, whose = ("You", "your") if people == 1 else ("People", "their")
    twice = f"{who} labelled {same} of {n} pictures the same way twice ({_of_hundred(share)} of 100)"
    if same < n:
        twice += (
            f": no classifier can be expected to agree with {whose} labels on more than about "
            f"{100 * (ceiling.value or 0):.0f} of 100 ({_of_hundred(ceiling)})"
        )
    about = f"about {different.value:,.0f}" if same < n else "none"
    return (
        f"{twice}.",
        f"So {about} of the {answers:,} test labels would be different a second time "
        f"({different.low:,.0f}–{different.high:,.0f}). The first ones stay in the test.",
    )


def _of_hundred(share: Metric) -> str:
    return f"{100 * (share.low or 0):.0f}–{100 * (share.high or 0):.0f}"


@dataclass(frozen=True)
class RecheckedLabel:
    """A checked picture that figures rest on. `before`: its answer when the words changed, None where it was
    given under the newest ones; `again`: the answer that was given again, None without one."""

    flagged: bool
    counts: bool
    before: str | None
    again: str | None


@dataclass(frozen=True)
class ReaskedLabels:
    """How many of the `earlier` of all `answers` are asked again, and what (before, after) came of it."""

    newest: int
    most: int
    answers: int
    earlier: int
    asked: int
    answered: int
    pairs: Sequence[tuple[str, str]]


def under_definition(asked: ReaskedLabels, checked: Sequence[RecheckedLabel]) -> UnderDefinition:
    """`checked` are the pictures that a version's figures rest on, as they are counted now.

    The share that changed has an exact interval, as the pictures were drawn without replacement. What the
    version's figures would be if all had been asked again follows from four such counts, of yes and of no
    among the flagged and among the others, whose intervals hold together (Bonferroni).
    """
    n, changed = len(asked.pairs), sum(before != after for before, after in asked.pairs)
    rest = asked.earlier - n
    share, would = _share(changed, n, asked.earlier)
    sentences: tuple[str, ...]
    if asked.answered < asked.asked:
        sentences = _open(asked)
    elif not n:
        sentences = (f"{_begin(asked)} None of those asked again has a new one.",)
    elif not changed:
        sentences = (
            f"All {n:,} labels asked for again, drawn at random from the {asked.earlier:,} given under "
            f"definition {asked.most}, are the same under definition {asked.newest}: the figures hold. "
            f"Of the other {rest:,} at most {would.high or 0:.0f} would be different.",
        )
    else:
        sentences = (_changed(asked, n, changed, rest, share, would), *_effect(checked))
    return UnderDefinition(
        **{name: value for name, value in vars(asked).items() if name != "pairs"},
        changed=changed,
        share=share,
        would_change=would,
        sentences=sentences,
    )


def _share(changed: int, n: int, earlier: int) -> tuple[Metric, Metric]:
    names = "changed share", "would change"
    if not n:
        note = "None was labelled again."
        share, would = (Metric.unknown(name, 0, note) for name in names)
        return share, would
    low, high = (float(x[0]) for x in counted(changed, n, earlier, ERROR))
    value, rest = changed / n, earlier - n
    return (
        Metric(name=names[0], value=value, low=low / earlier, high=high / earlier, n=n),
        Metric(name=names[1], value=value * rest, low=low - changed, high=high - changed, n=n),
    )


def _begin(asked: ReaskedLabels) -> str:
    part = f"{asked.earlier:,} of the" if asked.earlier < asked.answers else "all"
    return (
        f"These figures are under definition {asked.most}: {part} {asked.answers:,} "
        f"test labels were given before definition {asked.newest}."
    )


def _open(asked: ReaskedLabels) -> tuple[str, str]:
    return (
        _begin(asked),
        f"{asked.asked:,} of them, drawn at random, come again on Label; {asked.answered:,} "
        f"{'is' if asked.answered == 1 else 'are'} labelled. When all are, the figures say what changed. "
        f"Until then they say nothing about definition {asked.newest}.",
    )


def _changed(asked: ReaskedLabels, n: int, changed: int, rest: int, share: Metric, would: Metric) -> str:
    of_100 = f"{100 * (share.low or 0):.0f}–{100 * (share.high or 0):.0f} of 100"
    return (
        f"{changed:,} of {n:,} labels asked for again, drawn at random from the {asked.earlier:,} given "
        f"under definition {asked.most}, changed under definition {asked.newest} ({of_100}). The new ones "
        f"count in the figures. Of the other {rest:,}, which count as they were, about "
        f"{would.value or 0:.0f} would change too ({would.low or 0:.0f}–{would.high or 0:.0f})."
    )


def _effect(checked: Sequence[RecheckedLabel]) -> tuple[str, ...]:
    """How far the counts at the threshold may be off."""
    flagged, missed = ([one for one in checked if one.flagged is side] for side in (True, False))
    right, (least, most) = sum(one.counts for one in flagged), _counting(flagged)
    left, (fewest, largest) = sum(one.counts for one in missed), _counting(missed)
    said = []
    if flagged:
        said.append(
            f"Asked again about all, it would be right in {least} to {most} of the {len(flagged):,} test "
            f"pictures it flags, not in {right}"
        )
    if right + left and least + fewest and most + largest:
        low, high = least / max(least + largest, 1), most / max(most + fewest, 1)
        now = right / (right + left)
        found = f"find {100 * low:.0f} to {100 * high:.0f} of 100 that count, not {100 * now:.0f}"
        said.append(found if said else f"Asked again about all, it would {found}")
    return (", and ".join(said) + ".",) if said else ()


def _counting(checked: Sequence[RecheckedLabel]) -> tuple[int, int]:
    """How few and how many of these would count if all earlier answers were asked for again."""
    now = sum(one.counts for one in checked)
    low = high = now
    for value in ("yes", "no"):
        earlier = [one for one in checked if one.before == value]
        again = [one for one in earlier if one.again is not None]
        changed = sum((one.again == "yes") != (value == "yes") for one in again)
        least, most = (int(x[0]) for x in counted(changed, len(again), len(earlier), ERROR / 4))
        if value == "yes":
            low, high = low - (most - changed), high - (least - changed)
        else:
            low, high = low + (least - changed), high + (most - changed)
    return low, high
