"""Finding another wording: written in rounds, sifted after each, judged once at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from concepts.definition.document import Definition
from concepts.deliberation.answers import AnswersToReword
from concepts.deliberation.judging import Judging
from concepts.deliberation.trials import Candidate, Sample, Sifted, Trial, Value, judged, sample, sift
from concepts.deliberation.writing import (
    Feedback,
    Telling,
    from_differences,
    from_feedback,
    from_nouns,
)
from concepts.errors import ModelAnswerError
from concepts.language.base import ChatModel

ROUNDS = 3  # of writing with what the wordings so far did
MOST_TO_JUDGE = 80  # answers that judge: each wording is a call for each
MOST_TO_READ = 80  # answers of the half that writes that the machine is asked about


@dataclass(frozen=True)
class Outcome:
    """`trials`: those that came before the answers that judge, surely better ones first. `sifted`: how many
    other wordings were tried at all; `mistakes`: how many of the `read` answers the machine has wrong."""

    trials: list[Trial]
    sifted: int
    read: int
    mistakes: int
    judging: int


def find_wordings(
    current: Definition,
    answers: AnswersToReword,
    judge: Judging,
    critic: ChatModel | None,
    telling: Telling,
    tried_before: int,
    seed: int = 0,
) -> Outcome:
    """Without a `critic`, `telling` finds the words. Raises `BudgetError` and what else the annotator and the
    critic raise; the same again costs nothing up to there."""
    rng = np.random.default_rng(seed)
    write = _some(answers.write, MOST_TO_READ, rng)
    to_judge = _some(answers.judge, MOST_TO_JUDGE, rng)
    feedback = read_feedback(current, write, answers, judge)
    said = {one.picture_id: one.machine for one in feedback}
    chosen = sample(write, said, rng)
    mistakes = sum(not one.agrees for one in feedback)
    sifted = _written(current, feedback, chosen, write, judge, critic, telling)
    trials = judged(current, sifted, to_judge, judge, tried_before, remarked=_remarked(feedback))
    return Outcome(trials, len(sifted), len(feedback), mistakes, len(to_judge))


def read_feedback(
    current: Definition, write: dict[str, Value], answers: AnswersToReword, judge: Judging
) -> list[Feedback]:
    """What person and machine say of the pictures of the half that writes, as far as the machine can say."""
    return [
        Feedback(
            i,
            person=answers.write[i],
            machine=said.value,
            reason=said.rationale,
            comments=tuple(answers.comments.get(i, ())),
        )
        for i, said in judge.annotations(current, list(write)).items()
    ]


def _written(
    current: Definition,
    feedback: Sequence[Feedback],
    chosen: Sample,
    write: dict[str, Value],
    judge: Judging,
    critic: ChatModel | None,
    telling: Telling,
) -> list[Sifted]:
    """Every usable wording, the best first. A model that answers with nothing usable once is asked on."""
    if critic is None:
        return sift(from_nouns(current, feedback, telling), chosen, write, judge)
    remarked = _remarked(feedback)
    found: dict[str, Sifted] = {}
    ways: list[Callable[[], list[Candidate]]] = [lambda: from_differences(current, feedback, critic)]
    ways += [lambda: from_feedback(current, feedback, _best(found), critic)] * ROUNDS
    for way in ways:
        try:
            candidates = way()
        except ModelAnswerError:
            continue
        new = [c for c in candidates if c.definition.as_text() not in found]
        for one in sift(new, chosen, write, judge, remarked=remarked):
            found[one.candidate.definition.as_text()] = one
    return _best(found)


def _remarked(feedback: Sequence[Feedback]) -> bool:
    return any(one.comments for one in feedback)


def _best(found: dict[str, Sifted]) -> list[Sifted]:
    return sorted(found.values(), key=lambda one: -one.gain)


def _some(answers: dict[str, Value], n: int, rng: np.random.Generator) -> dict[str, Value]:
    ids = list(answers)
    return {ids[row]: answers[ids[row]] for row in np.sort(rng.permutation(len(ids))[:n])}
