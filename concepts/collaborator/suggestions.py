"""The machine's labels in the order in which a person should look at them, and what their agreement earns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from concepts.collaborator.confidence import sure_of
from concepts.collaborator.scaled_agreement import agreement_of_answers
from concepts.collaborator.setups import Setup, estimated, model_of
from concepts.labelling.consensus import Decision
from concepts.labelling.training_data import TrainingData
from concepts.language.prompts import PromptFiles
from concepts.settings import Settings
from concepts.view import View
from storage.concepts import StoredAnnotation

Kind = Literal["disagreement", "unsure", "sample", "checked"]
KINDS: tuple[Kind, ...] = ("disagreement", "unsure", "sample", "checked")
PAGE = 12


class Evidence(View):
    """The machine's verdict on one criterion: met, not met or unclear."""

    criterion: str
    kind: str
    verdict: str


class Opinion(View):
    """What a machine says of a picture. `rating` runs from 1 (surely not) to 5 (surely yes). `confidence`:
    how likely its yes or no is right, by its own probabilities or repeated answers as they fitted what the
    person said; none where that isn't known. `same_as`: the picture it looked at in place of this one, which
    looks the same."""

    rating: int
    value: Literal["yes", "no", "unsure"]
    rationale: str
    evidence: list[Evidence]
    definition: int
    confidence: float | None = None
    same_as: str | None = None
    given: str = ""  # the grade or class; empty where it said yes or no alone


class ReviewItem(View):
    """A picture with the machine's opinion and, where there is one, the people's decision."""

    id: str
    path: str
    kind: Kind
    opinion: Opinion
    answer: str | None
    answer_given: str = ""  # the grade or class that people gave
    brought_by: list[str]
    comments: list[str]


class ReviewPage(View):
    """`counts`: how many of each kind pass the filters. `ratings`, `queries` and `criteria` are what can be
    filtered by, each with its number of pictures."""

    items: list[ReviewItem]
    page: int
    pages: int
    counts: dict[str, int]
    annotated: int
    ratings: dict[int, int]
    queries: dict[str, int]
    criteria: dict[str, int]
    agreement: str
    weight: float


@dataclass(frozen=True)
class ReviewFilter:
    """What to look at. `criterion` keeps pictures where it was decided one way or the other, with `verdict`
    those where it was decided so; `ids` keeps exactly these, in this order."""

    kind: str = ""
    query: str = ""
    criterion: str = ""
    verdict: str = ""
    rating: int = 0
    ids: tuple[str, ...] = ()


def opinion(said: StoredAnnotation, sure: Mapping[str, float], given: Mapping[str, str]) -> Opinion:
    """`sure`: picture id → how likely the newest verdict is right, where that is known; `given`: → the grade
    or class that goes with it."""
    value: Literal["yes", "no", "unsure"] = (
        "yes" if said.rating > 3 else "no" if said.rating < 3 else "unsure"
    )
    return Opinion(
        rating=said.rating,
        value=value,
        rationale=said.rationale,
        evidence=[
            Evidence(criterion=str(e["criterion"]), kind=str(e["kind"]), verdict=str(e["verdict"]))
            for e in said.evidence
        ],
        definition=said.definition_number,
        confidence=sure.get(said.picture_id),
        same_as=said.same_as,
        given=given.get(said.picture_id, ""),
    )


def review(
    training_data: TrainingData,
    wanted: ReviewFilter,
    page: int,
    paths: Callable[[Sequence[str]], dict[str, str]],
    comments: Callable[[Sequence[str]], dict[str, list[str]]],
    given_by: Callable[[Sequence[StoredAnnotation]], dict[str, str]],
    unswayed: Callable[[], Mapping[str, Decision]],
) -> ReviewPage:
    """Disagreements with the person first, then what the machine is least sure of, then a sample.

    Pictures kept for measuring are left out: a person who has read the machine's reasons would measure
    its persuasion. `unswayed`: what people decided without the machine's opinion in view.
    """
    newest = {said.picture_id: said for said in training_data.annotations}
    machine = {i: said for i, said in newest.items() if i not in training_data.reserved}
    kinds = {i: kind_of(said.rating, training_data.answers.get(i)) for i, said in machine.items()}
    passing = [i for i in machine if _passes(machine[i], training_data.candidates.get(i, []), wanted)]
    ordered = _in_order([i for i in passing if wanted.kind in ("", kinds[i])], kinds)
    if wanted.ids:
        ordered = [i for i in wanted.ids if i in machine]
    pages = max(-(-len(ordered) // PAGE), 1)
    page = min(max(page, 1), pages)
    shown = ordered[(page - 1) * PAGE : page * PAGE]
    where, said_about = paths(shown), comments(shown)
    agreement, sure = training_data.agreement, sure_of(machine.values(), training_data.answers)
    given = given_by(list(machine.values())) if training_data.scale else {}
    of_answers = agreement_of_answers(training_data.scale, given, unswayed()) if training_data.scale else ""
    return ReviewPage(
        items=[
            ReviewItem(
                id=i,
                path=where.get(i, ""),
                kind=kinds[i],
                opinion=opinion(machine[i], sure, given),
                answer=training_data.answers[i].value if i in training_data.answers else None,
                answer_given=training_data.answers[i].given if i in training_data.answers else "",
                brought_by=training_data.candidates.get(i, []),
                comments=said_about.get(i, []),
            )
            for i in shown
        ],
        page=page,
        pages=pages,
        counts=dict(Counter(kinds[i] for i in passing)),
        annotated=len(machine),
        ratings=dict(sorted(Counter(said.rating for said in machine.values()).items())),
        queries=dict(Counter(q for i in machine for q in training_data.candidates.get(i, [])).most_common()),
        criteria=dict(
            Counter(
                str(e["criterion"])
                for said in machine.values()
                for e in said.evidence
                if e["verdict"] != "unclear"
            ).most_common()
        ),
        agreement=" ".join(filter(None, (agreement.sentence if agreement else "", of_answers))),
        weight=agreement.weight if agreement else 0.0,
    )


def kind_of(rating: int, decision: Decision | None) -> Kind:
    """Where a picture stands between the machine and the person. People at odds come first as well."""
    if decision is None:
        return "unsure" if rating == 3 else "sample"
    if decision.value == "conflict" or (decision.decided and rating != 3):
        agrees = decision.value == ("yes" if rating > 3 else "no")
        return "checked" if agrees else "disagreement"
    return "checked"


def _passes(said: StoredAnnotation, brought_by: Sequence[str], wanted: ReviewFilter) -> bool:
    if wanted.rating and said.rating != wanted.rating:
        return False
    if wanted.query and wanted.query not in brought_by:
        return False
    if wanted.criterion:
        verdicts = {str(e["verdict"]) for e in said.evidence if e["criterion"] == wanted.criterion}
        return bool(verdicts & ({wanted.verdict} if wanted.verdict else {"met", "not met"}))
    return True


def _in_order(ids: Sequence[str], kinds: dict[str, Kind]) -> list[str]:
    """By kind; within a kind shuffled, the same way every time, so that any page is a fair sample."""
    shuffled = np.random.default_rng(0).permutation(sorted(ids)).tolist() if ids else []
    return sorted(shuffled, key=lambda i: KINDS.index(kinds[i]))


class AnnotateEstimate(View):
    """What letting the machine look at the rest of the pool would mean. `usd` is None where no price is
    set; the built-in annotator (`model` is empty) costs nothing. `basis` says what it follows from."""

    pictures: int
    model: str
    usd: float | None
    basis: str


def estimate(
    training_data: TrainingData, settings: Settings, pool_size: int, setup: Setup, prompts: PromptFiles
) -> AnnotateEstimate:
    """`pool_size`: how many pictures would be found first where there is no pool yet."""
    seen = {
        said.picture_id
        for said in training_data.ratings
        if said.definition_number == training_data.revision.number
    }
    pool = [i for i in training_data.candidates if i not in training_data.reserved]
    pictures = len([i for i in pool if i not in seen]) if pool else pool_size
    expected = estimated(setup, training_data.revision.definition, settings, pictures, prompts)
    return AnnotateEstimate(
        pictures=pictures,
        model=model_of(setup, settings)[0],
        usd=expected.usd,
        basis=expected.basis,
    )


def remarks(events: Sequence[Any]) -> dict[str, list[str]]:
    """Picture id → comments, each with its author, oldest first."""
    found: dict[str, list[str]] = {}
    for event in events:
        found.setdefault(event.picture_id, []).append(f"{event.author.name}: {event.comment}")
    return found
