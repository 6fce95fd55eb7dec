"""Walls of small pictures to look through at once: the product's, and one at random."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from concepts.learning.acquisition import Pool
from concepts.learning.base import Rows, distinct
from concepts.learning.contact_sheet import SIZE, representatives

Wall = Callable[[Pool, Rows, int, int], Rows]


def any_pictures(pool: Pool, shown: Rows, walls: int, seed: int) -> Rows:
    """A wall at random: what `representatives` has to be better than."""
    rng = np.random.default_rng([seed, walls])
    free = ~np.isin(pool.group, pool.group[shown])
    return distinct(rng.permutation(len(pool.group)), pool.group, free, SIZE)


WALL = "wall"  # the app's own
WALLS: dict[str, Wall] = {WALL: representatives, "random_wall": any_pictures}
