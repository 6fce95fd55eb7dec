"""What figures say of words that came after the answers they rest on: from a random part of those answers,
which were given again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from concepts.learning.intervals import counted
from concepts.learning.report import Metric, UnderDefinition

ERROR = 0.05


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
        sentences = (f"{_begin(asked)} None of those that were asked again has a new one.",)
    elif not changed:
        sentences = (
            f"All {n:,} answers that were asked for again, drawn at random from the {asked.earlier:,} given "
            f"under definition {asked.most}, are the same under definition {asked.newest}: the figures hold. "
            f"Of the other {rest:,} at most {would.high or 0:.0f} would be different.",
        )
    else:
        sentences = (_changed(asked, n, changed, rest, share, would), *_effect(checked))
    return UnderDefinition(
        newest=asked.newest,
        most=asked.most,
        earlier=asked.earlier,
        answers=asked.answers,
        asked=asked.asked,
        answered=asked.answered,
        changed=changed,
        share=share,
        would_change=would,
        sentences=sentences,
    )


def _share(changed: int, n: int, earlier: int) -> tuple[Metric, Metric]:
    names = "changed share", "would change"
    if not n:
        note = "None was answered again."
        share, would = (Metric(name=name, value=None, n=0, note=note) for name in names)
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
        f"answers that measure were given before its words became those of definition {asked.newest}."
    )


def _open(asked: ReaskedLabels) -> tuple[str, str]:
    return (
        _begin(asked),
        f"{asked.asked:,} of them, drawn at random, come again among the questions on Label, "
        f"{asked.answered:,} of which {'is' if asked.answered == 1 else 'are'} answered. When all are, the "
        f"figures say what changed; until then they say nothing about definition {asked.newest}.",
    )


def _changed(asked: ReaskedLabels, n: int, changed: int, rest: int, share: Metric, would: Metric) -> str:
    of_100 = f"{100 * (share.low or 0):.0f}–{100 * (share.high or 0):.0f} of 100"
    return (
        f"{changed:,} of {n:,} answers that were asked for again, drawn at random from the {asked.earlier:,} "
        f"given under definition {asked.most}, changed under definition {asked.newest} ({of_100}). The new "
        f"ones count in the figures. Of the other {rest:,}, which count as they were, about "
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
            f"Asked again about all, it would be right in {least} to {most} of the {len(flagged):,} checked "
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
