"""How the concepts of one bundle make one answer: combined by and, or, not; or one of several classes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from concepts.learning.report import Document, Share

DEEPEST = 20  # of brackets in brackets


class Is(Document):
    """The calibrated probability of one concept, by its place in the bundle."""

    concept: int = Field(ge=0)


class Not(Document):
    """1 - p."""

    but: Expression


class AllOf(Document):
    """The product: as if, given a picture, one said nothing about another."""

    all: tuple[Expression, ...] = Field(min_length=1, max_length=100)


class AnyOf(Document):
    """1 minus the product of all 1 - p, likewise."""

    any: tuple[Expression, ...] = Field(min_length=1, max_length=100)


Expression = Is | Not | AllOf | AnyOf


class Combined(Document):
    """“Messy room and not people”: one more column, before those it is made of."""

    kind: Literal["combined"] = "combined"
    name: str = Field(min_length=1)
    threshold: Share
    expression: Expression

    def check(self, concepts: int) -> None:
        """Raises ValueError for a concept that isn't there, and for too many brackets."""
        _check(self.expression, concepts, DEEPEST)


class OneOf(Document):
    """At most one class is right. p_i = exp(l_i) / (1 + Σ exp(l_j)) of the heads' logits, the 1 for `none`
    (multinomial logistic regression with `none` as its reference); yes where p_i is the greatest of all."""

    kind: Literal["one_of"] = "one_of"
    none: str = "none of these"


def _check(expression: Expression, concepts: int, deep: int) -> None:
    if not deep:
        raise ValueError(f"the rule has more than {DEEPEST} brackets in brackets")
    if isinstance(expression, Is):
        if expression.concept >= concepts:
            raise ValueError(f"the rule speaks of concept {expression.concept}, of {concepts}")
        return
    for part in parts_of(expression):
        _check(part, concepts, deep - 1)


def parts_of(expression: Not | AllOf | AnyOf) -> tuple[Expression, ...]:
    if isinstance(expression, Not):
        return (expression.but,)
    return expression.all if isinstance(expression, AllOf) else expression.any
