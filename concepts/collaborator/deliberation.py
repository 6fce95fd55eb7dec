"""The long work: looking for what is open, for words that say it, and for answers that they contradict."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from concepts.collaborator.ambiguities import (
    ASKED,
    Ambiguity,
    GroupNouns,
    argued,
    borderline,
    by_description,
    by_looks,
    spread,
    unlabelled,
    with_parting,
)
from concepts.collaborator.annotating import keep
from concepts.collaborator.base import Annotation, PictureInput, Supplies
from concepts.collaborator.deliberation_views import Earlier
from concepts.collaborator.prompt_parts import LOOKING_SIDE
from concepts.collaborator.rewording import FEWEST, AnswersToReword, RewordingOutcome, find_wordings
from concepts.collaborator.setups import (
    Setup,
    charged,
    choose_annotator,
    picture_inputs,
    ratings_now,
    supplies_of,
)
from concepts.collaborator.trials import Judging, Value
from concepts.definition.document import Definition
from concepts.definition.vocabulary import Vocabulary
from concepts.encoders.sentences import SentenceEncoder
from concepts.errors import BlindModelError, NotEnoughLabelsError
from concepts.jobs import Progress
from concepts.labelling.training_data import TrainingData
from concepts.language import chat_model
from concepts.language.ledger import Budget
from concepts.language.prompts import PromptFiles
from concepts.library.collection import Collection
from concepts.settings import Settings
from storage.calls import Ledger
from storage.concepts import ConceptStore
from storage.labels import LabelLog


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


@dataclass(frozen=True)
class Deliberation:
    """One concept's answers and definition with what it takes to ask machines about them, on a budget of
    USD. Calls are charged to the job; a run that was killed goes on with what it had left."""

    training_data: TrainingData
    collection: Collection
    store: ConceptStore
    log: LabelLog
    ledger: Ledger
    settings: Settings
    progress: Progress
    budget: float | None
    prompts: PromptFiles
    setup: Setup

    def look(self) -> tuple[list[Ambiguity], int, str]:
        """What is open, how many pictures a model was asked about, and its name (empty: none was asked)."""
        training_data = self.training_data
        supplies = self._supplies(*self._charged())
        try:
            model = supplies.model()
        except BlindModelError:
            model = None
        edge = borderline(training_data, self.collection.library)
        if model is None:
            found = by_looks(edge.ids, edge.vectors, edge.doubt, supplies.background(), self._nouns())
            return with_parting(found, edge.parting), 0, ""
        asked = [edge.ids[row] for row in spread(edge.vectors, edge.doubt, ASKED)]
        annotator = choose_annotator(self.setup.annotator, supplies)
        inputs = {one.picture_id: one for one in self._inputs(asked)}
        said: dict[str, Annotation] = {}
        for start in range(0, len(asked), annotator.batch_size):
            some = [inputs[i] for i in asked[start : start + annotator.batch_size] if i in inputs]
            results = annotator.annotate(training_data.revision, some)
            kept = [one for one in results if isinstance(one, Annotation)]
            keep(kept, annotator.fingerprint, training_data, self.store, self.log)
            said |= {one.picture_id: one for one in kept}
            self.progress.report(start + len(some), 2 * len(asked), "asking about pictures near the edge")
        doubts = argued(
            training_data.revision.definition,
            list(inputs),
            lambda i: supplies.read_picture(inputs[i], LOOKING_SIDE),
            {i: f"{one.value}: {one.rationale}" for i, one in said.items()},
            model,
            self.settings.model_concurrency,
            self.prompts,
        )
        doubt = dict(zip(edge.ids, edge.doubt.tolist(), strict=True))
        found = by_description(doubts, doubt, SentenceEncoder().encode)
        return with_parting(found, edge.parting), len(asked), model.name

    def reword(self, key: str, earlier: Earlier, met: Mapping[str, str]) -> tuple[RewordingOutcome, str]:
        """Other wordings, tried, and who wrote them (empty: the built-in vocabulary).

        `key` is the concept's; `earlier`: of runs against this definition. `met`: pictures that were
        chosen for being near the edge, with the ambiguity (empty: none that has a name). Raises
        `NotEnoughLabelsError` where no wording could be shown to be better.
        """
        ledger, budget = self._charged()
        answers = AnswersToReword.of(self.training_data, self.collection, self.log, key, met)
        short = FEWEST - min(len(answers.judge), len(answers.write))
        if short > 0:
            raise NotEnoughLabelsError(
                f"Other words are tried on answers, half of which inspire and half of which judge: about "
                f"{2 * short} more are needed.",
                needed=2 * short,
            )
        critic, nouns = chat_model(self.settings, "criticising", ledger, budget), self._nouns()
        vectors = self.training_data.vectors
        outcome = find_wordings(
            self.training_data.revision.definition,
            answers,
            self._judging(ledger, budget, None),
            critic,
            lambda first, second: nouns.telling(vectors(first), vectors(second)),
            self._askable(key),
            earlier,
            prompts=self.prompts,
        )
        return outcome, critic.name if critic else ""

    def look_back(self, definitions: Mapping[int, Definition]) -> list[Contradicted]:
        """Earlier answers that the words as they are now may contradict, the surest first: those the machine
        agreed with by the words they were given under, and doesn't by the new ones. They are for the person
        to look at again; nothing changes by itself. `definitions` by their numbers.

        A machine that disagreed by the words of then says nothing about the change; one that can't say any
        more is no reason to doubt the person. Raises what `Annotator.annotate` raises.
        """
        earlier = earlier_answers(self.training_data)
        judge = self._judging(*self._charged(), 2 * len(earlier))
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

    def _supplies(self, ledger: Ledger, budget: Budget | None) -> Supplies:
        return supplies_of(
            self.training_data, self.collection, ledger, self.settings, budget, self.prompts, self.setup.role
        )

    def _judging(self, ledger: Ledger, budget: Budget | None, total: int | None) -> Judging:
        """By the annotator that the concept has, without examples: words are judged by what they say, not by
        the answers beside them."""
        judged = 0

        def tick(n: int) -> None:
            nonlocal judged
            judged += n
            self.progress.report(judged, total, "trying other words on pictures you answered")

        annotator = choose_annotator(self.setup.annotator, self._supplies(ledger, budget))
        return Judging(annotator, self._inputs, tick)

    def _askable(self, key: str) -> list[str]:
        """By lot, those first that the machine has looked at already: they cost one call less each."""
        ids, looked_at = (
            unlabelled(self.training_data, self.collection.library),
            ratings_now(self.training_data),
        )
        lots = {i: hashlib.sha256(f"{key} settles {i}".encode()).digest() for i in ids}
        return sorted(ids, key=lambda i: (i not in looked_at, lots[i]))

    def _charged(self) -> tuple[Ledger, Budget | None]:
        return charged(self.ledger, self.training_data, self.progress.job_id, self.budget)

    def _inputs(self, ids: Sequence[str]) -> list[PictureInput]:
        return picture_inputs(self.training_data, self.collection, ids)

    def _nouns(self) -> GroupNouns:
        embedded = self.collection.recorded().name == "embedded"
        return GroupNouns(Vocabulary(SentenceEncoder().encode), embedded)


def earlier_answers(training_data: TrainingData) -> dict[str, tuple[Value, int]]:
    """Picture id → yes or no and the number of the definition it was given under, of those given under an
    older one than the newest."""
    return {
        i: ("yes" if said.value == "yes" else "no", said.definition)
        for i, said in training_data.answers.items()
        if said.decided and said.definition < training_data.revision.number
    }
