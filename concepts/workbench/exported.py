"""What of a version goes into a file, and since when that is so."""

from __future__ import annotations

from collections import Counter

from concepts.publishing.export import Exported
from concepts.publishing.story import story_of
from concepts.workbench.context import Context, revision_of
from storage.deliberations import Deliberations
from storage.heads import StoredHead
from storage.tables import ConceptRow


def exported(context: Context, concept: ConceptRow, head: StoredHead) -> Exported:
    """A version with its newest figures."""
    measured = context.measured(concept, head.number)
    dataset = context.dataset(concept, head.definition_number)
    report = measured.report if measured else None
    return Exported(concept.name, dataset, head, report, _story(context, concept, head))


def _story(context: Context, concept: ConceptRow, head: StoredHead) -> tuple[str, ...]:
    """Of what was there when the version was trained."""
    revisions = [revision_of(row) for row in context.store.definitions(concept.id, head.definition_number)]
    rounds = Deliberations(context.database).rounds(concept.id)
    said = context.log.standing(concept.id, ("person", "simulated"), until=head.label_sequence)
    labelled = Counter(event.author for event in said if event.value != "skip")
    return story_of(
        revisions,
        rounds=sum(one.created <= head.created for one in rounds),
        people=[n for author, n in labelled.items() if author.kind == "person"],
        simulated=sum(n for author, n in labelled.items() if author.kind == "simulated"),
    )


def changed(context: Context, concept: ConceptRow, head: StoredHead) -> float:
    """Since when what the card tells of is as it is, in seconds since 1970."""
    measured = context.measured(concept, head.number)
    moments = [context.revision(concept).created, *([measured.created] if measured else [])]
    moments += [chosen[3] for chosen in context.collection.frames.concepts.history(concept.id)[-1:]]
    return max(moments).timestamp()
