"""Which pictures tell a stranger what a version means: some that count, some that don't, some got wrong."""

from __future__ import annotations

from typing import Literal

from concepts.classifier.review import mistakes
from concepts.classifier.training import linear_head
from concepts.labelling.dataset import ConceptDataset
from concepts.library.collection import Collection
from storage.heads import StoredHead

Role = Literal["counts", "doesn't", "missed", "flagged wrongly"]
OF_A_KIND = 6
MISTAKES = 3


def pictures_to_show(
    dataset: ConceptDataset, collection: Collection, head: StoredHead
) -> list[tuple[str, Role]]:
    """At most so many of each: the examples that people gave, then answered ones it learned from: of those
    that count the surest, of the others the nearest to its line, which say most. Pictures that measure are
    shown where it is wrong about them, as Quality does."""
    wrong = mistakes(dataset, collection, head)
    missed = [one.id for one in wrong if one.label == "yes"][:MISTAKES]
    alarms = [one.id for one in wrong if one.label == "no"][:MISTAKES]
    shown: list[tuple[str, Role]] = [(i, "missed") for i in missed] + [(i, "flagged wrongly") for i in alarms]
    taken = {one.id for one in wrong}
    probability = _probabilities(dataset, head, taken)
    definition = dataset.revision.definition
    for role, given, said in (
        ("counts", definition.examples, "yes"),
        ("doesn't", definition.counterexamples, "no"),
    ):
        answered = [i for i in probability if dataset.decisions[i].value == said]
        ranked = sorted(answered, key=lambda i: (-probability[i], i))
        chosen = dict.fromkeys([*given, *ranked])
        shown += [(i, role) for i in list(chosen)[:OF_A_KIND]]  # type: ignore[misc]  # of that tuple
    return shown


def _probabilities(dataset: ConceptDataset, head: StoredHead, without: set[str]) -> dict[str, float]:
    """Of the pictures that people decided on and that it may learn from."""
    decided = [
        i
        for i, decision in dataset.decisions.items()
        if decision.decided and i not in dataset.reserved and i not in without
    ]
    ids = dataset.with_vectors(decided)
    if not ids:
        return {}
    found = linear_head(head).probabilities(dataset.vectors(ids))
    return dict(zip(ids, map(float, found), strict=True))
