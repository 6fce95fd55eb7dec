"""Where a version and people's labels part: its mistakes, and test labels that were changed."""

from __future__ import annotations

import numpy as np

from concepts.classifier.training import check_fingerprint, linear_head
from concepts.labelling.dataset import ConceptDataset
from concepts.labelling.reasons import Reason
from concepts.labelling.review import ReviewRow
from concepts.library.collection import Collection
from storage.heads import StoredHead


def mistakes(dataset: ConceptDataset, collection: Collection, head: StoredHead) -> list[ReviewRow]:
    """Pictures of which people said something else than the version itself says, the surest mistakes first.

    Of test pictures those that the figures rest on: to list what is wrong among the others would be to look.
    A version hardly contradicts what it learned from; what it would say of that without its label is in
    `concepts.classifier.mislabelled`.
    """
    check_fingerprint(head, collection)
    measuring = set(dataset.measuring)
    decided = [i for i, said in dataset.decisions.items() if said.decided]
    checked = dataset.with_vectors(
        dataset.looks_at(i for i in decided if i in measuring or i not in dataset.reserved)
    )
    if not checked:
        return []
    probability = linear_head(head).probabilities(dataset.vectors(checked))
    truth = np.array([dataset.decisions[i].value == "yes" for i in checked])
    wrong = np.flatnonzero((probability >= head.threshold) != truth)
    return [
        ReviewRow(
            id=checked[row],
            reason=Reason.MISTAKE,
            label="yes" if truth[row] else "no",
            evidence=f"Version {head.number} says {'no' if truth[row] else 'yes'}.",
            score=float(probability[row]),
            purpose="evaluation" if checked[row] in dataset.reserved else "train",
        )
        for row in wrong[np.argsort(-np.abs(probability[wrong] - head.threshold), kind="stable")]
    ]


def changed_test_labels(dataset: ConceptDataset) -> list[ReviewRow]:
    """Test pictures that were labelled otherwise since; their first labels measure."""
    first, now = dataset.blind, dataset.decisions
    return [
        ReviewRow(
            id=i,
            reason=Reason.CHANGED_TEST_LABEL,
            label=now[i].value,
            evidence=f"First {first[i].value}, now {now[i].value}. The first label measures.",
            purpose="evaluation",
        )
        for i in dataset.evaluation
        if i in first and now[i].value != first[i].value
    ]
