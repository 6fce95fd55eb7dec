"""The long work: looking for what is open, for words that say it, and for answers that they contradict."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from concepts.collaborator.ambiguities import (
    ASKED,
    Ambiguity,
    argued,
    by_description,
    by_looks,
    spread,
    with_parting,
)
from concepts.collaborator.annotating import keep
from concepts.collaborator.base import Annotation, PictureInput, Supplies
from concepts.collaborator.borderline import borderline
from concepts.collaborator.contradictions import Contradicted, contradicted, earlier_answers
from concepts.collaborator.earlier_runs import Earlier
from concepts.collaborator.making import choose_annotator, picture_inputs, supplies_of
from concepts.collaborator.nouns import GroupNouns
from concepts.collaborator.prompt_pictures import LOOKING_SIDE
from concepts.collaborator.rewording import RewordingOutcome, find_wordings
from concepts.collaborator.rewording_labels import FEWEST, AnswersToReword
from concepts.collaborator.setups import Setup
from concepts.collaborator.wording_judge import Judging, Tick
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
from concepts.library.search import without_look_alikes
from concepts.settings import Settings
from storage.calls import Ledger
from storage.concepts import ConceptStore
from storage.labels import LabelLog


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
        training_data, nouns = self.training_data, self._nouns()
        ledger, budget = self._charged()
        supplies = self._supplies(ledger, budget)
        try:
            model = supplies.model()
        except BlindModelError:
            model = None
        edge = borderline(training_data, self.collection.library)
        if model is None:
            found = by_looks(edge.ids, edge.vectors, edge.doubt, supplies.background(), nouns)
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
        critic = chat_model(self.settings, "criticising", ledger, budget)
        judging = self._judging(ledger, budget, None)
        outcome = find_wordings(
            self.training_data.revision.definition,
            answers,
            judging,
            critic,
            self._telling(),
            self._askable(key),
            earlier,
            prompts=self.prompts,
        )
        return outcome, critic.name if critic else ""

    def look_back(self, definitions: Mapping[int, Definition]) -> list[Contradicted]:
        """Which earlier answers the words as they are now may contradict. `definitions` by their numbers."""
        answers = earlier_answers(self.training_data)
        judging = self._judging(*self._charged(), 2 * len(answers))
        known = self.training_data.with_vectors(list(answers))
        newest = self.training_data.revision.number
        return contradicted(definitions, newest, {i: answers[i] for i in known}, judging)

    def _supplies(self, ledger: Ledger, budget: Budget | None) -> Supplies:
        return supplies_of(
            self.training_data, self.collection, ledger, self.settings, budget, self.prompts, self.setup.role
        )

    def _judging(self, ledger: Ledger, budget: Budget | None, total: int | None) -> Judging:
        """By the annotator that the concept has, without examples: words are judged by what they say, not by
        the answers beside them."""
        annotator = choose_annotator(self.setup.annotator, self._supplies(ledger, budget))
        return Judging(annotator, self._inputs, self._ticking(total))

    def _ticking(self, total: int | None) -> Tick:
        judged = 0

        def tick(n: int) -> None:
            nonlocal judged
            judged += n
            self.progress.report(judged, total, "trying other words on pictures you answered")

        return tick

    def _askable(self, key: str) -> list[str]:
        """By lot, those first that the machine has looked at already: they cost one call less each."""
        training_data = self.training_data
        free = [
            i
            for i in training_data.candidates
            if i not in training_data.reserved and i not in training_data.spoken_for
        ]
        ids = without_look_alikes(training_data.with_vectors(free), self.collection.library)
        newest = training_data.revision.number
        looked_at = {said.picture_id for said in training_data.ratings if said.definition_number == newest}
        lots = {i: hashlib.sha256(f"{key} settles {i}".encode()).digest() for i in ids}
        return sorted(ids, key=lambda i: (i not in looked_at, lots[i]))

    def _charged(self) -> tuple[Ledger, Budget | None]:
        ledger = self.ledger.charged_to(self.progress.job_id, self.training_data.concept_id)
        if self.budget is None:
            return ledger, None
        return ledger, Budget(self.budget, ledger.spent_usd(job_id=self.progress.job_id))

    def _inputs(self, ids: Sequence[str]) -> list[PictureInput]:
        return picture_inputs(self.training_data, self.collection, ids)

    def _nouns(self) -> GroupNouns:
        embedded = self.collection.recorded().name == "embedded"
        return GroupNouns(Vocabulary(SentenceEncoder().encode), embedded)

    def _telling(self) -> Callable[[Sequence[str], Sequence[str]], list[str]]:
        nouns = self._nouns()
        return lambda first, second: nouns.telling(
            self.training_data.vectors(first), self.training_data.vectors(second)
        )
