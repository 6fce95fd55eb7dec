"""Pictures for answering many at once: what the answers so far, or a query, put at one end of the library."""

from __future__ import annotations

from typing import Literal

import numpy as np

from concepts.candidates.selection import NextPicture
from concepts.errors import DiscernError
from concepts.labels.dataset import Material
from concepts.learning.fitting import train_head
from concepts.library.collection import Collection
from concepts.library.search import without_look_alikes
from storage.vectors.scores import Scores

Order = Literal["likely", "borderline", "unlikely", "query"]
LARGEST = 60  # tiles of one grid
SPARE = 4  # how many times the tiles wanted are looked at, so that near-duplicates can be left out


def bulk_pictures(
    material: Material, collection: Collection, order: Order, query: str, n: int
) -> list[NextPicture]:
    """At most n pictures without an answer, one of each near-duplicate group, never of the evaluation set.

    Raises `DiscernError` for an order that is none, or a query without words.
    """
    scores, knows = _scores(material, collection, order, query)
    found = dict(_first(scores, order, knows, SPARE * min(n, LARGEST)))
    shown = without_look_alikes(list(found), collection.library)[: min(n, LARGEST)]
    paths = collection.paths(shown)
    return [
        NextPicture(
            id=picture_id,
            path=paths.get(picture_id, ""),
            purpose="train",
            reason=order,
            probability=_probability(found[picture_id]) if knows else None,
            brought_by=material.candidates.get(picture_id, []),
        )
        for picture_id in shown
    ]


def _scores(material: Material, collection: Collection, order: Order, query: str) -> tuple[Scores, bool]:
    """Of all pictures that may be shown, and whether they are logits of a head."""
    allowed = material.index.ids.without(material.reserved | set(material.decisions))
    if order == "query":
        if not query.strip():
            raise DiscernError("Say which query to look at.")
        return material.index.scores(collection.text_vectors([query])[0], 0.0, allowed), False
    if order not in ("likely", "borderline", "unlikely"):
        raise DiscernError(f"“{order}” is no way to choose pictures.")
    head = train_head(material.training.data, material.text_direction, seed=0)
    return material.index.scores(head.weights, head.bias, allowed), head.kind != "text"


def _first(scores: Scores, order: Order, knows: bool, n: int) -> list[tuple[str, float]]:
    """Without a yes and a no there is no border yet: then the likeliest by the words come."""
    if order == "unlikely":
        return scores.bottom(n)
    return scores.nearest(0.0, n) if order == "borderline" and knows else scores.top(n)


def _probability(logit: float) -> float:
    return round(float(1 / (1 + np.exp(-np.clip(logit, -60, 60)))), 4)
