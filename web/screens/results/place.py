"""What the address of Results asks for: a concept or a rule, in an order, or a watched folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

from concepts.bundle.rule_text import quoted
from concepts.results.library_scores import ScoreOrder
from concepts.results.rule_scores import RuleOrder
from concepts.results.scores import concepts_that_score
from concepts.use_cases import App
from web.parts import place

PARTS = ("concept", "rule", "kept", "sure", "order", "watch")
NEW = "new"


@dataclass(frozen=True)
class Place:
    """`values`: parts of the address that say anything. A rule that is one concept, at its own threshold, is
    the concept."""

    values: Mapping[str, str]

    @classmethod
    def of(cls, app: App, query: Mapping[str, str]) -> Place:
        values = {name: query[name] for name in PARTS if query.get(name)}
        if "rule" in values and not values.keys() & {"kept", "sure"}:
            names = concepts_that_score(app)
            if alone := next((name for name in names if quoted(name) == values["rule"]), ""):
                values = {name: value for name, value in values.items() if name != "rule"} | {
                    "concept": alone
                }
        return cls(values)

    @property
    def concept(self) -> str:
        return self.values.get("concept", "")

    @property
    def kept(self) -> str:
        return self.values.get("kept", "")

    @property
    def is_rule(self) -> bool:
        return bool(self.values.get("rule") or self.kept)

    @property
    def watch(self) -> int:
        return 0 if self.is_rule else number_of(self.values.get("watch", ""))

    @property
    def order(self) -> ScoreOrder | Literal["new", ""]:
        """Empty where nobody chose."""
        order = self.values.get("order", "")
        known = order == NEW or order in get_args(ScoreOrder)
        return cast("ScoreOrder | Literal['new', '']", order if known else "")

    @property
    def rule_order(self) -> RuleOrder:
        return "nearly" if self.values.get("order") == "nearly" else "top"

    def to(self, **other: str) -> str:
        """The same place in another order or of another rule."""
        values = {**self.values, **other}
        return place("/results", **{name: value for name, value in values.items() if value})


def number_of(text: str) -> int:
    """The whole number that an address has; 0 if it has none."""
    return int(text) if text.isdecimal() and len(text) < 10 else 0
