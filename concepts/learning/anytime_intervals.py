"""Intervals of a share that hold however often one looks while the answers come in."""

from __future__ import annotations

import numpy as np

PRIOR = 0.5  # Jeffreys' prior of the share that is bet on: narrow for shares near 0 and 1, too
EDGE = 1e-12


def share_at_any_time(right: int, drawn: int, error: float) -> tuple[float, float]:
    """The limits of a share, when `right` of `drawn` random answers, one after the other, say yes.

    Robbins' method of mixtures (1970): against each share p runs a bet whose capital is the mixture of
    likelihood ratios, fair where p is the truth. By Ville's inequality (1939) it ever exceeds 1 / error
    with probability `error` at most. What is not exceeded is the interval: whoever looks after each answer,
    and stops when they like, misses the truth with at most `error`, all looks together.
    """
    from scipy.optimize import brentq
    from scipy.special import betaln, xlog1py, xlogy

    if not drawn:
        return 0.0, 1.0
    mixture = betaln(right + PRIOR, drawn - right + PRIOR) - betaln(PRIOR, PRIOR)

    def beyond(p: float) -> float:
        """By how much the log of the capital against p exceeds what is allowed; least at right / drawn."""
        return float(mixture - xlogy(right, p) - xlog1py(drawn - right, -p) + np.log(error))

    best = right / drawn
    low = brentq(beyond, EDGE, best) if right and beyond(EDGE) > 0 else 0.0
    high = brentq(beyond, best, 1 - EDGE) if right < drawn and beyond(1 - EDGE) > 0 else 1.0
    return float(low), float(high)
