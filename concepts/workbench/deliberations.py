"""Finding out what a person means: borderline pictures, and other wordings that were tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from concepts.collaborator.ambiguities import PARTING, Ambiguity, batch, next_to_meet
from concepts.collaborator.deliberation import Deliberation
from concepts.collaborator.suggestions import remarks
from concepts.collaborator.trials import AT_ONCE, Value, WordingView
from concepts.definition.document import Definition, Revision
from concepts.encoders.sentences import SentenceEncoder
from concepts.errors import BudgetError, ConflictError, DiscernError
from concepts.installation.users import Role
from concepts.jobs import Progress, Started
from concepts.labelling.consensus import consensus
from concepts.view import View
from concepts.workbench.annotations import Budget, require_pool
from concepts.workbench.jobs import FindAmbiguities, Looked, Reword, Reworded
from concepts.workbench.operation import AuthorName, operation
from storage.choices import Deliberations as DeliberationStore
from storage.choices import Rewording, RewordingDecision, Round

if TYPE_CHECKING:
    from concepts.workbench.concept import Concept

SETTLING = "Pictures that settle which words are better"  # which words, is said after the answers
_VALUES: dict[str, Value] = {"yes": "yes", "no": "no", "unsure": "unsure"}

RewordingNumber = Annotated[
    int, Field(ge=1, le=2**31 - 1, description="A time that other wordings were tried.")
]


class AmbiguityView(View):
    """Something that is open. `met`: how many of its pictures the person has labelled in a round."""

    name: str
    pictures: list[str]
    met: int


class BorderlinePicture(View):
    """A picture of a round. The suggestion shows once the person has labelled it."""

    id: str
    path: str
    answer: str | None
    machine: Value | None
    rationale: str
    comments: list[str]

    @property
    def matches(self) -> bool | None:
        """Whether both say the same; None before there are two sides."""
        return None if self.answer is None or self.machine is None else self.answer == self.machine


class RoundView(View):
    number: int
    ambiguity: str
    definition: int
    created: datetime
    pictures: list[BorderlinePicture]

    @property
    def open(self) -> int:
        return sum(picture.answer is None for picture in self.pictures)


class RewordingView(View):
    """Wordings that were tried against a definition, those to take first. `deed`: what a person made of it,
    `chosen` which one they took and `became` the definition that came of it."""

    number: int
    definition: int
    created: datetime
    author: str
    wordings: list[WordingView]
    deed: Literal["accepted", "rejected"] | None
    chosen: int | None
    became: int | None


class Borderline(View):
    """What was found `open` the last time, what nobody has met yet first, and every round so far, the first
    one first."""

    open: list[AmbiguityView]
    rounds: list[RoundView]


class Deliberations:
    """What is open, and what other words would do."""

    def __init__(self, concept: Concept) -> None:
        self._concept, self._context = concept, concept.context
        self._store = DeliberationStore(concept.context.database)

    # Borderline pictures

    @operation("POST /ambiguities")
    def find(self, budget: Budget = None) -> Started[Looked]:
        """Look for what is open about the definition: borderline pictures, by the question they share."""
        return self._context.jobs.begin(FindAmbiguities(self._concept.id, budget))

    @operation("GET /ambiguities")
    def get(self) -> Borderline:
        """What was found open about the definition the last time, and the rounds so far."""
        return Borderline(open=self.ambiguities(), rounds=self.rounds())

    def looked(self) -> Looked | None:
        """What came of looking the last time."""
        return self._context.jobs.newest_done(FindAmbiguities, self._concept.id)

    def ambiguities(self) -> list[AmbiguityView]:
        """What was found open the last time, in the order in which to meet it."""
        concept, looked = self._concept, self.looked()
        if looked is None or not looked.ambiguities:
            return []
        dataset = concept.dataset()
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

    @operation("POST /rounds", role=Role.LABELLER)
    def begin(
        self,
        ambiguity: Annotated[
            str, Field(max_length=200, description="The name of one that was found open.")
        ] = "",
        *,
        rewording: Annotated[
            int | None,
            Field(
                ge=1,
                le=2**31 - 1,
                description="Instead: a time that wordings were tried, to settle which are better.",
            ),
        ] = None,
        author: AuthorName,
    ) -> RoundView:
        """Take up to five borderline pictures that share something open, to be labelled together. What the
        machine says of each is told once it is labelled.

        Raises `DiscernError` for what wasn't found, or has no pictures left.
        """
        if rewording is not None:
            return self.put_to_the_test(rewording, author=author)
        concept, looked = self._concept, self.looked()
        found = next((one for one in looked.ambiguities if one.name == ambiguity), None) if looked else None
        if found is None:
            raise DiscernError(f"There is no group “{ambiguity}”. Search again.")
        training_data = concept.dataset()
        out = training_data.spoken_for | training_data.reserved
        free = training_data.with_vectors(training_data.looks_at(i for i in found.pictures if i not in out))
        if not free:
            raise DiscernError(f"All pictures of “{ambiguity}” are labelled. Choose another group.")
        chosen = batch(Ambiguity(found.name, tuple(free)), training_data.vectors(free))
        begun = self._store.begin(concept.id, ambiguity, chosen, training_data.revision.number, author)
        return self._views([begun])[0]

    def rounds(self) -> list[RoundView]:
        """The first one first."""
        return self._views(self._store.rounds(self._concept.id))

    def last_round(self) -> RoundView | None:
        """The one begun last."""
        last = self._store.rounds(self._concept.id)[-1:]
        return self._views(last)[0] if last else None

    # Other wordings

    @operation("POST /rewordings")
    def reword(self, budget: Budget = None) -> Started[Reworded]:
        """Look for words by which the machine agrees with you more often. Half of your labels inspire them,
        the other half judges them."""
        return self._context.jobs.begin(Reword(self._concept.id, budget))

    def reworded(self) -> Reworded | None:
        """What came of looking for other words the last time."""
        return self._context.jobs.newest_done(Reword, self._concept.id)

    @operation("GET /rewordings")
    def rewordings(self) -> list[RewordingView]:
        """Every time other wordings were tried, the last one first, with what each did."""
        tried = [one for one in self._store.rewordings(self._concept.id) if one.candidates]
        decisions, answers, free = self._store.decisions(self._concept.id), *_answers(self._concept, tried)
        return [_rewording(one, decisions.get(one.number), answers, free) for one in reversed(tried)]

    @operation("POST /rewordings/{number}/accept", audit="changed what counts")
    def accept(
        self,
        number: RewordingNumber,
        wording: Annotated[
            int | None,
            Field(
                ge=0,
                le=100,
                description="Which, counted from 0 as they are listed; without it, none of them.",
            ),
        ] = None,
        *,
        definition: Annotated[Definition | None, Field(description="The wording as you edited it.")] = None,
        author: AuthorName,
    ) -> Revision:
        """Make a wording the next definition, as it is or as you edited it; as it is only where it isn't
        worse on your labels. Or none of them: then the definition stays, and they are kept.

        Raises `ConflictError` where the definition has changed since, or this was decided before, and
        `DiscernError` where the wording isn't shown to be as good as the current one and nobody edited it.
        """
        tried = self._undecided(number)
        its = {"concept_id": self._concept.id, "rewording": number, "author": author}
        if wording is None:
            self._store.decide(RewordingDecision(**its, deed="rejected"))
            return self._context.revision(self._concept.row)
        wordings = _rewording(tried, None, *_answers(self._concept, [tried])).wordings
        if not 0 <= wording < len(wordings):
            raise DiscernError(f"There is no wording {wording + 1}; there are {len(wordings)}.")
        chosen = wordings[wording]
        if definition is None and not chosen.may_be_accepted:
            raise DiscernError("This wording is not shown to be as good as the current one.")
        words = "reworded" if definition is None else "reworded, then edited"
        revision = self._concept.definition.revise(
            definition or chosen.definition,
            author=author,
            note=f"{words}: {chosen.why}",
            after=tried.definition_number,
        )
        accepted = {"deed": "accepted", "candidate": wording, "definition_number": revision.number}
        self._store.decide(RewordingDecision(**its, **accepted))
        return revision

    def put_to_the_test(self, number: int, *, author: str) -> RoundView:
        """Takes the next few pictures that would settle whether a wording is better, to be answered like any
        round."""
        concept, tried = self._concept, self._undecided(number)
        wordings = _rewording(tried, None, *_answers(self._concept, [tried])).wordings
        pictures = next((one.undecided[:AT_ONCE] for one in wordings if one.undecided), [])
        if not pictures or any(one.verdict == "better" for one in wordings):
            raise DiscernError("No other pictures would settle which words are better.")
        begun = next((one for one in self._store.rounds(concept.id) if {*pictures} <= {*one.pictures}), None)
        begun = begun or self._store.begin(concept.id, SETTLING, pictures, tried.definition_number, author)
        return self._views([begun])[0]

    def _undecided(self, number: int) -> Rewording:
        found = next((one for one in self._store.rewordings(self._concept.id) if one.number == number), None)
        if found is None:
            raise DiscernError(f"“{self._concept.name}” has no wordings {number} that were tried.")
        if number in self._store.decisions(self._concept.id):
            raise ConflictError("This was decided before, by someone else or in another window.")
        return found

    def _views(self, rounds: Sequence[Round]) -> list[RoundView]:
        training_data = self._concept.dataset()
        every = [i for one in rounds for i in one.pictures if i not in training_data.reserved]
        inside = set(training_data.looks_at(every))
        ids = [i for i in every if i in inside or i in training_data.answers]  # what was answered stays
        shown = set(ids)
        paths = self._context.collection.paths(ids)
        said = remarks(self._context.log.comments(self._concept.id, ids))
        opinions = {
            (one.picture_id, one.definition_number): one
            for one in self._context.store.annotations(self._concept.id, ids)
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


# The work


def find(concept: Concept, job: FindAmbiguities, progress: Progress) -> Looked:
    require_pool(concept)
    progress.report(0, None, "looking for borderline pictures")
    machines = concept.context.machines(concept.row, progress.job_id, job.budget)
    work = Deliberation(machines, progress)
    definition = work.training_data.revision.number
    try:
        found, asked, by = work.look()
    except BudgetError as error:
        return Looked(definition=definition, ambiguities=[], asked=0, by="", stopped=str(error))
    rounds = DeliberationStore(concept.context.database).rounds(concept.id)
    met = [one.ambiguity for one in rounds]
    ordered = next_to_meet(found, met, SentenceEncoder().encode)
    return Looked(definition=definition, ambiguities=ordered, asked=asked, by=by)


def reword(concept: Concept, job: Reword, progress: Progress) -> Reworded:
    store = DeliberationStore(concept.context.database)
    machines = concept.context.machines(concept.row, progress.job_id, job.budget)
    work = Deliberation(machines, progress)
    definition = work.training_data.revision.number
    met = {
        i: one.ambiguity if one.ambiguity not in (PARTING, SETTLING) else ""
        for one in store.rounds(concept.id)
        for i in one.pictures
    }
    try:
        outcome, by = work.reword(concept.row.seed, met)
    except BudgetError as error:
        return Reworded(definition=definition, stopped=str(error))
    kept = outcome.trials
    candidates = [one.model_dump(mode="json") for one in kept]
    its = {"definition_number": definition, "candidates": candidates, "author": by}
    number = store.add(Rewording(concept_id=concept.id, **its)).number
    return Reworded(
        definition=definition,
        rewording=number if kept else None,
        **vars(outcome),
        better=sum(one.verdict == "better" for one in kept),
        by=by,
    )


def _answers(concept: Concept, tried: Sequence[Rewording]) -> tuple[dict[str, Value], frozenset[str]]:
    """What people said of the pictures that are to settle a wording, before they saw what the machine
    says: yes, no or unsure, and nothing of pictures that measure or that they don't agree about. And
    those of the pictures that can still be asked about."""
    asked = [i for one in tried for wording in one.candidates for i in wording["to_ask"]]
    if not asked:
        return {}, frozenset()
    training_data = concept.dataset()
    said = consensus(concept.context.log.blind(concept.id, asked))
    known = {
        i: _VALUES[d.value] for i, d in said.items() if d.value in _VALUES and i in training_data.answers
    }
    taken = training_data.spoken_for | training_data.reserved
    return known, frozenset(
        i for i in training_data.with_vectors(training_data.looks_at(asked)) if i not in taken
    )


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
