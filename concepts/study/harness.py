"""Runs one session: a simulated person answers what is asked, and at each budget the head is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from concepts.study.people import Answer, SimulatedPerson

BATCH = 5  # pictures asked about between two trainings


class Session(Protocol):
    """Something that asks and learns: the whole product over a library, or its learning over vectors."""

    def next(self, n: int) -> Sequence[str]:
        """Names of at most n pictures to ask about; none where there is nothing left."""

    def answer(self, answers: Mapping[str, Answer]) -> None:
        """Takes a simulated person's answers."""

    def scores(self) -> Mapping[str, float]:
        """What a head trained now says of pictures that are never asked about; the likelier the higher."""


@dataclass(frozen=True)
class Case:
    """What a row is about: a concept, learned by a method, with a seed."""

    concept: str
    method: str
    seed: int


@dataclass(frozen=True)
class Row:
    """After `answers` simulated answers, `positives` of them yes: the head on pictures never asked about."""

    concept: str
    method: str
    seed: int
    answers: int
    positives: int
    average_precision: float


def run(
    session: Session, person: SimulatedPerson, budgets: Sequence[int], case: Case, batch: int = BATCH
) -> list[Row]:
    """One row a budget of answers, rising; 0 is the words alone. Ends where nothing is left to ask."""
    rows: list[Row] = []
    answers = positives = 0
    for budget in sorted(set(budgets)):
        said = ask(session, person, budget - answers, batch)
        answers, positives = answers + len(said), positives + sum(value == "yes" for value in said.values())
        if answers < budget:
            break
        score = average_precision(session.scores(), person)
        rows.append(Row(case.concept, case.method, case.seed, answers, positives, score))
    return rows


def ask(session: Session, person: SimulatedPerson, n: int, batch: int = BATCH) -> dict[str, Answer]:
    """Has the person answer n pictures, or as many as there are, a batch at a time."""
    said: dict[str, Answer] = {}
    while len(said) < n:
        answers = {picture: person.answer(picture) for picture in session.next(min(batch, n - len(said)))}
        if not answers:
            break
        session.answer(answers)
        said |= answers
    return said


def average_precision(scores: Mapping[str, float], person: SimulatedPerson) -> float:
    """Against what the person would say, without what they would be unsure of."""
    # scikit-learn takes a second to load, and only a study needs it
    from sklearn.metrics import average_precision_score

    truth = {picture: person.answer(picture) for picture in scores}
    decided = [picture for picture, value in truth.items() if value != "unsure"]
    yes = np.array([truth[picture] == "yes" for picture in decided])
    return float(average_precision_score(yes, [scores[picture] for picture in decided]))
