"""What of a version goes into a file, and since when that is so."""

from __future__ import annotations

from concepts.export.run import Exported
from concepts.workbench.context import Context
from storage.heads import StoredHead
from storage.tables import ConceptRow


def exported(context: Context, concept: ConceptRow, head: StoredHead) -> Exported:
    """A version with its newest figures."""
    measured = context.measured(concept, head.number)
    material = context.material(concept, head.definition_number)
    return Exported(material, head, measured.report if measured else None)


def changed(context: Context, concept: ConceptRow, head: StoredHead) -> float:
    """Since when what the card tells of is as it is, in seconds since 1970."""
    measured = context.measured(concept, head.number)
    moments = [context.revision(concept).created, *([measured.created] if measured else [])]
    moments += [chosen[3] for chosen in context.collection.frames.concepts.history(concept.id)[-1:]]
    return max(moments).timestamp()
