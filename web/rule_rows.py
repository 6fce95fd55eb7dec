"""A plain rule as rows of buttons: any of these groups, in each all of these. Every button carries the rule
that a press of it makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from concepts.bundle.facts import Expression
from concepts.bundle.rule_text import quoted
from concepts.classifier.rule_scores import groups_of

Groups = list[list[tuple[str, bool]]]  # concept and whether it is to be, or not to be


@dataclass(frozen=True)
class Row:
    """A concept in a rule. The last five are rules: with it (not) to be, joined to the one before by and or
    or, and without it."""

    number: int
    concept: str
    wanted: bool
    yes: str
    no: str
    joined: str  # and, or; empty for the first
    by_and: str
    by_or: str
    without: str


def rows_of(expression: Expression, names: Sequence[str]) -> list[list[Row]] | None:
    """None for a rule with brackets that rows can't say."""
    found = groups_of(expression)
    if found is None:
        return None
    groups = [[(names[place], wanted) for place, wanted in group] for group in found]
    flat = [(g, i) for g, group in enumerate(groups) for i in range(len(group))]
    rows: list[list[Row]] = [[] for _ in groups]
    for number, (g, i) in enumerate(flat):
        rows[g].append(_row(groups, number, g, i))
    return rows


def longer(rule: str, concept: str, how: str) -> str:
    """The rule with one more concept at its end: `and`, `not` or `or`."""
    if not rule:
        return f"NOT {quoted(concept)}" if how == "not" else quoted(concept)
    if how == "or":
        return f"{rule} OR {quoted(concept)}"
    return f"{rule} AND {'NOT ' if how == 'not' else ''}{quoted(concept)}"


def _row(groups: Groups, number: int, g: int, i: int) -> Row:
    concept, wanted = groups[g][i]
    joined = "and" if i else "or" if g else ""
    return Row(
        number=number,
        concept=concept,
        wanted=wanted,
        yes=_text(_with(groups, g, i, [(concept, True)])),
        no=_text(_with(groups, g, i, [(concept, False)])),
        joined=joined,
        by_and=_text(_merged(groups, g)) if joined == "or" else _text(groups),
        by_or=_text(_split(groups, g, i)) if joined == "and" else _text(groups),
        without=_text(_with(groups, g, i, [])),
    )


def _text(groups: Groups) -> str:
    return " OR ".join(
        " AND ".join(("" if wanted else "NOT ") + quoted(concept) for concept, wanted in group)
        for group in groups
        if group
    )


def _with(groups: Groups, g: int, i: int, instead: list[tuple[str, bool]]) -> Groups:
    return [[*group[:i], *instead, *group[i + 1 :]] if n == g else group for n, group in enumerate(groups)]


def _merged(groups: Groups, g: int) -> Groups:
    return [*groups[: g - 1], [*groups[g - 1], *groups[g]], *groups[g + 1 :]]


def _split(groups: Groups, g: int, i: int) -> Groups:
    return [*groups[:g], groups[g][:i], groups[g][i:], *groups[g + 1 :]]
