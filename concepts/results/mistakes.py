"""Pictures that say something about a version: mistakes, changed test labels, examples for a stranger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from concepts.labelling.dataset import ConceptDataset
from concepts.labelling.reasons import Reason
from concepts.labelling.review import ReviewRow
from concepts.results.training import check_fingerprint, probabilities_of
from storage.heads import StoredHead

Role = Literal["counts", "doesn't", "missed", "flagged wrongly"]
OF_A_KIND = 6
MISTAKES = 3


def mistakes(dataset: ConceptDataset, head: StoredHead) -> list[ReviewRow]:
    """Pictures of which people said something else than the version itself says, the surest mistakes first.

    Of test pictures those that the figures rest on: to list what is wrong among the others would be to look.
    A version hardly contradicts what it learned from; what it would say of that without its label is in
    `concepts.results.mislabelled`.
    """
    check_fingerprint(head, dataset.collection)
    measuring = set(dataset.measuring)
    decided = [i for i, said in dataset.decisions.items() if said.decided]
    checked = dataset.looks_at(i for i in decided if i in measuring or i not in dataset.reserved)
    wrong = [
        ReviewRow(
            id=i,
            reason=Reason.MISTAKE,
            label=dataset.decisions[i].value,
            evidence=f"Version {head.number} says {'yes' if probability >= head.threshold else 'no'}.",
            score=probability,
            purpose="evaluation" if i in dataset.reserved else "train",
        )
        for i, probability in probabilities_of(head, dataset, checked).items()
        if (probability >= head.threshold) != (dataset.decisions[i].value == "yes")
    ]
    return sorted(wrong, key=lambda row: -abs((row.score or 0) - head.threshold))


def older_test_labels(dataset: ConceptDataset) -> list[ReviewRow]:
    """Test pictures whose label is of an earlier description, without that label: the new one measures."""
    return [
        ReviewRow(
            id=i,
            reason=Reason.OLDER_TEST_LABEL,
            label="",
            evidence="",
            purpose="evaluation",
            blind=True,
        )
        for i in dataset.measuring_labels.left
    ]


def changed_test_labels(dataset: ConceptDataset) -> list[ReviewRow]:
    """Test pictures that were labelled otherwise since; their first labels measure. Those labelled anew under
    another description wait for the others to be."""
    first, now, waiting = dataset.blind, dataset.decisions, set(dataset.measuring_labels.earlier)
    return [
        ReviewRow(
            id=i,
            reason=Reason.CHANGED_TEST_LABEL,
            label=now[i].value,
            evidence=f"First {first[i].value}, now {now[i].value}. The first label measures.",
            purpose="evaluation",
        )
        for i in dataset.evaluation
        if i in first and now[i].value != first[i].value and i not in waiting
    ]


def pictures_to_show(dataset: ConceptDataset, head: StoredHead) -> list[tuple[str, Role]]:
    """At most so many of each: the examples that people gave, then answered ones it learned from: of those
    that count the surest, of the others the nearest to its line, which say most. Test pictures are
    shown where it is wrong about them, as Check does."""
    wrong, definition = mistakes(dataset, head), dataset.revision.definition
    taken = {one.id for one in wrong}
    learned = [
        i for i, d in dataset.decisions.items() if d.decided and i not in dataset.reserved and i not in taken
    ]
    probability = probabilities_of(head, dataset, learned)
    surest = sorted(probability, key=lambda i: (-probability[i], i))

    def those(given: Sequence[str], value: str) -> list[str]:
        return list(dict.fromkeys([*given, *(i for i in surest if dataset.decisions[i].value == value)]))

    shown: dict[Role, list[str]] = {
        "missed": [one.id for one in wrong if one.label == "yes"][:MISTAKES],
        "flagged wrongly": [one.id for one in wrong if one.label == "no"][:MISTAKES],
        "counts": those(definition.examples, "yes")[:OF_A_KIND],
        "doesn't": those(definition.counterexamples, "no")[:OF_A_KIND],
    }
    return [(i, role) for role, ids in shown.items() for i in ids]
