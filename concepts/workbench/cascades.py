"""Evidence for a cascade of annotators: labels that certify its steps, pictures beyond its lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from concepts.collaborator.cascade import CascadeSample, Step
from concepts.errors import NotEnoughLabelsError, NotEnoughPicturesError
from concepts.labelling.dataset import ConceptDataset
from concepts.labelling.waves import draw_of_pool
from concepts.learning.report import Guarantee
from concepts.workbench.context import Context
from storage.concepts import CASCADING
from storage.tables import ConceptRow


@dataclass(frozen=True)
class Known:
    """Pictures of the library beyond a certified line of a version, which need not be asked about; they
    become no labels, so that the classifier doesn't teach itself. `step`: what there is to say of them."""

    pictures: frozenset[str]
    step: Step


def sample_of(context: Context, concept: ConceptRow, at_least: float) -> CascadeSample:
    """The answers that certify the steps. Draws pictures of the pool where too few were drawn for
    `at_least`.

    Raises `NotEnoughLabelsError` as long as some of them have no answer: who stops where it looks good tests
    nothing; and `NotEnoughPicturesError`.
    """
    size = CascadeSample.size(at_least)
    with context.drawing:
        dataset = context.dataset(concept)
        drawn = _drawn(dataset)
        if len(drawn) < size:
            before = (one.attempt for one in dataset.certifying.values() if one.drawn == CASCADING)
            attempt = 1 + max(before, default=0)
            more = draw_of_pool(dataset, f"cascade {attempt}", size - len(drawn))
            if len(drawn) + len(more) < size:
                raise NotEnoughPicturesError(size, len(drawn) + len(more))
            context.store.draw_apart(concept.id, more, CASCADING, attempt)
            dataset = context.dataset(concept)
    drawn = dataset.with_vectors(_drawn(dataset))
    missing = sum(i not in dataset.blind for i in drawn)
    if missing:
        raise NotEnoughLabelsError(
            f"How often each step is wrong is read off {len(drawn)} pictures drawn at random from the pool. "
            f"Label them first: {missing} have no label yet.",
            needed=missing,
            purpose="evaluation",
        )
    said = {i: dataset.blind[i] for i in drawn}
    return CascadeSample(
        {i: one.value == "yes" if one.decided else None for i, one in said.items()}, at_least
    )


def surely_known(context: Context, concept: ConceptRow, at_least: float) -> Known:
    """By the newest version, as far as its lines promise as much as is asked for."""
    head = context.heads.get(concept.id)
    lines = [one for one in Guarantee.all(head.details) if one.at_least >= at_least] if head else []
    if head is None or head.fingerprint != context.collection.parts.fingerprint(concept.id) or not lines:
        sentence = "the classifier has no guarantee for that, so it decides nothing"
        by = f"version {head.number}" if head else "the classifier"
        return Known(frozenset(), Step(by=by, decided=0, taken=False, n=0, errors=0, sentence=sentence))
    scores = context.scores.of(head, context.collection.vectors_for(concept.id)).probability
    beyond = np.zeros(len(scores.values), dtype=bool)
    for one in lines:
        line = head.threshold if one.line is None else one.line
        beyond |= scores.values >= line if one.side == "yes" else scores.values <= line
    step = Step(
        by=f"version {head.number}",
        decided=0,
        taken=True,
        n=sum(one.n for one in lines),
        errors=sum(one.errors for one in lines),
        sentence=" ".join(one.sentence for one in lines),
    )
    return Known(frozenset(scores.ids.at(np.flatnonzero(beyond))), step)


def _drawn(dataset: ConceptDataset) -> list[str]:
    return dataset.looks_at(i for i, drawn in dataset.certifying.items() if drawn.drawn == CASCADING)
