"""The machine's labels in the order in which a person should look at them, and what their agreement earns."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from concepts.collaborator.annotating import given_by
from concepts.collaborator.setups import Machines, estimated, model_of, ratings_now
from concepts.labelling.consensus import Decision, consensus
from concepts.labelling.training_data import TrainingData
from concepts.learning.intervals import wilson
from concepts.learning.machine_labels import fit_to_answers, right
from concepts.learning.scale import Scale
from concepts.view import View
from storage.concepts import Rating, StoredAnnotation

Kind = Literal["disagreement", "unsure", "sample", "checked"]
KINDS: tuple[Kind, ...] = ("disagreement", "unsure", "sample", "checked")
PAGE = 12

Judged = StoredAnnotation | Rating


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
    return Opinion(
        value=said.value,
        definition=said.definition_number,
        confidence=sure.get(said.picture_id),
        given=given.get(said.picture_id, ""),
        **vars(said),  # the rest has the same names
    )


def review(training_data: TrainingData, wanted: ReviewFilter, page: int) -> ReviewPage:
    """Disagreements with the person first, then what the machine is least sure of, then a sample.

    Pictures kept for measuring are left out: a person who has read the machine's reasons would measure
    its persuasion.
    """
    concept_id, log, answers = training_data.concept_id, training_data.log, training_data.answers
    newest = {said.picture_id: said for said in training_data.annotations}
    machine = {i: said for i, said in newest.items() if i not in training_data.reserved}
    kinds = {i: kind_of(said.rating, answers.get(i)) for i, said in machine.items()}
    passing = [i for i in machine if _passes(machine[i], training_data.candidates.get(i, []), wanted)]
    ordered = [i for i in wanted.ids if i in machine]
    if not wanted.ids:  # within a kind shuffled, the same way every time, so that any page is a fair sample
        ids = sorted(i for i in passing if wanted.kind in ("", kinds[i]))
        shuffled = np.random.default_rng(0).permutation(ids).tolist() if ids else []
        ordered = sorted(shuffled, key=lambda i: KINDS.index(kinds[i]))
    pages = max(-(-len(ordered) // PAGE), 1)
    page = min(max(page, 1), pages)
    shown = ordered[(page - 1) * PAGE : page * PAGE]
    paths, comments = training_data.collection.paths(shown), remarks(log.comments(concept_id, shown))
    agreement, sure = training_data.agreement, sure_of(machine.values(), answers)
    scale, given, of_answers = training_data.scale, dict[str, str](), ""
    if scale:
        given = given_by(log, concept_id, machine.values())
        # by what people decided without the machine's opinion in view
        of_answers = agreement_of_answers(scale, given, consensus(log.blind(concept_id)))
    return ReviewPage(
        items=[
            ReviewItem(
                id=i,
                path=paths.get(i, ""),
                kind=kinds[i],
                opinion=opinion(machine[i], sure, given),
                answer=answers[i].value if i in answers else None,
                answer_given=answers[i].given if i in answers else "",
                brought_by=training_data.candidates.get(i, []),
                comments=comments.get(i, []),
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


class AnnotateEstimate(View):
    """What letting the machine look at the rest of the pool would mean. `usd` is None where no price is
    set; the built-in annotator (`model` is empty) costs nothing. `basis` says what it follows from."""

    pictures: int
    model: str
    usd: float | None
    basis: str


def estimate(machines: Machines, pool_size: int) -> AnnotateEstimate:
    """`pool_size`: how many pictures would be found first where there is no pool yet."""
    training_data, settings, setup = machines.training_data, machines.settings, machines.setup
    seen = ratings_now(training_data)
    pool = [i for i in training_data.candidates if i not in training_data.reserved]
    pictures = sum(i not in seen for i in pool) if pool else pool_size
    expected = estimated(
        setup,
        training_data.revision.definition,
        settings,
        pictures,
        machines.prompts,
        part=bool(training_data.focus),
    )
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


def sure_of(newest: Iterable[Judged], answers: Mapping[str, Decision]) -> dict[str, float]:
    """Picture id → how likely the newest verdict on it is right, where that is known. Each annotator and
    definition is fitted to the answers by itself; `answers` are those of `TrainingData`: none measures."""
    by_annotator: defaultdict[tuple[str, int], list[Judged]] = defaultdict(list)
    for said in newest:
        if said.raw is not None:
            by_annotator[said.fingerprint, said.definition_number].append(said)
    found: dict[str, float] = {}
    for opinions in by_annotator.values():
        chances = np.array([said.raw for said in opinions], dtype=np.float64)
        ratings = np.array([said.rating for said in opinions], dtype=np.float64)
        decisions = [answers.get(said.picture_id) for said in opinions]
        decided = np.array([bool(one and one.decided) for one in decisions])
        yes = np.array([one.value == "yes" for one in decisions if one and one.decided], dtype=bool)
        sure = right(chances, ratings, fit_to_answers(chances[decided], yes))
        found |= {
            said.picture_id: float(p) for said, p in zip(opinions, sure, strict=True) if not np.isnan(p)
        }
    return found


def agreement_of_answers(scale: Scale, given: Mapping[str, str], answers: Mapping[str, Decision]) -> str:
    """In a sentence, with its count and its 95 % interval (Wilson, 1927); empty where there is nothing to
    compare. `given`: picture id → what the machine gave, `answers` what people decided before they saw that:
    who presses “Agree” agrees with what is in front of them."""
    both = [
        (said, scale.option_of(answers[i].given))
        for i, word in given.items()
        if i in answers and (said := scale.option_of(word)) is not None
    ]
    told = [abs(said - own) for said, own in both if own is not None]
    if not told:
        return ""
    n, same, near = len(told), told.count(0), sum(away <= 1 for away in told)
    low, high = wilson(same / n, n)
    thing = "grade" if scale.is_graded else "class"
    sentence = (
        f"Same {thing} as your blind label for {same:,} of {n:,} pictures "
        f"({100 * low:.0f}–{100 * high:.0f} %)"
    )
    return f"{sentence}, and at most one away for {near:,}." if scale.is_graded else f"{sentence}."
