"""Which words a version's figures are under, and how far they may be off under the newest ones."""

from __future__ import annotations

from collections import Counter

from concepts.classifier.training import linear_head
from concepts.labelling.dataset import Material
from concepts.learning.changed_answers import Asked, Checked, under_definition
from concepts.learning.report import UnderDefinition
from storage.heads import StoredHead


def figures_under(material: Material, head: StoredHead) -> UnderDefinition | None:
    """None where every answer that measures was given under words that mean what the newest ones do."""
    now = material.renewal
    if not now.before:
        return None
    changes = now.changes
    asked = Asked(
        newest=now.newest,
        most=Counter(said[0].definition_number for said in now.before.values()).most_common(1)[0][0],
        answers=len(now.stands),
        earlier=len(now.before),
        asked=len(now.drawn),
        answered=len(now.drawn) - len(now.open),
        pairs=list(changes.values()),
    )
    return under_definition(asked, [] if now.open else _checked(material, head, changes))


def _checked(material: Material, head: StoredHead, changes: dict[str, tuple[str, str]]) -> list[Checked]:
    """What the version's figures rest on now, with what became unsure: to leave that out would hide it."""
    before, blind = material.renewal.values_before, material.blind
    ids = material.with_vectors(
        [i for i in material.measuring if blind[i].decided or before.get(i) in ("yes", "no")]
    )
    if not ids:
        return []
    flagged = linear_head(head).probabilities(material.vectors(ids)) >= head.threshold
    return [
        Checked(
            flagged=bool(flagged[row]),
            counts=blind[i].value == "yes",
            before=before.get(i),
            again=changes[i][1] if i in changes else None,
        )
        for row, i in enumerate(ids)
    ]
