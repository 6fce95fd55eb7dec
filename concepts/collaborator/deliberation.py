"""The long work: looking for what is open, for words that say it, and for answers that they contradict."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Collection as Ids
from dataclasses import dataclass
from functools import partial

import numpy as np

from concepts.collaborator.ambiguities import (
    ASKED,
    Ambiguity,
    Nouns,
    argued,
    borderline,
    by_description,
    by_looks,
    spread,
    telling_nouns,
    unlabelled,
    with_parting,
)
from concepts.collaborator.annotating import keep
from concepts.collaborator.base import Annotation
from concepts.collaborator.prompt_parts import LOOKING_SIDE, read_picture
from concepts.collaborator.setups import Machines, choose_annotator, ratings_now
from concepts.collaborator.trials import (
    MOST_RIGHT,
    MOST_WRONG,
    Judging,
    Sifted,
    Value,
    WordingCandidate,
    WordingView,
    f1_of,
    judged,
    sift,
    some,
    telling,
)
from concepts.collaborator.writing import Feedback, from_differences, from_feedback, from_nouns
from concepts.definition.document import Definition
from concepts.definition.vocabulary import Vocabulary
from concepts.encoders.sentences import SentenceEncoder
from concepts.errors import BlindModelError, ModelAnswerError, NotEnoughLabelsError
from concepts.jobs import Progress
from concepts.labelling.training_data import TrainingData
from concepts.language import chat_model
from concepts.language.base import ChatModel

ROUNDS = 8  # of writing with what the wordings so far did
ENOUGH = 20.0  # evidence for one wording, after which no other is looked for
FEWEST_TO_ASK = 4  # pictures that two wordings differ about, below which they settle nothing
MOST_TO_JUDGE = 80  # answers that judge: each wording is a call for each
FEWEST = 10  # answers in the half that judges, below which no wording can be shown to be better
MOST_TO_READ = 80  # answers of the half that writes that the machine is asked about


@dataclass(frozen=True)
class RewordingOutcome:
    """`trials`: those that came before the answers that judge, surely better ones first. `sifted`: how many
    wordings were tried; `mistakes`: how many of the `read` answers the machine has wrong."""

    trials: list[WordingView]
    sifted: int
    read: int
    mistakes: int
    judging: int


@dataclass(frozen=True)
class Contradicted:
    """An answer, what the machine says of the picture by the new words, 1 to 5, and why."""

    picture_id: str
    answer: Value
    rating: int
    rationale: str

    @property
    def machine(self) -> Value:
        return "yes" if self.rating > 3 else "no" if self.rating < 3 else "unsure"


class Deliberation:
    """One concept's answers and definition, and the machines to ask about them."""

    def __init__(self, machines: Machines, progress: Progress) -> None:
        self.machines = machines
        self.training_data = machines.training_data
        self.progress = progress

    def look(self) -> tuple[list[Ambiguity], int, str]:
        """What is open, how many pictures a model was asked about, and its name (empty: none was asked)."""
        training_data = self.training_data
        setup = self.machines.setup
        supplies = self.machines.supplies(setup)
        try:
            model = supplies.model()
        except BlindModelError:
            model = None
        edge = borderline(training_data)
        if model is None:
            found = by_looks(edge.ids, edge.vectors, edge.doubt, supplies.background(), self._nouns())
            return with_parting(found, edge.parting), 0, ""
        asked = [edge.ids[row] for row in spread(edge.vectors, edge.doubt, ASKED)]
        annotator = choose_annotator(setup.annotator, supplies)
        inputs = {one.picture_id: one for one in self.machines.inputs(asked)}
        said: dict[str, Annotation] = {}
        for start in range(0, len(asked), annotator.batch_size):
            some = [inputs[i] for i in asked[start : start + annotator.batch_size] if i in inputs]
            results = annotator.annotate(training_data.revision, some)
            kept = [one for one in results if isinstance(one, Annotation)]
            keep(kept, annotator.fingerprint, training_data)
            said |= {one.picture_id: one for one in kept}
            self.progress.report(start + len(some), 2 * len(asked), "asking about borderline pictures")
        doubts = argued(
            training_data.revision.definition,
            list(inputs),
            lambda i: read_picture(inputs[i], model.side or LOOKING_SIDE),
            {i: f"{one.value}: {one.rationale}" for i, one in said.items()},
            model,
            self.machines.settings.model_concurrency,
            self.machines.prompts,
        )
        doubt = dict(zip(edge.ids, edge.doubt.tolist(), strict=True))
        found = by_description(doubts, doubt, SentenceEncoder().encode)
        return with_parting(found, edge.parting), len(asked), model.name

    def reword(self, key: str, met: Mapping[str, str]) -> tuple[RewordingOutcome, str]:
        """Other wordings, written in rounds, sifted after each and judged once at the end; and who wrote them
        (empty: the built-in vocabulary, whose nouns are the words).

        `key` is the concept's; `met`: pictures that were chosen for being near the edge, with the ambiguity
        they were shown for (empty: none that has a name). Raises `NotEnoughLabelsError` where no wording
        could be shown to be better, `BudgetError` and what else the annotator and the critic raise; the same
        again costs nothing up to there.
        """
        training_data = self.training_data
        decided: dict[str, Value] = {
            i: "yes" if d.value == "yes" else "no" for i, d in training_data.answers.items() if d.decided
        }
        ids = training_data.with_vectors(list(decided))
        groups = dict(zip(ids, training_data.collection.library.near_groups(ids), strict=True))
        remarks: dict[str, list[str]] = {}
        for event in training_data.log.comments(training_data.concept_id, ids):
            remarks.setdefault(event.picture_id, []).append(event.comment)
        to_read, half = halves(groups, remarks, key)
        # What was labelled with the machine's opinion beside the picture agrees with it too often to judge.
        standing = training_data.log.standing(training_data.concept_id, ("person", "simulated"), half)
        swayed = {event.picture_id for event in standing if event.in_view}
        judging = [i for i in half if i not in swayed]
        short = FEWEST - min(len(judging), len(to_read))
        if short > 0:
            raise NotEnoughLabelsError(
                f"Other wordings are tried on your labels; about {2 * short} more are needed.",
                needed=2 * short,
            )
        critic = chat_model(self.machines.settings, "criticising", self.machines.ledger, self.machines.budget)
        current, judge = training_data.revision.definition, self._judging(None)
        rng = np.random.default_rng(0)
        write = {i: decided[i] for i in some(to_read, MOST_TO_READ, rng)}
        to_judge = {i: decided[i] for i in some(judging, MOST_TO_JUDGE, rng)}
        feedback = [
            Feedback(
                i,
                person=write[i],
                machine=one.value,
                reason=one.rationale,
                comments=tuple(remarks.get(i, ())),
                ambiguity=met.get(i, ""),
            )
            for i, one in judge.annotations(current, list(write)).items()
        ]
        remarked = any(one.comments for one in feedback)
        said = {one.picture_id: one.machine for one in feedback}
        wrong = some([one.picture_id for one in feedback if not one.agrees], MOST_WRONG, rng)
        right = some([one.picture_id for one in feedback if one.agrees], MOST_RIGHT, rng)
        f1 = f1_of(_but(met, said), write)
        trying = partial(sift, wrong=wrong, right=right, said=said, f1=f1, answers=write, judge=judge)
        found: dict[str, Sifted] = {}
        if critic is None:
            nouns, vectors = self._nouns(), training_data.vectors
            by_nouns = from_nouns(
                current, feedback, lambda first, second: nouns(vectors(first), vectors(second))
            )
            found |= {one.candidate.text: one for one in trying(by_nouns)}
        else:
            self._write(feedback, critic, found, partial(trying, remarked=remarked))
        sifted = _best(found)
        f1 = f1_of(_but(met, said | dict(judge(current, list(to_judge)))), write | to_judge)
        trials = judged(current, sifted, to_judge, judge, f1, remarked=remarked)
        outcome = RewordingOutcome(
            _with_pictures_to_ask(current, trials, self._askable(key), judge),
            len(sifted),
            len(feedback),
            sum(not one.agrees for one in feedback),
            len(to_judge),
        )
        return outcome, critic.name if critic else ""

    def _write(
        self,
        feedback: Sequence[Feedback],
        critic: ChatModel,
        found: dict[str, Sifted],
        trying: Callable[[list[WordingCandidate]], list[Sifted]],
    ) -> None:
        """Adds every usable wording to those `found`. A model that answers with nothing usable once is asked
        on."""
        current, prompts = self.training_data.revision.definition, self.machines.prompts
        ways: list[Callable[[], list[WordingCandidate]]] = [
            lambda: from_differences(current, feedback, critic, prompts)
        ]
        ways += [lambda: from_feedback(current, feedback, _best(found), critic, prompts)] * ROUNDS
        for number, way in enumerate(ways):
            try:
                candidates = way()
            except ModelAnswerError:
                continue
            unknown = [one for one in candidates if one.text not in found]
            if number and not unknown:
                break  # it has said what it has to say
            found |= {one.candidate.text: one for one in trying(unknown)}
            if any(one.evidence >= ENOUGH for one in found.values()):
                break

    def look_back(self, definitions: Mapping[int, Definition]) -> list[Contradicted]:
        """Earlier answers that the words as they are now may contradict, the surest first: those the machine
        agreed with by the words they were given under, and doesn't by the new ones. They are for the person
        to look at again; nothing changes by itself. `definitions` by their numbers.

        A machine that disagreed by the words of then says nothing about the change; one that can't say any
        more is no reason to doubt the person. Raises what `Annotator.annotate` raises.
        """
        earlier = earlier_answers(self.training_data)
        judge = self._judging(2 * len(earlier))
        answers = {i: earlier[i] for i in self.training_data.with_vectors(list(earlier))}
        now = judge.annotations(definitions[self.training_data.revision.number], list(answers))
        against = {i: said for i, said in now.items() if said.value not in (answers[i][0], "unsure")}
        found = []
        for number in sorted({answers[i][1] for i in against}):
            ids = [i for i in against if answers[i][1] == number]
            then = judge(definitions[number], ids)
            found += [
                Contradicted(i, answers[i][0], against[i].rating, against[i].rationale)
                for i in ids
                if then.get(i) == answers[i][0]
            ]
        return sorted(found, key=lambda one: (-abs(one.rating - 3), one.picture_id))

    def _judging(self, total: int | None) -> Judging:
        """By the annotator that the concept has, without examples: words are judged by what they say, not by
        the answers beside them."""
        judged = 0

        def tick(n: int) -> None:
            nonlocal judged
            judged += n
            self.progress.report(judged, total, "trying other wordings on your labels")

        setup = self.machines.setup
        annotator = choose_annotator(setup.annotator, self.machines.supplies(setup))
        return Judging(annotator, self.machines.inputs, tick)

    def _askable(self, key: str) -> list[str]:
        """By lot, those first that the machine has looked at already: they cost one call less each."""
        looked_at = ratings_now(self.training_data)
        ids = unlabelled(self.training_data)
        lots = {i: hashlib.sha256(f"{key} settles {i}".encode()).digest() for i in ids}
        return sorted(ids, key=lambda i: (i not in looked_at, lots[i]))

    def _nouns(self) -> Nouns:
        """Of pictures of any other encoder than the embedded one no names are known."""
        if self.training_data.collection.recorded().name != "embedded":
            return lambda group, others: []
        return partial(telling_nouns, Vocabulary(SentenceEncoder().encode))


def earlier_answers(training_data: TrainingData) -> dict[str, tuple[Value, int]]:
    """Picture id → yes or no and the number of the definition it was given under, of those given under an
    older one than the newest."""
    return {
        i: ("yes" if said.value == "yes" else "no", said.definition)
        for i, said in training_data.answers.items()
        if said.decided and said.definition < training_data.revision.number
    }


def _with_pictures_to_ask(
    current: Definition, trials: Sequence[WordingView], askable: Sequence[str], judge: Judging
) -> list[WordingView]:
    """Where none is shown to be better, those that may be with pictures that would show it."""
    if any(trial.verdict == "better" for trial in trials):
        return list(trials)
    found = []
    for trial in trials:
        turns = telling(current, trial.definition, askable, judge) if trial.is_promising else {}
        found.append(trial.model_copy(update={"to_ask": turns}) if len(turns) >= FEWEST_TO_ASK else trial)
    return found


def _but(met: Ids[str], said: Mapping[str, Value]) -> dict[str, Value]:
    """What is `said` of pictures that were not chosen for being near the edge: how often the machine is right
    about those says little about the others."""
    return {i: value for i, value in said.items() if i not in met}


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
