"""What screens, REST and the command line are told of deliberations."""

from __future__ import annotations

from collections.abc import Collection as Ids
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import AliasChoices, Field

from concepts.collaborator.trials import (
    Sifted,
    Trial,
    Turn,
    Value,
    Vote,
    WordingCandidate,
    evidence_in_all,
    is_better,
    is_hopeless,
    votes_of,
)
from concepts.definition.document import Change, Definition, word_diff
from concepts.learning.intervals import PairedChange
from concepts.view import View
from storage.deliberations import Rewording


class AmbiguityView(View):
    """Something that is open. `met`: how many of its pictures the person has answered in a round."""

    name: str
    pictures: list[str]
    met: int


class BorderlinePicture(View):
    """A picture of a round. What the machine says is told once the person has answered."""

    id: str
    path: str
    answer: str | None
    machine: Value | None
    rationale: str
    comments: list[str]

    @property
    def matches(self) -> bool | None:
        """Whether both say the same; None before there are two sides."""
        return None if self.answer is None or self.machine is None else self.answer == self.machine


class RoundView(View):
    number: int
    ambiguity: str
    definition: int
    created: datetime
    pictures: list[BorderlinePicture]

    @property
    def open(self) -> int:
        return sum(picture.answer is None for picture in self.pictures)


class WordingView(View):
    """Another wording. Of the `judging` answers it was not written from the machine had `before` right and
    has `after` right by this one, `fixed` and `broken` apart; `low` and `high` bound the change of the share.
    `turned`: picture id → what the machine says of it by this wording. `nth`: how many wordings were judged
    against the definition up to this one. `to_ask` are pictures that would settle whether it is better, of
    which `answered` are; `asked`: votes of the answers to earlier ones. `votes` of the answers that judge;
    `share`: its part of the stakes on all that these chose from."""

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
    nth: int = Field(validation_alias=AliasChoices("nth", "run"))
    share: float = 1.0
    f1: float
    votes: list[Vote]
    asked: list[Vote] = Field(default_factory=list)
    to_ask: dict[str, Turn] = Field(default_factory=dict)
    answered: dict[str, Value] = Field(default_factory=dict)

    @property
    def may_be_accepted(self) -> bool:
        return self.verdict != "not better"

    @property
    def undecided(self) -> list[str]:
        """The pictures to ask about next; none once it is settled, or not worth asking on."""
        if self.verdict == "better" or is_hopeless(self.all_asked()):
            return []
        return [i for i in self.to_ask if i not in self.answered]

    @property
    def spoke(self) -> tuple[int, int]:
        """How many of the answers that were to settle it speak for it, of how many that speak for either."""
        votes = self.all_asked()
        return sum(vote.for_new for vote in votes), len(votes)

    def with_answers(self, answers: Mapping[str, Value], free: Ids[str]) -> WordingView:
        """As the answers to the pictures it was put to the test with have it, so far. Those that are neither
        answered nor `free` to be asked about are left out."""
        known = {i: answers[i] for i in self.to_ask if i in answers}
        left = {i: turn for i, turn in self.to_ask.items() if i in known or i in free}
        one = self.model_copy(update={"to_ask": left, "answered": known})
        if not known:
            return one
        if is_better(evidence_in_all(self.votes, self.share, one.all_asked()), self.nth):
            return one.model_copy(update={"verdict": "better"})
        spoiled = self.broken or any(known[i] == self.to_ask[i].now for i in known)
        return one.model_copy(update={"verdict": "not better" if spoiled else "harmless"})

    def all_asked(self) -> list[Vote]:
        return [*self.asked, *votes_of(self.to_ask, self.answered, self.f1)]


class RewordingView(View):
    """Wordings that were tried against a definition, those to take first. `deed`: what a person made of it,
    `chosen` which one they took and `became` the definition that came of it."""

    number: int
    definition: int
    created: datetime
    author: str
    wordings: list[WordingView]
    deed: Literal["accepted", "rejected"] | None
    chosen: int | None
    became: int | None


def wording_of(current: Definition, trial: Trial, f1: float) -> WordingView:
    change, candidate = trial.change, trial.sifted.candidate
    return WordingView(
        definition=candidate.definition,
        difference=word_diff(current.as_text(), candidate.text),
        why=candidate.why,
        way=candidate.way,
        verdict="better" if trial.is_better else "harmless" if trial.is_harmless else "not better",
        judging=change.n,
        after=change.after,
        f1=f1,
        **vars(change) | vars(trial),  # the rest has the same names
    )


@dataclass(frozen=True)
class Earlier:
    """What earlier runs against the same definition have found out, so that none begins from nothing.

    `sifted`: wordings that never came before the answers that judge; more answers may speak for them.
    `going_on`: those that did and that more answers may settle. `judged`: all that did, as text, `count` of
    them.
    """

    sifted: Sequence[WordingCandidate] = ()
    going_on: Sequence[Trial] = ()
    judged: frozenset[str] = frozenset()
    count: int = 0

    @classmethod
    def of(cls, runs: Sequence[Rewording], answers: Mapping[str, Value], free: Ids[str]) -> Earlier:
        """From all `runs` against the newest definition; `answers` and `free` are those of the pictures that
        were to settle a wording."""
        views: dict[str, WordingView] = {}
        for document in (one for run in runs for one in run.candidates):
            view = WordingView.model_validate(document).with_answers(answers, free)
            views[view.definition.as_text()] = view  # the last one has the votes of those before
        sifted: dict[str, WordingCandidate] = {}
        for document in (one for run in runs for one in run.sifted):
            definition = Definition.model_validate(document["definition"])
            candidate = WordingCandidate(definition, document["why"], document["way"])
            if candidate.text not in views:
                sifted[candidate.text] = candidate
        going_on = [trial for trial in map(_trial, views.values()) if trial.is_promising]
        count = max((view.nth for view in views.values()), default=0)
        return cls(list(sifted.values()), going_on, frozenset(views), count)


def _trial(view: WordingView) -> Trial:
    sifted = Sifted(WordingCandidate(view.definition, view.why, view.way), 1.0, view.fixed, view.broken)
    change = PairedChange(view.judging, view.before, view.fixed, view.broken, view.low, view.high)
    return Trial(sifted, change, view.turned, view.votes, view.nth, view.share, view.all_asked())
