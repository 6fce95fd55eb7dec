"""Runs one session: a simulated person answers what is asked; at each budget what was learned is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from concepts.study.people import SECONDS_AN_ANSWER, Answer, SimulatedPerson

BATCH = 5  # pictures asked about between two trainings


@dataclass(frozen=True)
class Measures:
    """What a session has come to. A part that isn't measured is NaN.

    average_precision, recall (at its threshold) and brier are of the head that would be exported, on pictures
    that are never asked about; average_precision_library is of what ranks the person's own library, on those
    of its pictures that have no answer yet.
    """

    average_precision: float
    recall: float = float("nan")
    brier: float = float("nan")
    average_precision_library: float = float("nan")


class Session(Protocol):
    """Something that asks and learns: the whole product over a library, or its learning over vectors."""

    def next(self, n: int) -> Sequence[str]:
        """Names of at most n pictures to ask about; none where there is nothing left."""

    def answer(self, answers: Mapping[str, Answer]) -> int:
        """Takes a simulated person's answers; returns how many of them something learns from."""

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
    that something learned from, the others measure. `shown_share` is the part of the pool that was looked at.
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
    average_precision: float
    average_precision_library: float
    recall: float
    brier: float


def run(
    session: Session,
    person: SimulatedPerson,
    budgets: Sequence[int],
    case: Case,
    batch: int = BATCH,
    pool: int = 0,
) -> list[Row]:
    """One row a budget of answers, rising; 0 is the words alone. Ends where nothing is left to ask. `pool` is
    how many pictures could be asked about, where that is known."""
    rows: list[Row] = []
    answers = learned_from = positives = 0
    for budget in sorted(set(budgets)):
        said, taken = ask(session, person, budget - answers, batch)
        answers, learned_from = answers + len(said), learned_from + taken
        positives += sum(value == "yes" for value in said.values())
        if answers < budget:
            break
        found = session.measured(person)
        rows.append(
            Row(
                **vars(case),
                budget=budget,
                answers=answers,
                training_answers=learned_from,
                person_seconds=answers * SECONDS_AN_ANSWER,
                shown_share=answers / pool if pool else float("nan"),
                positives=positives,
                **vars(found),
            )
        )
    return rows


def ask(
    session: Session, person: SimulatedPerson, n: int, batch: int = BATCH
) -> tuple[dict[str, Answer], int]:
    """Has the person answer n pictures, or as many as there are, a batch at a time; what was said, and of how
    many of them something learns."""
    said: dict[str, Answer] = {}
    learned_from = 0
    while len(said) < n:
        answers = {picture: person.answer(picture) for picture in session.next(min(batch, n - len(said)))}
        if not answers:
            break
        learned_from += session.answer(answers)
        said |= answers
    return said, learned_from


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
