"""Scores of different ways on one scale."""

from __future__ import annotations

import numpy as np

from concepts.learning.base import Floats


def standardised(values: Floats) -> Floats:
    """(n,) in standard deviations from the mean over the pictures that are ranked."""
    values = np.asarray(values, np.float64)
    return np.asarray((values - values.mean()) / max(float(values.std()), 1e-12))
