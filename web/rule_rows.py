"""The filter bar: concepts joined by and, or, not, of which `templates/rule_bar.html` draws what is shown.

A plain rule is any of some groups, in each all of its concepts. Every choice is the address of the page with
another rule, so Back, a reload and a bookmark show the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from concepts.bundle.facts import Expression
from concepts.bundle.rule_text import quoted
from concepts.errors import DiscernError
from concepts.results.rule_scores import CombinationView, groups_of
from concepts.results.rules import kept_rule, kept_rules, read_rule
from concepts.results.scores import concepts_that_score
from concepts.use_cases import App
from web.advice import in_words
from web.render import url

MOST_SAVED = 50
SURE = 50  # percent, where nobody chose
OF_RULE = ("rule", "kept", "sure", "start", "order", "at", "says")  # of an address, what another rule changes

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


@dataclass(frozen=True)
class RuleBar:
    """The bar of the page at `path`, which shows `place`. `could`: trained concepts; `names`: those in the
    rule; `rows`: None for a rule that only text can say; `problem`: why it can't be read; `alone`: what the
    address has where the rule is one concept, as a filter among others has it."""

    path: str
    place: Mapping[str, str]
    could: Sequence[str]
    saved: Sequence[CombinationView]
    rule: str = ""
    names: Sequence[str] = ()
    rows: list[list[Row]] | None = None
    problem: str = ""
    alone: Mapping[str, str] = field(default_factory=dict)

    @property
    def sure(self) -> int:
        """Percent, from which on a picture is flagged."""
        sure = self.place.get("sure", "")
        return min(max(int(sure), 1), 99) if sure.isdecimal() and len(sure) < 4 else SURE

    @property
    def asked(self) -> tuple[str, str, float | None]:
        """Rule, saved name and threshold as `Rules` takes them: a saved rule has its own."""
        kept = self.place.get("kept", "")
        return ("", kept, None) if kept else (self.rule, "", self.sure / 100)

    @property
    def others(self) -> list[str]:
        """What can be added: concepts that are not in the rule, then those that are."""
        return sorted(self.could, key=lambda name: name in self.names) if len(self.could) > 1 else []

    @property
    def rest(self) -> dict[str, str]:
        """What stays in the address whatever the rule is."""
        return {name: value for name, value in self.place.items() if name not in OF_RULE}

    def to(self, rule: str) -> str:
        """The address with another rule, or with the concept that it is."""
        if concept := next((name for name in self.could if quoted(name) == rule), ""):
            return url(self.path, **self.rest | {"concept": concept, **self.alone})
        sure = {"sure": self.place["sure"]} if self.place.get("sure") else {}
        return url(self.path, **self.rest, **({"rule": rule} | sure if rule else {}))

    def longer(self, concept: str, how: str) -> str:
        """The address with one more concept at the end of the rule: `and`, `not` or `or`."""
        one = ("NOT " if how == "not" else "") + quoted(concept)
        return self.to(f"{self.rule} {'OR' if how == 'or' else 'AND'} {one}" if self.rule else one)

    def to_saved(self, name: str) -> str:
        return url(self.path, **self.rest, kept=name)


def bar_of(app: App, path: str, place: Mapping[str, str]) -> RuleBar:
    """Raises `DiscernError` where no rule is saved under the name in the address."""
    could, saved = concepts_that_score(app), kept_rules(app, limit=MOST_SAVED)
    rule = kept_rule(app, place["kept"]).rule if place.get("kept") else place.get("rule", "")
    if not rule and place.get("concept") in could:
        rule = quoted(place["concept"])
    if not rule:
        return RuleBar(path, place, could, saved)
    try:
        expression, names = read_rule(app, rule)
    except DiscernError as error:
        return RuleBar(path, place, could, saved, rule, problem=in_words(error))
    return RuleBar(path, place, could, saved, rule, names, rows_of(expression, names))


def rows_of(expression: Expression, names: Sequence[str]) -> list[list[Row]] | None:
    """None for a rule with brackets that rows can't say."""
    found = groups_of(expression)
    if found is None:
        return None
    groups = [[(names[place], wanted) for place, wanted in group] for group in found]
    number, same = count(), _text(groups)
    rows: list[list[Row]] = []
    for g, group in enumerate(groups):
        before, after = groups[:g], groups[g + 1 :]
        row: list[Row] = []
        for i, (concept, wanted) in enumerate(group):
            yes, no, without = (
                _text([*before, [*group[:i], *instead, *group[i + 1 :]], *after])
                for instead in ([(concept, True)], [(concept, False)], [])
            )
            joined = "and" if i else "or" if g else ""
            merged = _text([*before[:-1], [*before[-1], *group], *after]) if joined == "or" else same
            split = _text([*before, group[:i], group[i:], *after]) if joined == "and" else same
            row.append(Row(next(number), concept, wanted, yes, no, joined, merged, split, without))
        rows.append(row)
    return rows


def _text(groups: Groups) -> str:
    return " OR ".join(
        " AND ".join(("" if wanted else "NOT ") + quoted(concept) for concept, wanted in group)
        for group in groups
        if group
    )
