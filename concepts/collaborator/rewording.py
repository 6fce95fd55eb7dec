"""Finding another wording: written in rounds, sifted after each, judged once at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from concepts.collaborator.earlier_runs import Earlier
from concepts.collaborator.rewording_labels import AnswersToReword
from concepts.collaborator.trials import (
    Sifted,
    Trial,
    TrialSample,
    Value,
    WordingCandidate,
    f1_of,
    is_hopeless,
    judged,
    sample,
    sift,
    some,
    telling,
)
from concepts.collaborator.wording_judge import Judging
from concepts.collaborator.writing import (
    Feedback,
    Telling,
    from_differences,
    from_feedback,
    from_nouns,
)
from concepts.definition.document import Definition
from concepts.errors import ModelAnswerError
from concepts.language.base import ChatModel
from concepts.language.prompts import DEFAULTS, PromptFiles

ROUNDS = 8  # of writing with what the wordings so far did
ENOUGH = 20.0  # evidence for one wording, after which no other is looked for
FEWEST_TO_ASK = 4  # pictures that two wordings differ about, below which they settle nothing
MOST_TO_JUDGE = 80  # answers that judge: each wording is a call for each
MOST_TO_READ = 80  # answers of the half that writes that the machine is asked about


@dataclass(frozen=True)
class RewordingOutcome:
    """`trials`: those that came before the answers that judge, surely better ones first. `sifted`: all
    wordings that were tried; `mistakes`: how many of the `read` answers the machine has wrong; `f1`
    of the machine by the current definition on all answers."""

    trials: list[Trial]
    sifted: list[WordingCandidate]
    read: int
    mistakes: int
    judging: int
    f1: float


def find_wordings(
    current: Definition,
    answers: AnswersToReword,
    judge: Judging,
    critic: ChatModel | None,
    nouns: Telling,
    askable: Sequence[str],
    earlier: Earlier,
    seed: int = 0,
    prompts: PromptFiles = DEFAULTS,
) -> RewordingOutcome:
    """Without a `critic`, `nouns` finds the words. `askable`: pictures without an answer, in an order that
    has nothing to do with what is seen in them, among which some are looked for that would settle whether a
    wording is better, where answers don't. `earlier`: of runs against the same definition.

    Raises `BudgetError` and what else the annotator and the critic raise; the same again costs nothing up to
    there.
    """
    rng = np.random.default_rng(seed)
    write = {i: answers.write[i] for i in some(list(answers.write), MOST_TO_READ, rng)}
    to_judge = {i: answers.judge[i] for i in some(list(answers.judge), MOST_TO_JUDGE, rng)}
    feedback = read_feedback(current, write, answers, judge)
    said = {one.picture_id: one.machine for one in feedback}
    chosen = sample(write, said, f1_of(answers.usual(said), write), rng)
    mistakes = sum(not one.agrees for one in feedback)
    again = sift(earlier.sifted, chosen, write, judge, remarked=_remarked(feedback))
    sifted = _written(current, feedback, chosen, write, judge, critic, nouns, prompts, again, earlier.judged)
    both = said | dict(judge(current, list(to_judge)))
    f1 = f1_of(answers.usual(both), write | to_judge)
    trials = judged(
        current,
        sifted,
        to_judge,
        judge,
        f1,
        earlier.count,
        remarked=_remarked(feedback),
        going_on=earlier.going_on,
    )
    trials = _with_pictures_to_ask(current, trials, askable, judge)
    return RewordingOutcome(
        trials, [one.candidate for one in sifted], len(feedback), mistakes, len(to_judge), f1
    )


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
            ambiguity=answers.met.get(i, ""),
        )
        for i, said in judge.annotations(current, list(write)).items()
    ]


def _written(
    current: Definition,
    feedback: Sequence[Feedback],
    chosen: TrialSample,
    write: dict[str, Value],
    judge: Judging,
    critic: ChatModel | None,
    nouns: Telling,
    prompts: PromptFiles,
    again: Sequence[Sifted],
    judged: frozenset[str],
) -> list[Sifted]:
    """Every usable wording, those of earlier runs `again` among them, the best first. A model that answers
    with nothing usable once is asked on."""
    found = {one.candidate.definition.as_text(): one for one in again}
    if critic is None:
        named = [c for c in from_nouns(current, feedback, nouns) if c.definition.as_text() not in judged]
        new = sift(named, chosen, write, judge)
        return _best(found | {one.candidate.definition.as_text(): one for one in new})
    remarked = _remarked(feedback)
    ways: list[Callable[[], list[WordingCandidate]]] = [
        lambda: from_differences(current, feedback, critic, prompts)
    ]
    ways += [lambda: from_feedback(current, feedback, _best(found), critic, prompts)] * ROUNDS
    for number, way in enumerate(ways):
        try:
            candidates = way()
        except ModelAnswerError:
            continue
        unknown = [c for c in candidates if c.definition.as_text() not in judged | found.keys()]
        if number and not unknown:
            break  # it has said what it has to say
        for one in sift(unknown, chosen, write, judge, remarked=remarked):
            found[one.candidate.definition.as_text()] = one
        if any(one.evidence >= ENOUGH for one in found.values()):
            break
    return _best(found)


def _with_pictures_to_ask(
    current: Definition, trials: Sequence[Trial], askable: Sequence[str], judge: Judging
) -> list[Trial]:
    """Where none is shown to be better, those that may be with pictures that would show it."""
    if any(trial.is_better for trial in trials):
        return list(trials)
    found = []
    for trial in trials:
        turns = {}
        if trial.is_promising and not is_hopeless(trial.asked):
            turns = telling(current, trial.sifted.candidate.definition, askable, judge)
        found.append(replace(trial, to_ask=turns) if len(turns) >= FEWEST_TO_ASK else trial)
    return found


def _remarked(feedback: Sequence[Feedback]) -> bool:
    return any(one.comments for one in feedback)


def _best(found: dict[str, Sifted]) -> list[Sifted]:
    return sorted(found.values(), key=lambda one: -one.evidence)
