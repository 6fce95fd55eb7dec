"""Runs one session: a simulated person answers what is asked; at each budget what was learned is measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from study.people import (
    ANSWERS_A_WALL,
    SECONDS_A_CLICK,
    SECONDS_A_FRAME,
    SECONDS_A_WALL,
    SECONDS_AN_ANSWER,
    Answer,
    SimulatedPerson,
)

BATCH = 5  # pictures asked about between two trainings


@dataclass(frozen=True)
class Measures:
    """What a session has come to. A part that isn't measured is NaN.

    average_precision, recall (at its threshold) and brier are of the head that would be exported, on pictures
    that are never asked about; average_precision_library is of what ranks the person's own library, on those
    of its pictures that have no answer yet; facets is the share of the kinds of what counts of which one was
    labelled yes; search_waits the most answers that a search has waited until one was about it.
    """

    average_precision: float
    recall: float = float("nan")
    brier: float = float("nan")
    average_precision_library: float = float("nan")
    facets: float = float("nan")
    search_waits: float = float("nan")


class Session(Protocol):
    """Something that asks and learns: the whole product over a library, or its learning over vectors."""

    def next(self, n: int) -> Sequence[str]:
        """Names of at most n pictures to ask about; none where there is nothing left."""

    def wall(self) -> Sequence[str]:
        """Names of pictures to look through at once now; none where single questions are better."""

    def looked(self, clicked: Sequence[str]) -> int:
        """Takes what was clicked on the last wall, all of it yes; returns how many something learns from."""

    def answer(self, answers: Mapping[str, Answer]) -> int:
        """Takes a simulated person's answers; returns how many of them something learns from."""

    def framed(self, person: SimulatedPerson) -> int:
        """Has the person frame what counts where that is due; returns in how many pictures."""

    def measured(self, person: SimulatedPerson) -> Measures:
        """How good what is learned is now, against what the person would say."""


@dataclass(frozen=True)
class Case:
    """What a row is about: a concept, learned by a method, with a seed."""

    concept: str
    method: str
    seed: int


@dataclass(frozen=True)
class Row:
    """After `answers` simulated answers in all, `positives` of them yes; `training_answers` are those of them
    that something learned from, the others measure. A wall counts as eight answers and each click as one.
    `shown_share` is the part of the pool that was looked at; first_yes_seconds of a person's time went by
    until the first yes, NaN where there is none yet.
    """

    concept: str
    method: str
    seed: int
    budget: int
    answers: int
    training_answers: int
    person_seconds: float
    shown_share: float
    positives: int
    first_yes_seconds: float
    average_precision: float
    average_precision_library: float
    recall: float
    brier: float
    facets: float
    search_waits: float


@dataclass
class Effort:
    """What a person has done so far, in a session."""

    rng: np.random.Generator
    answers: int = 0
    learned_from: int = 0
    positives: int = 0
    seconds: float = 0.0
    shown: int = 0
    wall: Sequence[str] = ()  # that waits to be looked through: the next budget has room for it
    first_yes: float = float("nan")
    times: Counter[str] = field(default_factory=Counter)  # that a picture was looked at

    def note(self, answers: int, learned_from: int, positives: int, seconds: float, shown: int) -> None:
        self.answers += answers
        self.learned_from += learned_from
        self.seconds += seconds
        self.shown += shown
        if positives and not self.positives:
            self.first_yes = self.seconds
        self.positives += positives


def run(
    session: Session,
    person: SimulatedPerson,
    budgets: Sequence[int],
    case: Case,
    batch: int = BATCH,
    pool: int = 0,
) -> list[Row]:
    """One row a budget of answers, rising; 0 is the words alone. Ends where nothing is left to ask. `pool` is
    how many pictures could be asked about, where that is known. A budget that a wall would exceed is met with
    the answers before it."""
    rows: list[Row] = []
    effort = Effort(np.random.default_rng(case.seed))
    for budget in sorted(set(budgets)):
        ask(session, person, budget - effort.answers, batch, effort, max(budgets) - budget)
        if effort.answers < budget and not effort.wall:
            break
        found = session.measured(person)
        rows.append(
            Row(
                **vars(case),
                budget=budget,
                answers=effort.answers,
                training_answers=effort.learned_from,
                person_seconds=effort.seconds,
                shown_share=effort.shown / pool if pool else float("nan"),
                positives=effort.positives,
                first_yes_seconds=effort.first_yes,
                **vars(found),
            )
        )
    return rows


def ask(
    session: Session,
    person: SimulatedPerson,
    n: int,
    batch: int = BATCH,
    effort: Effort | None = None,
    later: int = 0,
) -> dict[str, Answer]:
    """Has the person do what counts as n answers, or as much as there is, a batch or a wall at a time; what
    was said of single pictures. A wall that only fits into those and the `later` ones together waits for
    them."""
    effort = effort or Effort(np.random.default_rng(0))
    said: dict[str, Answer] = {}
    end = effort.answers + n
    while effort.answers < end:
        left = end - effort.answers
        wall = effort.wall or (session.wall() if left + later >= ANSWERS_A_WALL else ())
        effort.wall = wall if left < ANSWERS_A_WALL else ()
        if effort.wall:
            break
        if wall:
            clicked = person.clicks(wall, effort.rng)[: left - ANSWERS_A_WALL]
            effort.times.update(wall)
            seconds = SECONDS_A_WALL + SECONDS_A_CLICK * len(clicked)
            taken = session.looked(clicked)
            effort.seconds += SECONDS_A_FRAME * session.framed(person)
            effort.note(ANSWERS_A_WALL + len(clicked), taken, len(clicked), seconds, len(wall))
            continue
        asked = session.next(min(batch, left))
        answers = {picture: person.answer(picture, effort.times[picture]) for picture in asked}
        effort.times.update(asked)
        if not answers:
            break
        taken = session.answer(answers)
        for place, value in enumerate(answers.values()):
            effort.note(1, taken if not place else 0, int(value == "yes"), SECONDS_AN_ANSWER, 1)
        effort.seconds += SECONDS_A_FRAME * session.framed(person)
        said |= answers
    return said


def average_precision(scores: Mapping[str, float], person: SimulatedPerson) -> float:
    """Against what the person would say, without what they would be unsure of; NaN where nothing counts."""
    # scikit-learn takes a second to load, and only a study needs it
    from sklearn.metrics import average_precision_score

    truth = {picture: person.truth(picture) for picture in scores}
    decided = [picture for picture, value in truth.items() if value != "unsure"]
    yes = np.array([truth[picture] == "yes" for picture in decided])
    if not yes.any():
        return float("nan")
    return float(average_precision_score(yes, [scores[picture] for picture in decided]))
