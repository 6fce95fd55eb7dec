"""Finding another wording: written in rounds, sifted after each, judged once at the end."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Collection as Ids
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from concepts.collaborator.deliberation_views import Earlier
from concepts.collaborator.trials import (
    Judging,
    Sifted,
    Trial,
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
from concepts.collaborator.writing import (
    Feedback,
    Telling,
    from_differences,
    from_feedback,
    from_nouns,
)
from concepts.definition.document import Definition
from concepts.errors import ModelAnswerError
from concepts.labelling.training_data import TrainingData
from concepts.language.base import ChatModel
from concepts.language.prompts import PromptFiles
from concepts.library.collection import Collection
from storage.labels import LabelLog

ROUNDS = 8  # of writing with what the wordings so far did
ENOUGH = 20.0  # evidence for one wording, after which no other is looked for
FEWEST_TO_ASK = 4  # pictures that two wordings differ about, below which they settle nothing
MOST_TO_JUDGE = 80  # answers that judge: each wording is a call for each
FEWEST = 10  # answers in the half that judges, below which no wording can be shown to be better
MOST_TO_READ = 80  # answers of the half that writes that the machine is asked about


@dataclass(frozen=True)
class AnswersToReword:
    """Picture id → yes or no, of each half; `comments` of the half that writes, oldest first. `met` are
    pictures that were chosen for being near the edge, with the ambiguity they were shown for: how often the
    machine is right about them says little about the others."""

    write: dict[str, Value]
    judge: dict[str, Value]
    comments: Mapping[str, list[str]]
    met: Mapping[str, str] = field(default_factory=dict)

    def usual(self, said: Mapping[str, Value]) -> dict[str, Value]:
        """What is `said` of those pictures that were not chosen for being near the edge."""
        return {i: value for i, value in said.items() if i not in self.met}

    @classmethod
    def of(
        cls,
        training_data: TrainingData,
        collection: Collection,
        log: LabelLog,
        key: str,
        met: Mapping[str, str],
    ) -> AnswersToReword:
        """What was answered with the machine's opinion beside the picture agrees with it too often, so it
        judges nothing."""
        decided: dict[str, Value] = {
            i: "yes" if d.value == "yes" else "no" for i, d in training_data.answers.items() if d.decided
        }
        ids = training_data.with_vectors(list(decided))
        groups = dict(zip(ids, collection.library.near_groups(ids), strict=True))
        remarks: dict[str, list[str]] = {}
        for event in log.comments(training_data.concept_id, ids):
            remarks.setdefault(event.picture_id, []).append(event.comment)
        write, judge = halves(groups, remarks, key)
        standing = log.standing(training_data.concept_id, ("person", "simulated"), judge)
        swayed = {event.picture_id for event in standing if event.in_view}
        return cls(
            {i: decided[i] for i in write},
            {i: decided[i] for i in judge if i not in swayed},
            remarks,
            met,
        )


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
    prompts: PromptFiles,
) -> RewordingOutcome:
    """Without a `critic`, `nouns` finds the words. `askable`: pictures without an answer, in an order that
    has nothing to do with what is seen in them, among which some are looked for that would settle whether a
    wording is better, where answers don't. `earlier`: of runs against the same definition.

    Raises `BudgetError` and what else the annotator and the critic raise; the same again costs nothing up to
    there.
    """
    rng = np.random.default_rng(0)
    write = {i: answers.write[i] for i in some(list(answers.write), MOST_TO_READ, rng)}
    to_judge = {i: answers.judge[i] for i in some(list(answers.judge), MOST_TO_JUDGE, rng)}
    feedback = [
        Feedback(
            i,
            person=write[i],
            machine=one.value,
            reason=one.rationale,
            comments=tuple(answers.comments.get(i, ())),
            ambiguity=answers.met.get(i, ""),
        )
        for i, one in judge.annotations(current, list(write)).items()
    ]
    remarked = any(one.comments for one in feedback)
    said = {one.picture_id: one.machine for one in feedback}
    chosen = sample(write, said, f1_of(answers.usual(said), write), rng)
    trying = partial(sift, chosen=chosen, answers=write, judge=judge)
    found = {one.candidate.text: one for one in trying(earlier.sifted, remarked=remarked)}
    if critic is None:
        named = [one for one in from_nouns(current, feedback, nouns) if one.text not in earlier.judged]
        found |= {one.candidate.text: one for one in trying(named)}
    else:
        asked = partial(trying, remarked=remarked)
        _write(current, feedback, critic, prompts, found, earlier.judged, asked)
    sifted = _best(found)
    both = said | dict(judge(current, list(to_judge)))
    f1 = f1_of(answers.usual(both), write | to_judge)
    trials = judged(
        current,
        sifted,
        to_judge,
        judge,
        f1,
        earlier.count,
        remarked=remarked,
        going_on=earlier.going_on,
    )
    return RewordingOutcome(
        _with_pictures_to_ask(current, trials, askable, judge),
        [one.candidate for one in sifted],
        len(feedback),
        sum(not one.agrees for one in feedback),
        len(to_judge),
        f1,
    )


def _write(
    current: Definition,
    feedback: Sequence[Feedback],
    critic: ChatModel,
    prompts: PromptFiles,
    found: dict[str, Sifted],
    judged: frozenset[str],
    trying: Callable[[list[WordingCandidate]], list[Sifted]],
) -> None:
    """Adds every usable wording to those `found`. A model that answers with nothing usable once is asked
    on."""
    ways: list[Callable[[], list[WordingCandidate]]] = [
        lambda: from_differences(current, feedback, critic, prompts)
    ]
    ways += [lambda: from_feedback(current, feedback, _best(found), critic, prompts)] * ROUNDS
    for number, way in enumerate(ways):
        try:
            candidates = way()
        except ModelAnswerError:
            continue
        unknown = [one for one in candidates if one.text not in judged | found.keys()]
        if number and not unknown:
            break  # it has said what it has to say
        found |= {one.candidate.text: one for one in trying(unknown)}
        if any(one.evidence >= ENOUGH for one in found.values()):
            break


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


def _best(found: dict[str, Sifted]) -> list[Sifted]:
    return sorted(found.values(), key=lambda one: -one.evidence)


def halves(groups: Mapping[str, str], commented: Ids[str], key: str) -> tuple[list[str], list[str]]:
    """Pictures whose answers may inspire another wording, and those whose answers only judge it; look-alikes
    are in the same half. `groups`: picture id → the name of its group of look-alikes; `commented` ids are
    those that somebody remarked on; `key` is the concept's.

    Who reads an answer while rewording finds words that fit that answer. So the answers that may be learned
    from are cut in two for good, and no picture ever changes from the half that judges back and forth: one
    half is shown to whoever writes, the other one says whether what was written is better.

    A fair coin that follows from concept and group decides. What a person remarked on is meant to be read,
    so it is in the half that writes, with all its look-alikes.
    """
    remarked = {groups[i] for i in commented if i in groups}
    write: list[str] = []
    judge: list[str] = []
    for picture_id, group in groups.items():
        coin = hashlib.sha256(f"{key} halves {group}".encode()).digest()[0] & 1
        (write if coin or group in remarked else judge).append(picture_id)
    return write, judge
