"""Finding out what a person means: rounds of borderline pictures, and other wordings that were tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from concepts.collaborator.ambiguities import PARTING, Ambiguity, batch, next_to_meet
from concepts.collaborator.annotations import Budget, require_pool
from concepts.collaborator.deliberation import Deliberation
from concepts.collaborator.setups import machines_of
from concepts.collaborator.suggestions import remarks
from concepts.collaborator.trials import AT_ONCE, Value, WordingView
from concepts.definition.document import Definition, Revision
from concepts.definition.revisions import definition_of, revise
from concepts.encoders.sentences import SentenceEncoder
from concepts.errors import BudgetError, ConflictError, DiscernError
from concepts.jobs import Lane, Progress
from concepts.labelling.consensus import consensus
from concepts.labelling.training_data import training_data_of
from concepts.library.collection import collection_of
from concepts.use_cases import Concept, use_case
from concepts.use_cases.parameters import AuthorName
from concepts.use_cases.roles import Role
from concepts.view import View, count
from storage.choices import Rewording, RewordingDecision, Round

SETTLING = "Pictures that settle which words are better"  # which words, is said after the answers
_VALUES: dict[str, Value] = {"yes": "yes", "no": "no", "unsure": "unsure"}

RewordingNumber = Annotated[
    int, Field(ge=1, le=2**31 - 1, description="A time that other wordings were tried.")
]


class Looked(View):
    """What is open about a definition, in the order in which to meet it. `asked` pictures were looked at by
    the model `by` (empty: the built-in encoder). `stopped`: why it ended early, in words."""

    definition: int
    ambiguities: list[Ambiguity]
    asked: int
    by: str
    stopped: str = ""

    def says(self) -> str:
        return count(len(self.ambiguities), "borderline group")


class Reworded(View):
    """`rewording` is none where no wording came before the answers that judge. `sifted` wordings were tried,
    on `read` answers of which the machine had `mistakes` wrong; `judging` answers judged the best of them."""

    definition: int
    rewording: int | None = None
    sifted: int = 0
    read: int = 0
    mistakes: int = 0
    judging: int = 0
    better: int = 0
    by: str = ""
    stopped: str = ""

    def says(self) -> str:
        return f"{count(self.sifted, 'wording')} tried, {self.better} clearly better"


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


@use_case("GET /concepts/{name}/ambiguities", command="concept borderline")
def borderline_of(concept: Concept) -> Borderline:
    """What was found open about the definition the last time, and the rounds so far."""
    return Borderline(open=ambiguities_of(concept), rounds=rounds_of(concept))


def ambiguities_of(concept: Concept) -> list[AmbiguityView]:
    """What was found open the last time, in the order in which to meet it."""
    looked = concept.newest(find_ambiguities)
    if looked is None or not looked.ambiguities:
        return []
    dataset = training_data_of(concept)
    answered = dataset.answers
    shown: dict[str, list[str]] = {}
    for one in concept.app.deliberation.rounds(concept.id):
        shown.setdefault(one.ambiguity, []).extend(one.pictures)
    return [
        AmbiguityView(
            name=one.name,
            pictures=dataset.looks_at(one.pictures),
            met=sum(i in answered for i in shown.get(one.name, ())),
        )
        for one in sorted(looked.ambiguities, key=lambda one: one.name in shown)
    ]


@use_case("POST /concepts/{name}/rounds", command="concept round", role=Role.LABELLER)
def begin_round(
    concept: Concept,
    ambiguity: Annotated[str, Field(max_length=200, description="The name of one that was found open.")] = "",
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
        return put_to_the_test(concept, rewording, author=author)
    looked = concept.newest(find_ambiguities)
    found = next((one for one in looked.ambiguities if one.name == ambiguity), None) if looked else None
    if found is None:
        raise DiscernError(f"There is no group “{ambiguity}”. Search again.")
    training_data = training_data_of(concept)
    out = training_data.spoken_for | training_data.reserved
    free = training_data.with_vectors(training_data.looks_at(i for i in found.pictures if i not in out))
    if not free:
        raise DiscernError(f"All pictures of “{ambiguity}” are labelled. Choose another group.")
    chosen = batch(Ambiguity(found.name, tuple(free)), training_data.vectors(free))
    begun = concept.app.deliberation.begin(
        concept.id, ambiguity, chosen, training_data.revision.number, author
    )
    return _views(concept, [begun])[0]


def rounds_of(concept: Concept) -> list[RoundView]:
    """The first one first."""
    return _views(concept, concept.app.deliberation.rounds(concept.id))


def last_round(concept: Concept) -> RoundView | None:
    """The one begun last."""
    last = concept.app.deliberation.rounds(concept.id)[-1:]
    return _views(concept, last)[0] if last else None


@use_case("GET /concepts/{name}/rewordings", command="concept wordings")
def rewordings(concept: Concept) -> list[RewordingView]:
    """Every time other wordings were tried, the last one first, with what each did."""
    tried = [one for one in concept.app.deliberation.rewordings(concept.id) if one.candidates]
    decisions, answers, free = concept.app.deliberation.decisions(concept.id), *_answers(concept, tried)
    return [_rewording(one, decisions.get(one.number), answers, free) for one in reversed(tried)]


@use_case(
    "POST /concepts/{name}/rewordings/{number}/accept",
    command="concept accept-wording",
    audit="changed what counts",
)
def accept_wording(
    concept: Concept,
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
    tried = _undecided(concept, number)
    its = {"concept_id": concept.id, "rewording": number, "author": author}
    if wording is None:
        concept.app.deliberation.decide(RewordingDecision(**its, deed="rejected"))
        return definition_of(concept)
    wordings = _rewording(tried, None, *_answers(concept, [tried])).wordings
    if not 0 <= wording < len(wordings):
        raise DiscernError(f"There is no wording {wording + 1}; there are {len(wordings)}.")
    chosen = wordings[wording]
    if definition is None and not chosen.may_be_accepted:
        raise DiscernError("This wording is not shown to be as good as the current one.")
    words = "reworded" if definition is None else "reworded, then edited"
    revision = revise(
        concept,
        definition or chosen.definition,
        author=author,
        note=f"{words}: {chosen.why}",
        after=tried.definition_number,
    )
    accepted = {"deed": "accepted", "candidate": wording, "definition_number": revision.number}
    concept.app.deliberation.decide(RewordingDecision(**its, **accepted))
    return revision


def put_to_the_test(concept: Concept, number: int, *, author: str) -> RoundView:
    """Takes the next few pictures that would settle whether a wording is better, to be answered like any
    round."""
    tried = _undecided(concept, number)
    wordings = _rewording(tried, None, *_answers(concept, [tried])).wordings
    pictures = next((one.undecided[:AT_ONCE] for one in wordings if one.undecided), [])
    if not pictures or any(one.verdict == "better" for one in wordings):
        raise DiscernError("No other pictures would settle which words are better.")
    begun = next(
        (one for one in concept.app.deliberation.rounds(concept.id) if {*pictures} <= {*one.pictures}), None
    )
    begun = begun or concept.app.deliberation.begin(
        concept.id, SETTLING, pictures, tried.definition_number, author
    )
    return _views(concept, [begun])[0]


def _undecided(concept: Concept, number: int) -> Rewording:
    found = next(
        (one for one in concept.app.deliberation.rewordings(concept.id) if one.number == number), None
    )
    if found is None:
        raise DiscernError(f"“{concept.name}” has no wordings {number} that were tried.")
    if number in concept.app.deliberation.decisions(concept.id):
        raise ConflictError("This was decided before, by someone else or in another window.")
    return found


def _views(concept: Concept, rounds: Sequence[Round]) -> list[RoundView]:
    training_data = training_data_of(concept)
    every = [i for one in rounds for i in one.pictures if i not in training_data.reserved]
    inside = set(training_data.looks_at(every))
    ids = [i for i in every if i in inside or i in training_data.answers]  # what was answered stays
    shown = set(ids)
    paths = collection_of(concept.app).paths(ids)
    said = remarks(concept.app.log.comments(concept.id, ids))
    opinions = {
        (one.picture_id, one.definition_number): one for one in concept.app.store.annotations(concept.id, ids)
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


@use_case(
    "POST /concepts/{name}/ambiguities",
    command="concept find-borderline",
    job="Finding borderline pictures",
    lane=Lane.LONG,
)
def find_ambiguities(concept: Concept, progress: Progress, budget: Budget = None) -> Looked:
    """Look for what is open about the definition: borderline pictures, by the question they share."""
    require_pool(concept)
    progress.report(0, None, "looking for borderline pictures")
    work = Deliberation(machines_of(concept, progress.job_id, budget), progress)
    definition = work.training_data.revision.number
    try:
        found, asked, by = work.look()
    except BudgetError as error:
        return Looked(definition=definition, ambiguities=[], asked=0, by="", stopped=str(error))
    met = [one.ambiguity for one in concept.app.deliberation.rounds(concept.id)]
    ordered = next_to_meet(found, met, SentenceEncoder().encode)
    return Looked(definition=definition, ambiguities=ordered, asked=asked, by=by)


@use_case(
    "POST /concepts/{name}/rewordings",
    command="concept reword",
    job="Trying other wordings",
    lane=Lane.LONG,
)
def reword(concept: Concept, progress: Progress, budget: Budget = None) -> Reworded:
    """Look for words by which the machine agrees with you more often. Half of your labels inspire them, the
    other half judges them."""
    store = concept.app.deliberation
    work = Deliberation(machines_of(concept, progress.job_id, budget), progress)
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
    training_data = training_data_of(concept)
    said = consensus(concept.app.log.blind(concept.id, asked))
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
