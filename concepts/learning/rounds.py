"""One round: from the labels so far to a head and to what is asked next.

The app's `next`, the study and the benchmarks all take this step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from concepts.encoders.base import Vectors
from concepts.learning.acquisition import ACQUISITIONS
from concepts.learning.acquisition.base import Choice, Labelled, Pool, Round
from concepts.learning.base import LinearHead, TrainingSet
from concepts.learning.fitting import SEED, WORDS_ALONE, train_early
from concepts.learning.heads import HEADS
from concepts.learning.scaled.heads import doubt

# What can be asked, and what is known of it, given the head (None while the words lead): in a large library
# the head decides which part of it is looked at.
Look = Callable[[LinearHead | None], tuple[Pool, Labelled]]


@dataclass(frozen=True)
class Strategy:
    """Which registered ways a round uses. The default is what the app does.

    Raises `UnknownMethodError` for a name that is none.
    """

    head: str = "auto"
    acquisition: str = "auto"

    def __post_init__(self) -> None:
        HEADS.require(self.head)
        ACQUISITIONS.require(self.acquisition)


@dataclass(frozen=True)
class Next:
    """What a round came to: what it knew, and what to ask, most useful first."""

    round: Round
    choices: list[Choice]


def next_round(
    training: TrainingSet,
    text_direction: Vectors,
    look: Look,
    n: int,
    *,
    decided: int,
    answered: int,
    seed: int,
    ways: Strategy | None = None,
) -> Next:
    """Trains on what people have said so far and chooses at most n pictures to ask about.

    `answered` counts the pictures that people have answered, with whatever; with `seed` it fixes every
    chance of this round. `decided` counts those of them that are yes or no: what only a machine has said so
    far may be chance, so the words lead until there is one, and there is no probability.
    """
    ways = ways or Strategy()
    # What a machine is wrong about alike it would never ask about again: only what people said chooses.
    trained = train_early(training.at(training.weight >= 1), text_direction, SEED, ways.head)
    head = trained if trained.kind != WORDS_ALONE and decided else None
    pool, labelled = look(head)
    round = Round(
        pool=pool,
        labelled=labelled,
        training=training,
        fit=lambda data: train_early(data, text_direction, SEED, ways.head),
        head=head,
        probability=head.probabilities(pool.vectors) if head else None,
        doubt=doubt(head, pool.vectors) if head else None,
    )
    rng = np.random.default_rng([seed, answered])
    return Next(round, ACQUISITIONS[ways.acquisition]().select(round, n, rng))
