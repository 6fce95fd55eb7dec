"""Use cases of finding out what a person means: borderline pictures, and other wordings that were tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from concepts.collaborator.ambiguities import PARTING, Ambiguity, batch, next_to_meet
from concepts.collaborator.deliberation import Deliberation
from concepts.collaborator.deliberation_views import (
    AmbiguityView,
    BorderlinePicture,
    Earlier,
    RewordingView,
    RoundView,
    WordingView,
    wording_of,
)
from concepts.collaborator.suggestions import remarks
from concepts.collaborator.trials import AT_ONCE, Value, WordingCandidate
from concepts.definition.document import Definition
from concepts.encoders.sentences import SentenceEncoder
from concepts.errors import BudgetError, ConflictError, DiscernError
from concepts.jobs import Listener, Progress
from concepts.labelling.consensus import consensus
from concepts.workbench.concept_views import RevisionView
from concepts.workbench.context import Context
from concepts.workbench.definitions import Definitions
from concepts.workbench.jobs import FindAmbiguities, Looked, Reword, Reworded
from storage.deliberations import Deliberations as DeliberationStore
from storage.deliberations import Rewording, RewordingDecision, Round
from storage.tables import ConceptRow

SETTLING = "Pictures that settle which words are better"  # which words, is said after the answers
_VALUES: dict[str, Value] = {"yes": "yes", "no": "no", "unsure": "unsure"}


class Deliberations:
    """What is open, and what other words would do."""

    def __init__(self, context: Context, definitions: Definitions) -> None:
        self._context = context
        self._definitions = definitions
        self._store = DeliberationStore(context.database)
        context.jobs.register(FindAmbiguities, self._find)
        context.jobs.register(Reword, self._reword)

    # Borderline pictures

    def find_ambiguities(
        self, name: str, *, budget: float | None = None, listener: Listener | None = None
    ) -> Looked:
        """Looks for what is open about the definition, and waits until it is found."""
        return self._context.jobs.run(FindAmbiguities(self._context.concept(name).id, budget), listener)

    def submit_find_ambiguities(self, name: str, *, budget: float | None = None) -> int:
        """The same in the background; returns the job's id."""
        return self._context.jobs.submit(FindAmbiguities(self._context.concept(name).id, budget))

    def looked(self, name: str) -> Looked | None:
        """What came of looking the last time."""
        return self._context.jobs.newest_done(FindAmbiguities, self._context.concept(name).id)

    def ambiguities(self, name: str) -> list[AmbiguityView]:
        """What was found open the last time, in the order in which to meet it."""
        concept = self._context.concept(name)
        looked = self._context.jobs.newest_done(FindAmbiguities, concept.id)
        if looked is None or not looked.ambiguities:
            return []
        dataset = self._context.dataset(concept)
        answered = dataset.answers
        shown: dict[str, list[str]] = {}
        for one in self._store.rounds(concept.id):
            shown.setdefault(one.ambiguity, []).extend(one.pictures)
        return [
            AmbiguityView(
                name=one.name,
                pictures=dataset.looks_at(one.pictures),
                met=sum(i in answered for i in shown.get(one.name, ())),
            )
            for one in sorted(looked.ambiguities, key=lambda one: one.name in shown)
        ]

    def begin(self, name: str, ambiguity: str, *, author: str) -> RoundView:
        """Takes up to five pictures of an ambiguity to be answered together. Raises `DiscernError` for one
        that wasn't found, or has no pictures left."""
        concept = self._context.concept(name)
        looked = self._context.jobs.newest_done(FindAmbiguities, concept.id)
        found = next((one for one in looked.ambiguities if one.name == ambiguity), None) if looked else None
        if found is None:
            raise DiscernError(f"“{ambiguity}” is not among what was found open. Look for it again.")
        training_data = self._context.dataset(concept)
        out = training_data.spoken_for | training_data.reserved
        free = training_data.with_vectors(training_data.looks_at(i for i in found.pictures if i not in out))
        if not free:
            raise DiscernError(f"All pictures of “{ambiguity}” are answered by now. Choose another one.")
        chosen = batch(Ambiguity(found.name, tuple(free)), training_data.vectors(free))
        begun = self._store.begin(concept.id, ambiguity, chosen, training_data.revision.number, author)
        return self._views(concept, [begun])[0]

    def rounds(self, name: str) -> list[RoundView]:
        """The first one first."""
        concept = self._context.concept(name)
        return self._views(concept, self._store.rounds(concept.id))

    def last_round(self, name: str) -> RoundView | None:
        """The one begun last."""
        concept = self._context.concept(name)
        last = self._store.rounds(concept.id)[-1:]
        return self._views(concept, last)[0] if last else None

    # Other wordings

    def reword(self, name: str, *, budget: float | None = None, listener: Listener | None = None) -> Reworded:
        """Looks for words by which the machine agrees with the person more often, and waits for them."""
        return self._context.jobs.run(Reword(self._context.concept(name).id, budget), listener)

    def submit_reword(self, name: str, *, budget: float | None = None) -> int:
        """The same in the background; returns the job's id."""
        return self._context.jobs.submit(Reword(self._context.concept(name).id, budget))

    def reworded(self, name: str) -> Reworded | None:
        """What came of looking for other words the last time."""
        return self._context.jobs.newest_done(Reword, self._context.concept(name).id)

    def rewordings(self, name: str) -> list[RewordingView]:
        """Every time other wordings were tried, the last one first."""
        concept = self._context.concept(name)
        tried = [one for one in self._store.rewordings(concept.id) if one.candidates]
        decisions, answers, free = self._store.decisions(concept.id), *self._answers(concept, tried)
        return [_rewording(one, decisions.get(one.number), answers, free) for one in reversed(tried)]

    def accept(
        self, name: str, number: int, wording: int, *, author: str, definition: Definition | None = None
    ) -> RevisionView:
        """Makes a wording (counted from 0) the next definition, as it is or as the person has edited it.

        Raises `ConflictError` where the definition has changed since, or this was decided before, and
        `DiscernError` where the wording isn't shown to be as good as the current one and nobody edited it.
        """
        concept = self._context.concept(name)
        tried = self._undecided(concept, number)
        wordings = _rewording(tried, None, *self._answers(concept, [tried])).wordings
        if not 0 <= wording < len(wordings):
            raise DiscernError(f"There is no wording {wording + 1}; there are {len(wordings)}.")
        chosen = wordings[wording]
        if definition is None and not chosen.may_be_accepted:
            raise DiscernError("This wording is not shown to be as good as the current one.")
        words = "reworded" if definition is None else "reworded, then edited"
        revision = self._definitions.revise(
            name,
            definition or chosen.definition,
            author=author,
            note=f"{words}: {chosen.why}",
            after=tried.definition_number,
        )
        self._store.decide(concept.id, number, "accepted", author, wording, revision.number)
        return revision

    def reject(self, name: str, number: int, *, author: str) -> None:
        """None of these wordings; they are kept."""
        concept = self._context.concept(name)
        self._undecided(concept, number)
        self._store.decide(concept.id, number, "rejected", author)

    def put_to_the_test(self, name: str, number: int, *, author: str) -> RoundView:
        """Takes the next few pictures that would settle whether a wording is better, to be answered like any
        round."""
        concept = self._context.concept(name)
        tried = self._undecided(concept, number)
        wordings = _rewording(tried, None, *self._answers(concept, [tried])).wordings
        pictures = next((one.undecided[:AT_ONCE] for one in wordings if one.undecided), [])
        if not pictures or any(one.verdict == "better" for one in wordings):
            raise DiscernError("No other pictures would settle which words are better.")
        begun = next((one for one in self._store.rounds(concept.id) if {*pictures} <= {*one.pictures}), None)
        begun = begun or self._store.begin(concept.id, SETTLING, pictures, tried.definition_number, author)
        return self._views(concept, [begun])[0]

    # The work

    def _find(self, job: FindAmbiguities, progress: Progress) -> Looked:
        concept = self._context.store.get(job.concept_id)
        if not self._context.store.candidates(concept.id):
            self._definitions.fill_pool(concept)
        progress.report(0, None, "looking for pictures near the edge")
        work = deliberation(self._context, concept, progress, job.budget)
        definition = work.training_data.revision.number
        try:
            found, asked, by = work.look()
        except BudgetError as error:
            return Looked(definition=definition, ambiguities=[], asked=0, by="", stopped=str(error))
        met = [one.ambiguity for one in self._store.rounds(concept.id)]
        ordered = next_to_meet(found, met, SentenceEncoder().encode)
        return Looked(definition=definition, ambiguities=ordered, asked=asked, by=by)

    def _reword(self, job: Reword, progress: Progress) -> Reworded:
        concept = self._context.store.get(job.concept_id)
        work = deliberation(self._context, concept, progress, job.budget)
        definition, sequence = work.training_data.revision.number, self._context.log.last_sequence(concept.id)
        earlier = [one for one in self._store.rewordings(concept.id) if one.definition_number == definition]
        found_out = Earlier.of(earlier, *self._answers(concept, earlier))
        met = {
            i: one.ambiguity if one.ambiguity not in (PARTING, SETTLING) else ""
            for one in self._store.rounds(concept.id)
            for i in one.pictures
        }
        try:
            outcome, by = work.reword(concept.seed, found_out, met)
        except BudgetError as error:
            return Reworded(definition=definition, stopped=str(error))
        current = work.training_data.revision.definition
        kept = [wording_of(current, trial, outcome.f1) for trial in outcome.trials]
        judged = [one.definition for one in kept]
        number = self._store.add_rewording(
            concept.id,
            definition,
            [one.model_dump(mode="json") for one in kept],
            [_document(one) for one in outcome.sifted if one.definition not in judged],
            sequence,
            by,
        ).number
        return Reworded(
            definition=definition,
            rewording=number if kept else None,
            sifted=len(outcome.sifted),
            read=outcome.read,
            mistakes=outcome.mistakes,
            judging=outcome.judging,
            better=sum(one.verdict == "better" for one in kept),
            by=by,
        )

    def _answers(
        self, concept: ConceptRow, tried: Sequence[Rewording]
    ) -> tuple[dict[str, Value], frozenset[str]]:
        """What people said of the pictures that are to settle a wording, before they saw what the machine
        says: yes, no or unsure, and nothing of pictures that measure or that they don't agree about. And
        those of the pictures that can still be asked about."""
        asked = [i for one in tried for wording in one.candidates for i in wording["to_ask"]]
        if not asked:
            return {}, frozenset()
        training_data = self._context.dataset(concept)
        said = consensus(self._context.log.blind(concept.id, asked))
        known = {
            i: _VALUES[d.value] for i, d in said.items() if d.value in _VALUES and i in training_data.answers
        }
        taken = training_data.spoken_for | training_data.reserved
        return known, frozenset(
            i for i in training_data.with_vectors(training_data.looks_at(asked)) if i not in taken
        )

    def _undecided(self, concept: ConceptRow, number: int) -> Rewording:
        found = next((one for one in self._store.rewordings(concept.id) if one.number == number), None)
        if found is None:
            raise DiscernError(f"“{concept.name}” has no wordings {number} that were tried.")
        if number in self._store.decisions(concept.id):
            raise ConflictError("This was decided before, by someone else or in another window.")
        return found

    def _views(self, concept: ConceptRow, rounds: Sequence[Round]) -> list[RoundView]:
        training_data = self._context.dataset(concept)
        every = [i for one in rounds for i in one.pictures if i not in training_data.reserved]
        inside = set(training_data.looks_at(every))
        ids = [i for i in every if i in inside or i in training_data.answers]  # what was answered stays
        shown = set(ids)
        paths = self._context.collection.paths(ids)
        said = remarks(self._context.log.comments(concept.id, ids))
        opinions = {
            (one.picture_id, one.definition_number): one
            for one in self._context.store.annotations(concept.id, ids)
        }

        def picture(i: str, definition: int) -> BorderlinePicture:
            answer = training_data.answers.get(i)
            opinion = opinions.get((i, definition)) if answer else None  # the person answers first
            return BorderlinePicture(
                id=i,
                path=paths.get(i, ""),
                answer=answer.value if answer else None,
                machine=opinion.value if opinion else None,
                rationale=opinion.rationale if opinion else "",
                comments=said.get(i, []),
            )

        return [
            RoundView(
                number=one.number,
                ambiguity=one.ambiguity,
                definition=one.definition_number,
                created=one.created,
                pictures=[picture(i, one.definition_number) for i in one.pictures if i in shown],
            )
            for one in rounds
        ]


def deliberation(
    context: Context,
    concept: ConceptRow,
    progress: Progress,
    budget: float | None,
    revision: int | None = None,
) -> Deliberation:
    """What a job asks machines with about a concept, under its newest definition or another."""
    return Deliberation(
        context.dataset(concept, revision),
        context.collection,
        context.store,
        context.log,
        context.ledger,
        context.settings,
        progress,
        budget,
        context.prompts(concept.id),
        context.setup(concept.id),
    )


def _document(candidate: WordingCandidate) -> dict[str, Any]:
    definition = candidate.definition.model_dump(mode="json")
    return {"definition": definition, "why": candidate.why, "way": candidate.way}


def _rewording(
    tried: Rewording,
    decision: RewordingDecision | None,
    answers: Mapping[str, Value],
    free: frozenset[str],
) -> RewordingView:
    wordings = [WordingView.model_validate(one) for one in tried.candidates]
    return RewordingView(
        number=tried.number,
        definition=tried.definition_number,
        created=tried.created,
        author=tried.author,
        wordings=[one.with_answers(answers, free) for one in wordings],
        deed=decision.deed if decision else None,
        chosen=decision.candidate if decision else None,
        became=decision.definition_number if decision else None,
    )
