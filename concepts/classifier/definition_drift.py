"""Which words a version's figures are under, and how far they may be off under the newest ones."""

from __future__ import annotations

from collections import Counter

from concepts.classifier.training import linear_head
from concepts.labelling.dataset import ConceptDataset
from concepts.learning.consistency import ReaskedLabels, RecheckedLabel, under_definition
from concepts.learning.report import UnderDefinition
from storage.heads import StoredHead


def figures_under(dataset: ConceptDataset, head: StoredHead) -> UnderDefinition | None:
    """None where every answer that measures was given under words that mean what the newest ones do."""
    now = dataset.renewal
    if not now.before:
        return None
    changes = now.changes
    asked = ReaskedLabels(
        newest=now.newest,
        most=Counter(said[0].definition_number for said in now.before.values()).most_common(1)[0][0],
        answers=len(now.stands),
        earlier=len(now.before),
        asked=len(now.drawn),
        answered=len(now.drawn) - len(now.open),
        pairs=list(changes.values()),
    )
    return under_definition(asked, [] if now.open else _checked(dataset, head, changes))


def _checked(
    dataset: ConceptDataset, head: StoredHead, changes: dict[str, tuple[str, str]]
) -> list[RecheckedLabel]:
    """What the version's figures rest on now, with what became unsure: to leave that out would hide it."""
    before, blind = dataset.renewal.values_before, dataset.blind
    ids = dataset.with_vectors(
        [i for i in dataset.measuring if blind[i].decided or before.get(i) in ("yes", "no")]
    )
    if not ids:
        return []
    flagged = linear_head(head).probabilities(dataset.vectors(ids)) >= head.threshold
    return [
        RecheckedLabel(
            flagged=bool(flagged[row]),
            counts=blind[i].value == "yes",
            before=before.get(i),
            again=changes[i][1] if i in changes else None,
        )
        for row, i in enumerate(ids)
    ]
