"""Whether another wording agrees with the person better than the current one: sifted on the answers it was
written from, judged on those it was not.

The current definition stays in the running to the end: nothing is called better that isn't surely so.
Every wording that comes before the answers that judge spends some of one allowance for being wrong, so that
trying long enough doesn't bring a wording that only seems better.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from concepts.definition.document import Definition
from concepts.learning.paired import PairedChange, paired_change, surely_more

Value = Literal["yes", "no", "unsure"]
Judge = Callable[[Definition, Sequence[str]], Mapping[str, Value]]  # those it could not judge are left out

MOST_WRONG, MOST_RIGHT = 24, 24  # answers a wording is sifted with: those the machine had wrong, and right
FINALISTS = 2
# Error of a first test on the answers a wording was written from: 2 mended and none broken pass, 3 and 1 too.
PROMISE = 0.32
ASK = 12  # pictures a person is asked about to settle whether a wording is better
LOOKED_AT, A_LOOK = 160, 40  # pictures of the pool that are looked through for those, and at a time
ERROR = 0.2  # how often a wording that is no better may be called so, of all tried against one definition
FIRST = 0.1  # of a run's part of that, for each wording on the answers that are there


@dataclass(frozen=True)
class Candidate:
    """Another wording, why it was written, and by which way of writing."""

    definition: Definition
    why: str
    way: str


@dataclass(frozen=True)
class Sifted:
    """A candidate on the answers it was written from. `gain`: change of the share of all of them that the
    machine has right, estimated from those it was asked about; optimistic, because they inspired it."""

    candidate: Candidate
    gain: float
    fixed: int
    broken: int

    @property
    def is_promising(self) -> bool:
        """Enough to spend a look at the answers that judge: it mends several, by more than it breaks."""
        mended = np.arange(self.fixed + self.broken) < self.fixed
        return self.gain > 0 and surely_more(mended, np.full(len(mended), 0.5), PROMISE)


@dataclass(frozen=True)
class Trial:
    """A candidate on the answers that judge. `turned`: picture id → what the machine says of it now."""

    sifted: Sifted
    change: PairedChange
    turned: dict[str, Value]
    votes: list[Vote]
    is_better: bool  # surely agrees with the person more often, in what counts
    to_ask: dict[str, Turn] = field(default_factory=dict)  # pictures that would settle it

    @property
    def is_harmless(self) -> bool:
        """Agrees about every picture that the current definition agrees about."""
        return not self.change.broken


@dataclass(frozen=True)
class Turn:
    """What the machine says of a picture by the current definition, and by the other."""

    now: Value
    then: Value


@dataclass(frozen=True)
class Vote:
    """An answer about a picture that two definitions differ about, and how large a part of such votes has to
    be for the new one."""

    for_new: bool
    least: float


@dataclass(frozen=True)
class Sample:
    """Answers to sift with: ids of what the machine has wrong and of what it has right, and how many answers
    each of them stands for."""

    wrong: list[str]
    right: list[str]
    each_wrong: float
    each_right: float
    total: int


def sample(answers: Mapping[str, Value], said: Mapping[str, Value], rng: np.random.Generator) -> Sample:
    """`answers` of the half that writes, and what the machine says of them by the current definition."""
    known = [i for i in answers if i in said]
    wrong = [i for i in known if said[i] != answers[i]]
    right = [i for i in known if said[i] == answers[i]]
    some_wrong, some_right = some(wrong, MOST_WRONG, rng), some(right, MOST_RIGHT, rng)
    return Sample(
        some_wrong,
        some_right,
        len(wrong) / max(len(some_wrong), 1),
        len(right) / max(len(some_right), 1),
        len(known),
    )


def sift(
    candidates: Sequence[Candidate],
    chosen: Sample,
    answers: Mapping[str, Value],
    judge: Judge,
    *,
    remarked: bool = False,
) -> list[Sifted]:
    """All candidates, the best first. What mends no mistake isn't asked about the rest, unless people have
    remarked on pictures: that belongs into the words also where no answer shows it."""
    found = []
    for candidate in candidates:
        fixed = _agreeing(judge(candidate.definition, chosen.wrong), answers)
        broken = 0
        if fixed or remarked:
            said = judge(candidate.definition, chosen.right)
            broken = sum(said[i] != answers[i] for i in chosen.right if i in said)
        gain = (fixed * chosen.each_wrong - broken * chosen.each_right) / max(chosen.total, 1)
        found.append(Sifted(candidate, gain, fixed, broken))
    return sorted(found, key=lambda one: -one.gain)


def judged(
    current: Definition,
    sifted: Sequence[Sifted],
    answers: Mapping[str, Value],
    judge: Judge,
    f1: float,
    run: int,
    *,
    remarked: bool = False,
) -> list[Trial]:
    """The best of the sifted on `answers` of the half that judges, those surely better than the current
    definition first. `f1` is the machine's by the current one; `run` counts from 1 how
    often wordings were tried against it."""
    error = FIRST * allowance(run)
    finalists = [one for one in sifted if one.is_promising or (remarked and not one.broken)][:FINALISTS]
    if not finalists or not answers:
        return []
    before = judge(current, list(answers))
    trials = []
    for one in finalists:
        after = judge(one.candidate.definition, list(answers))
        both = [i for i in answers if i in before and i in after]
        change = paired_change(
            np.array([before[i] == answers[i] for i in both], bool),
            np.array([after[i] == answers[i] for i in both], bool),
            2 * error,
        )
        turns = {i: Turn(before[i], after[i]) for i in both if after[i] != before[i]}
        votes = votes_of(turns, answers, f1)
        turned = {i: turn.then for i, turn in turns.items()}
        trials.append(Trial(one, change, turned, votes, is_better(votes, error)))
    return sorted(trials, key=lambda trial: (not trial.is_better, -trial.change.change))


def telling(
    current: Definition, other: Definition, pictures: Sequence[str], judge: Judge, n: int = ASK
) -> dict[str, Turn]:
    """The first n of `pictures`, which are in random order, about which the machine would change its mind: an
    answer about one is a vote for either definition. Looks at `LOOKED_AT` at most."""
    found: dict[str, Turn] = {}
    for start in range(0, min(len(pictures), LOOKED_AT), A_LOOK):
        some = pictures[start : start + A_LOOK]
        now, then = judge(current, some), judge(other, some)
        found |= {i: Turn(now[i], then[i]) for i in some if i in now and i in then and now[i] != then[i]}
        if len(found) >= n:
            break
    return dict(list(found.items())[:n])


def votes_of(turns: Mapping[str, Turn], answers: Mapping[str, Value], f1: float) -> list[Vote]:
    """What the answers about pictures that two definitions differ about say for either.

    A rule that takes pictures out of what counts raises F1 only where more than 1 - F1/2 of them don't count
    (Lipton, Elkan & Naryanaswamy 2014): where most of what the machine takes for yes is wrong, taking any of
    it out mends more than it breaks, and says nothing. One that takes pictures in is held to more than half.
    """
    votes = []
    for i, turn in turns.items():
        if answers.get(i) in (turn.now, turn.then):
            least = 1 - f1 / 2 if turn.now == "yes" else 0.5
            votes.append(Vote(answers[i] == turn.then, least))
    return votes


def is_better(votes: Sequence[Vote], error: float) -> bool:
    return surely_more(
        np.array([vote.for_new for vote in votes], bool), np.array([vote.least for vote in votes]), error
    )


def settled(
    votes: Sequence[Vote], turns: Mapping[str, Turn], answers: Mapping[str, Value], f1: float, run: int
) -> bool:
    """Whether a wording is surely better by the `votes` of the answers that judge and by what a person
    answered about all pictures that were to settle it.

    Were the new one no better, each picture they differ about would speak for it no more often than it has
    to, however such pictures were found.
    """
    error = (1 - FINALISTS * FIRST) * allowance(run)
    return is_better([*votes, *votes_of(turns, answers, f1)], error)


def allowance(run: int) -> float:
    """How often the wordings of this run may be wrongly called better: a half, a quarter, an eighth … of
    `ERROR`, which is the sum of them all. Most of it is for the answers that are asked for to settle it, as
    the first of two looks needs little (O'Brien & Fleming 1979)."""
    return float(ERROR / 2**run)


def _agreeing(said: Mapping[str, Value], answers: Mapping[str, Value]) -> int:
    return sum(value == answers[i] for i, value in said.items())


def some(ids: Sequence[str], n: int, rng: np.random.Generator) -> list[str]:
    """n of them at random, in their order."""
    return [ids[row] for row in np.sort(rng.permutation(len(ids))[:n])]
