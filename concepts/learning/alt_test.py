"""Whether a machine may answer for people: the alternative annotator test (Calderon et al., ACL 2025)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from concepts.learning.base import Floats, Votes

SHARED = 30  # pictures that a person must share with others, below which a t-test says nothing
DISCOVERIES = 0.05  # share of false ones among the people that the machine is said to match
SKILLED = (
    0.15  # what asking a machine saves is worth this much of being as good as people who know the matter
)


@dataclass(frozen=True)
class AltTest:
    """`won` of `people` are matched by the machine: it agrees with the others about as often as they do, or
    more. `advantage`: how likely it is to agree with the others at least as much as a person does."""

    people: int
    won: int
    shared: int  # pictures, of the person with the fewest
    advantage: float

    @property
    def passes(self) -> bool:
        return self.won >= self.people / 2


def alt_test(people: NDArray[np.int8], machine: Votes, epsilon: float = SKILLED) -> AltTest | None:
    """people (m, n), machine (n,): 1 yes, -1 no, 0 nothing. None where no two people share enough pictures.

    Each person is left out in turn, and so is the machine's agreement with the others compared with theirs,
    picture by picture; a one-sided t-test a person, corrected for how many there are (Benjamini & Yekutieli
    2001). A machine that says nothing of a picture agrees with nobody.
    """
    from scipy.stats import false_discovery_control

    found = [_against(people, machine, left_out, epsilon) for left_out in range(len(people))]
    tested = [one for one in found if one is not None]
    if not tested:
        return None
    p = false_discovery_control([p for p, _, _ in tested], method="by")
    return AltTest(
        people=len(tested),
        won=int((p <= DISCOVERIES).sum()),
        shared=min(n for _, n, _ in tested),
        advantage=float(np.mean([advantage for _, _, advantage in tested])),
    )


def _against(
    people: NDArray[np.int8], machine: Votes, left_out: int, epsilon: float
) -> tuple[float, int, float] | None:
    """p-value of the machine being worse than this person by `epsilon`, pictures, the machine's advantage."""
    from scipy.stats import ttest_1samp

    person, others = people[left_out], np.delete(people, left_out, axis=0)
    shared = (person != 0) & (others != 0).any(axis=0)
    if shared.sum() < SHARED:
        return None
    like_machine = _agreement(machine[shared], others[:, shared])
    like_person = _agreement(person[shared], others[:, shared])
    machine_wins, person_wins = like_machine >= like_person, like_person >= like_machine
    difference = person_wins.astype(float) - machine_wins.astype(float)
    if np.ptp(difference) == 0:
        p = float(difference[0] >= epsilon)
    else:
        p = float(ttest_1samp(difference, epsilon, alternative="less").pvalue)
    return p, int(shared.sum()), float(machine_wins.mean())


def _agreement(said: Votes, others: NDArray[np.int8]) -> Floats:
    """(n,) the share of those who said something that said the same."""
    answered = others != 0
    return np.asarray(((others == said) & answered).sum(axis=0) / answered.sum(axis=0), dtype=np.float64)
