"""Pictures for answering many at once: what the answers so far, or a query, put at one end of the library."""

from __future__ import annotations

from typing import Literal

import numpy as np

from concepts.candidates.selection import NextPicture
from concepts.errors import DiscernError
from concepts.labels.dataset import Material
from concepts.learning.base import Floats
from concepts.learning.fitting import train_head
from concepts.library.collection import Collection

Order = Literal["likely", "borderline", "unlikely", "query"]
LARGEST = 60  # tiles of one grid
SPARE = 4  # how many times the tiles wanted are looked at, so that near-duplicates can be left out


def bulk_pictures(
    material: Material, collection: Collection, order: Order, query: str, n: int
) -> list[NextPicture]:
    """At most n pictures without an answer, one of each near-duplicate group, never of the evaluation set.

    Raises `DiscernError` for an order that is none, or a query without words.
    """
    matrix = material.matrix
    scores, knows = _scores(material, collection, order, query)
    ranking = np.argsort(_rank_by(scores, order, knows), kind="stable")
    left_out = material.reserved | set(material.decisions)
    rows: list[int] = []
    for row in ranking:
        if len(rows) >= SPARE * min(n, LARGEST):
            break
        if matrix.ids[row].decode() not in left_out:
            rows.append(int(row))
    ids = [matrix.ids[row].decode() for row in rows]
    first: dict[str, int] = {}
    for place, group in enumerate(collection.library.near_groups(ids)):
        first.setdefault(group, place)
    places = sorted(first.values())[: min(n, LARGEST)]
    paths = collection.paths([ids[place] for place in places])
    return [
        NextPicture(
            id=ids[place],
            path=paths.get(ids[place], ""),
            purpose="train",
            reason=order,
            probability=_probability(scores[rows[place]]) if knows else None,
            brought_by=material.candidates.get(ids[place], []),
        )
        for place in places
    ]


def _scores(material: Material, collection: Collection, order: Order, query: str) -> tuple[Floats, bool]:
    """(n,) of the whole library, and whether they are logits of a head."""
    if order == "query":
        if not query.strip():
            raise DiscernError("Say which query to look at.")
        return np.asarray(material.matrix.scores(collection.text_vectors([query])[0]), np.float64), False
    if order not in ("likely", "borderline", "unlikely"):
        raise DiscernError(f"“{order}” is no way to choose pictures.")
    head = train_head(material.training.data, material.text_direction, seed=0)
    return np.asarray(material.matrix.scores(head.weights, head.bias), np.float64), head.kind != "text"


def _rank_by(scores: Floats, order: Order, knows: bool) -> Floats:
    """Ascending. Without a yes and a no there is no border yet: then the likeliest by the words come."""
    if order == "unlikely":
        return scores
    return np.abs(scores) if order == "borderline" and knows else -scores


def _probability(logit: float) -> float:
    return round(float(1 / (1 + np.exp(-np.clip(logit, -60, 60)))), 4)
