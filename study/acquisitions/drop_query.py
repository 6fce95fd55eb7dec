"""Pictures whose answer changes when parts of their vectors are left out, one of each kind."""

from __future__ import annotations

import numpy as np

from concepts.learning.acquisition import Acquisition, Choice, Round, before_a_border, one_per_cluster
from concepts.registry import Method

PASSES, DROPPED, CANDIDATES = 3, 0.75, 25  # times a batch


class DropQuery(Acquisition):
    """As `auto` until there is a border. Then those that more than half of three passes put on the other side
    of it, with three quarters of the numbers of each vector left out; where these are fewer than 25 times
    as many as are asked for, the next by how near the passes come to disagreeing."""

    method = Method(
        name="drop_query",
        what="Asks about pictures whose answer hangs on a part of what it sees, each of another kind.",
        source="Gupte et al., Revisiting active learning in the era of vision foundation models, TMLR 2024",
        cost="three products of the pool's vectors, and k-means",
        defaults={"passes": PASSES, "dropped": DROPPED, "candidates": CANDIDATES},
    )

    def select(self, round: Round, n: int, rng: np.random.Generator) -> list[Choice]:
        found = before_a_border(round, n, rng)
        if found or round.head is None or not n:
            return found
        free = round.free()
        X = round.pool.vectors[free]
        side = round.head.logits(X) >= 0
        logits = np.empty((PASSES, len(free)))
        for one in range(PASSES):
            kept = rng.random(X.shape) >= DROPPED
            logits[one] = round.head.logits(np.asarray(X * kept / (1 - DROPPED), np.float32))
        against = np.where(side, -logits, logits)  # above 0: on the other side
        disagree = (against > 0).mean(axis=0)
        order = free[np.lexsort((-against.max(axis=0), -disagree))]
        enough = max(CANDIDATES * n, int((disagree > 0.5).sum()))
        rows = round.distinct(order, enough)
        return [Choice(row, "disagreement") for row in one_per_cluster(round.pool.vectors, rows, n, rng)]
