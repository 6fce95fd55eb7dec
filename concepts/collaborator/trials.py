"""Whether another wording agrees with the person better than the current one: sifted on the answers it was
written from, judged on those it was not.

The current definition stays in the running to the end: nothing is called better that isn't surely so.
The wordings that come before the answers that judge share one allowance for being wrong. Answers are counted
as evidence that may be looked at after each of them: a person is asked a few at a time, until it is settled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Collection as Ids
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import numpy as np
from pydantic import Field

from concepts.collaborator.base import Annotation, Annotator, PictureInput
from concepts.definition.document import Change, Definition, Revision, changed_lines
from concepts.learning.intervals import evidence, paired_change
from concepts.view import View

Value = Literal["yes", "no", "unsure"]
Judge = Callable[[Definition, Sequence[str]], Mapping[str, Value]]  # those it could not judge are left out

MOST_WRONG, MOST_RIGHT = 24, 24  # answers a wording is sifted with: those the machine had wrong, and right
CONSIDERED, FINALISTS = 6, 2  # wordings that come before the answers that judge, and that are left
WORTH = 1.0  # evidence on the answers a wording was written from, to be considered
PROMISING = 1.7  # evidence on all answers to be one of those left: one mended is too little, two may do
ASK, AT_ONCE = 24, 6  # pictures a person is asked about to settle whether a wording is better, at a time
LOOKED_AT, A_LOOK = 300, 40  # pictures of the pool that are looked through for those, and at a time
ERROR = 0.2  # how often a wording that is no better may be called so in a run
HOPELESS = 0.25  # evidence below which nobody is asked on
SHOWN_ERROR = 0.05  # how often one of the ranges that are shown of a run's wordings may be wrong

Inputs = Callable[[Sequence[str]], list[PictureInput]]  # of pictures with a vector, in order
Tick = Callable[[int], None]  # so many pictures were judged


@dataclass(frozen=True)
class WordingCandidate:
    """Another wording, why it was written, and by which way of writing."""

    definition: Definition
    why: str
    way: str

    @property
    def text(self) -> str:
        """Equal for two that say the same."""
        return self.definition.as_text()


@dataclass(frozen=True)
class Sifted:
    """A candidate on the answers it was written from. `evidence` that it is better; optimistic, because they
    inspired it."""

    candidate: WordingCandidate
    evidence: float
    fixed: int
    broken: int


@dataclass(frozen=True)
class Turn:
    """What the machine says of a picture by the current definition, and by the other."""

    now: Value
    then: Value


@dataclass(frozen=True)
class Vote:
    """A label of a picture that two definitions differ about, and how large a part of such votes has to
    be for the new one."""

    for_new: bool
    least: float


class WordingView(View):
    """Another wording on the labels that judge. Of the `judging` labels it was not written from the machine
    had `before` right and has `after` right by this one, `fixed` and `broken` apart; `low` and `high` bound
    the change of the share. `turned`: picture id → what the machine says of it by this wording. `to_ask` are
    pictures that would settle whether it is better, of which `answered` are. `votes` of the answers that
    judge; `share`: its part of the stakes on all that these chose from."""

    definition: Definition
    difference: list[tuple[Change, str]]
    why: str
    way: str
    verdict: Literal["better", "harmless", "not better"]
    judging: int
    before: int
    after: int
    fixed: int
    broken: int
    low: float
    high: float
    turned: dict[str, Value]
    share: float = 1.0
    f1: float
    votes: list[Vote]
    to_ask: dict[str, Turn] = Field(default_factory=dict)
    answered: dict[str, Value] = Field(default_factory=dict)
    inspired: float = Field(1.0, exclude=True)  # evidence on the answers it was written from, in this run

    @property
    def may_be_accepted(self) -> bool:
        return self.verdict != "not better"

    @property
    def undecided(self) -> list[str]:
        """The pictures to ask about next; none once it is settled, or not worth asking on."""
        if self.verdict == "better" or is_hopeless(self.asked):
            return []
        return [i for i in self.to_ask if i not in self.answered]

    @property
    def spoke(self) -> tuple[int, int]:
        """How many of the answers that were to settle it speak for it, of how many that speak for either."""
        return sum(vote.for_new for vote in self.asked), len(self.asked)

    @property
    def evidence(self) -> float:
        return evidence_in_all(self.votes, self.share, self.asked)

    @property
    def is_promising(self) -> bool:
        """Enough to ask a person about."""
        return self.inspired * evidence_of(self.votes) >= PROMISING

    @property
    def asked(self) -> list[Vote]:
        """Of the answers that are to settle it."""
        return votes_of(self.to_ask, self.answered, self.f1)

    def with_verdict(self) -> WordingView:
        """Better if it surely agrees with the person more often, in what counts; harmless if it agrees about
        every picture that the current definition agrees about."""
        spoiled = self.broken or any(said == self.to_ask[i].now for i, said in self.answered.items())
        verdict = "better" if is_better(self.evidence) else "not better" if spoiled else "harmless"
        return self.model_copy(update={"verdict": verdict})

    def with_answers(self, answers: Mapping[str, Value], free: Ids[str]) -> WordingView:
        """As the answers to the pictures it was put to the test with have it, so far. Those that are neither
        answered nor `free` to be asked about are left out."""
        known = {i: answers[i] for i in self.to_ask if i in answers}
        left = {i: turn for i, turn in self.to_ask.items() if i in known or i in free}
        one = self.model_copy(update={"to_ask": left, "answered": known})
        return one.with_verdict() if known else one


def sift(
    candidates: Sequence[WordingCandidate],
    wrong: Sequence[str],
    right: Sequence[str],
    said: Mapping[str, Value],
    f1: float,
    answers: Mapping[str, Value],
    judge: Judge,
    *,
    remarked: bool = False,
) -> list[Sifted]:
    """All candidates, the best first, by `answers` of which the machine has some `wrong` and some `right` by
    the current definition: what it `said`, with its `f1`. What mends no mistake isn't asked
    about the rest, unless people have remarked on pictures: that belongs into the words also where no answer
    shows it."""
    found = []
    for candidate in candidates:
        then = dict(judge(candidate.definition, wrong))
        fixed = sum(then[i] == answers[i] for i in then)
        broken = 0
        if fixed or remarked:
            others = judge(candidate.definition, right)
            broken = sum(others[i] != answers[i] for i in others)
            then |= others
        evidence = evidence_of(votes_of(_turns(said, then, then), answers, f1))
        found.append(Sifted(candidate, evidence, fixed, broken))
    return sorted(found, key=lambda one: -one.evidence)


def judged(
    current: Definition,
    sifted: Sequence[Sifted],
    answers: Mapping[str, Value],
    judge: Judge,
    f1: float,
    *,
    remarked: bool = False,
) -> list[WordingView]:
    """The best of the sifted on `answers` of the half that judges, those surely better than the current
    definition first. `f1` is the machine's by the current one.

    Few mistakes are among the answers that inspired the wordings, so several are considered, and both halves
    together say which are left.
    """
    considered = [one for one in sifted if one.evidence > WORTH or (remarked and not one.broken)][:CONSIDERED]
    if not considered or not answers:
        return []
    now = judge(current, list(answers))
    stakes = sum(one.evidence for one in considered)
    choosing = len(considered) > FINALISTS
    error = SHOWN_ERROR / len(considered)
    left = []
    for one in considered:
        then = judge(one.candidate.definition, list(answers))
        both = [i for i in answers if i in now and i in then]
        before_it, by_it = (np.array([said[i] == answers[i] for i in both], bool) for said in (now, then))
        change = paired_change(before_it, by_it, error)
        turns = _turns(now, then, both)
        trial = WordingView(
            definition=one.candidate.definition,
            difference=changed_lines(current.as_text(), one.candidate.text),
            why=one.candidate.why,
            way=one.candidate.way,
            verdict="not better",
            judging=change.n,
            before=change.before,
            after=change.after,
            fixed=change.fixed,
            broken=change.broken,
            low=change.low,
            high=change.high,
            turned={i: turn.then for i, turn in turns.items()},
            share=one.evidence / stakes if choosing else 1.0,
            f1=f1,
            votes=votes_of(turns, answers, f1),
            inspired=one.evidence,
        )
        if trial.is_promising or (remarked and not trial.broken):
            left.append(trial)
    left.sort(key=lambda trial: -trial.inspired * evidence_of(trial.votes))
    return [trial.with_verdict() for trial in sorted(left[:FINALISTS], key=lambda trial: -trial.evidence)]


def _turns(now: Mapping[str, Value], then: Mapping[str, Value], ids: Iterable[str]) -> dict[str, Turn]:
    """Of these pictures, those of which the machine says something else."""
    return {i: Turn(now[i], then[i]) for i in ids if i in now and i in then and now[i] != then[i]}


def telling(current: Definition, other: Definition, pictures: Sequence[str], judge: Judge) -> dict[str, Turn]:
    """The first `ASK` of `pictures`, whose order has nothing to do with what is seen in them, about which the
    machine would change its mind: an answer about one is a vote for either definition. Looks at `LOOKED_AT`
    at most."""
    found: dict[str, Turn] = {}
    for start in range(0, min(len(pictures), LOOKED_AT), A_LOOK):
        some = pictures[start : start + A_LOOK]
        found |= _turns(judge(current, some), judge(other, some), some)
        if len(found) >= ASK:
            break
    return dict(list(found.items())[:ASK])


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


def evidence_in_all(votes: Sequence[Vote], share: float, asked: Sequence[Vote]) -> float:
    """That a wording is better, by `votes` of the answers that judge, which may also have chosen it from
    several, and of what a person was `asked` since. `share` is 1 where they chose nothing.

    One stake is laid on several wordings, in shares by what the half that inspires says of each: that is a
    fair bet, and what one of them brings is at most all that it brings. Half of the stake is kept.
    """
    judging = evidence_of(votes)
    if share < 1:
        judging = (1 + share * judging) / 2
    return judging * evidence_of(asked)


def is_better(evidence: float) -> bool:
    """Whether one of the wordings that were left surely is, after any number of answers.

    Were it no better, each picture they differ about would speak for it no more often than it has to, however
    such pictures were found.
    """
    return evidence >= FINALISTS / ERROR


def is_hopeless(asked: Sequence[Vote]) -> bool:
    """Whether more answers are not worth a person's time, by those they gave."""
    return evidence_of(asked) < HOPELESS


def evidence_of(votes: Sequence[Vote]) -> float:
    least = np.array([vote.least for vote in votes])
    return evidence(np.array([vote.for_new for vote in votes], bool), least)


def f1_of(said: Mapping[str, Value], answers: Mapping[str, Value]) -> float:
    yes = [i for i in said if said[i] == "yes"]
    right = sum(answers[i] == "yes" for i in yes)
    there = sum(answers[i] == "yes" for i in said)
    return 2 * right / max(len(yes) + there, 1)


def some(ids: Sequence[str], n: int, rng: np.random.Generator) -> list[str]:
    """n of them at random, in their order."""
    return [ids[row] for row in np.sort(rng.permutation(len(ids))[:n])]


class Judging:
    """A machine as a judge of wordings: what it says of pictures under one definition and another. Remembers
    within one run; what a model answered before, also in another run, costs nothing."""

    def __init__(self, annotator: Annotator, inputs: Inputs, tick: Tick = lambda n: None) -> None:
        self._annotator = annotator
        self._inputs = inputs
        self._tick = tick
        self._known: dict[str, dict[str, Annotation]] = {}

    def __call__(self, definition: Definition, ids: Sequence[str]) -> Mapping[str, Value]:
        """Picture id → what the machine says; pictures that it can't judge are left out. Raises what
        `Annotator.annotate` raises."""
        return {i: said.value for i, said in self.annotations(definition, ids).items()}

    def annotations(self, definition: Definition, ids: Sequence[str]) -> dict[str, Annotation]:
        known = self._known.setdefault(definition.model_dump_json(), {})
        new = [i for i in ids if i not in known]
        revision = Revision(number=1, definition=definition, author="", note="", created=datetime.now(UTC))
        for start in range(0, len(new), self._annotator.batch_size):
            inputs = self._inputs(new[start : start + self._annotator.batch_size])
            results = self._annotator.annotate(revision, inputs)
            known |= {said.picture_id: said for said in results if isinstance(said, Annotation)}
            self._tick(len(results))
        return {i: known[i] for i in ids if i in known}
