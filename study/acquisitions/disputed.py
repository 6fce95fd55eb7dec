"""Pictures of which a machine says one thing and the head another."""

from __future__ import annotations

import math

import numpy as np

from concepts.learning.acquisition import Acquisition, Auto, Choice, Round
from concepts.learning.base import PASSED_OVER, Floats
from concepts.learning.calibration import logit
from concepts.registry import Method

SHARE = 0.5  # of the questions, from the first yes on
MOST = 0.9  # a machine's yes is never surer than this


class Disputed(Acquisition):
    """The likeliest errors of the head among the pictures that a machine judges otherwise; else as `auto`.

    What a machine's yes is worth follows from how much counts: where the head expects a share π, and the
    machine says yes to m, it is right π / m times at best. That moves the head's odds, and its no by as much
    the other way. A machine that has earned no weight has no say.
    """

    method = Method(
        name="disputed",
        what="Asks half of its questions where a machine and the classifier disagree.",
        source="query by committee (Seung et al., COLT 1992), with the base rate as what a yes is worth",
        cost="that of auto",
        defaults={"share": SHARE},
    )

    def select(self, round: Round, n: int, rng: np.random.Generator) -> list[Choice]:
        found: list[Choice] = []
        if round.probability is not None and (round.labelled.person > 0).any():
            p, said = np.clip(round.probability, 1e-6, 1 - 1e-6), _said(round)
            share, yes = float(p.mean()), float((said > 0).sum() / max((said != 0).sum(), 1))
            worth = max(logit(min(share / max(yes, 1e-6), MOST)) - logit(share), 0.0)
            moved = np.log(p / (1 - p)) + worth * np.sign(said)
            wrong = np.where(p >= 0.5, -moved, moved)  # the odds that the head errs
            rows = np.flatnonzero(np.sign(said) * (p - 0.5) < 0)
            order = rows[np.argsort(-wrong[rows], kind="stable")]
            chosen = round.distinct(order, math.ceil(SHARE * n))
            found = [Choice(row, "disagreement") for row in chosen]
        return found + Auto().select(round.with_asked(found), n - len(found), rng)


def _said(round: Round) -> Floats:
    """(n,) what machines say of each picture of the pool and of its near-duplicates; 0 where nothing."""
    weight = round.training.weight
    machine = round.training.at((weight < 1) & (weight != PASSED_OVER))
    signed = np.where(machine.positive, machine.weight, -machine.weight)
    most = max(int(round.pool.group.max(initial=0)), int(machine.group.max(initial=0)))
    return np.asarray(np.bincount(machine.group, signed, most + 1)[round.pool.group], np.float64)
