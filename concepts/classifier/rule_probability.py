"""What a rule says of pictures, from what its concepts say of them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from concepts.bundle.rules import AnyOf, Expression, Is, Not, parts_of

Shares = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]


def combined(expression: Expression, probabilities: Shares) -> Shares:
    """(n, concepts) → (n,): products, as a bundle computes it. That is the probability of the rule if, given
    a picture, whether one concept counts said nothing about another, and each stands in it once."""
    if isinstance(expression, Is):
        return probabilities[:, expression.concept]
    parts = [combined(part, probabilities) for part in parts_of(expression)]
    if isinstance(expression, Not):
        return 1 - parts[0]
    if isinstance(expression, AnyOf):
        return np.asarray(1 - np.prod([1 - part for part in parts], axis=0))
    return np.asarray(np.prod(parts, axis=0))


def bounds(expression: Expression, probabilities: Shares) -> tuple[Shares, Shares]:
    """(n, concepts) → the least and the greatest (n,) that the rule's probability can be, whatever its
    concepts have to do with each other (Fréchet, 1935), if each one's own is right."""
    if isinstance(expression, Is):
        own = probabilities[:, expression.concept]
        return own, own
    parts = [bounds(part, probabilities) for part in parts_of(expression)]
    if isinstance(expression, Not):
        low, high = parts[0]
        return 1 - high, 1 - low
    lows, highs = np.stack([low for low, _ in parts]), np.stack([high for _, high in parts])
    if isinstance(expression, AnyOf):
        return lows.max(axis=0), np.minimum(highs.sum(axis=0), 1)
    return np.maximum(lows.sum(axis=0) - (len(parts) - 1), 0), highs.min(axis=0)


def holds(expression: Expression, yes: Bools) -> Bools:
    """(n, concepts) → (n,): the rule as logic, of what is said yes or no to."""
    if isinstance(expression, Is):
        return yes[:, expression.concept]
    parts = [holds(part, yes) for part in parts_of(expression)]
    if isinstance(expression, Not):
        return ~parts[0]
    found = np.any(parts, axis=0) if isinstance(expression, AnyOf) else np.all(parts, axis=0)
    return np.asarray(found, dtype=bool)


def places(expression: Expression) -> Counter[int]:
    """How often each concept stands in the rule."""
    if isinstance(expression, Is):
        return Counter([expression.concept])
    return sum((places(part) for part in parts_of(expression)), Counter())


def groups_of(expression: Expression) -> list[list[tuple[int, bool]]] | None:
    """A rule of one kind as a list to read: any of these groups, in each all of these, (concept, is it).
    None for a rule with brackets that this can't say."""
    groups = []
    for part in parts_of(expression) if isinstance(expression, AnyOf) else [expression]:
        inside = [part] if isinstance(part, Is | Not | AnyOf) else list(parts_of(part))
        group = []
        for one in inside:
            plain = one.but if isinstance(one, Not) else one
            if not isinstance(plain, Is):
                return None
            group.append((plain.concept, not isinstance(one, Not)))
        groups.append(group)
    return groups
