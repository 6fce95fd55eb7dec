"""The handle of one concept: everything that can be done with it, in parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, get_type_hints

from concepts.classifier.versions import concept_stem
from concepts.labelling.dataset import ConceptDataset
from concepts.workbench.annotations import Annotations, Annotators
from concepts.workbench.certificates import Certificates
from concepts.workbench.collections import Scope
from concepts.workbench.definition import ConceptDefinition
from concepts.workbench.deliberations import Deliberations
from concepts.workbench.examples import Examples
from concepts.workbench.exports import Exports
from concepts.workbench.keywords import Keywords
from concepts.workbench.label_exports import LabelExports
from concepts.workbench.label_files import LabelFiles
from concepts.workbench.labels import Labels, Remark
from concepts.workbench.parts import ConceptParts
from concepts.workbench.prompts import Prompts
from concepts.workbench.protection import ConceptProtection
from concepts.workbench.scores import Scores
from concepts.workbench.versions import Versions
from concepts.workbench.watching import Watches
from storage.tables import ConceptRow

if TYPE_CHECKING:
    from concepts.workbench import Workbench


class Concept:
    """A concept that was looked up once. `Workbench.concept` makes it; jobs carry its id."""

    route: ClassVar[str] = "/concepts/{name}"
    command: ClassVar[str] = "concept"

    definition: ConceptDefinition
    examples: Examples
    annotations: Annotations
    annotators: Annotators
    deliberations: Deliberations
    labels: Labels
    label_files: LabelFiles
    label_exports: LabelExports
    scope: Scope
    prompts: Prompts
    protection: ConceptProtection
    watches: Watches
    versions: Versions
    certificates: Certificates
    scores: Scores
    exports: Exports
    keywords: Keywords
    parts: ConceptParts

    def __init__(self, bench: Workbench, row: ConceptRow) -> None:
        self.bench, self.row = bench, row
        self.context = bench.context
        self.id, self.name = row.id, row.name
        self.stem = concept_stem(row.name)  # for names of files
        for part, kind in PARTS.items():
            setattr(self, part, kind(self))

    def dataset(self, revision: int | None = None) -> ConceptDataset:
        """What it learns and measures from, under its newest definition or another; read anew each time."""
        return self.context.dataset(self.row, revision)


# What a concept has, by its annotations; each is made of the handle alone.
PARTS = {part: kind for part, kind in get_type_hints(Concept).items() if part not in ("route", "command")}


def comments_of_picture(bench: Workbench, picture_id: str, author: str) -> dict[str, list[Remark]]:
    """Concept → the comments on a picture that this person may read; only concepts with some."""
    found = {
        row.name: Concept(bench, row).labels.comments([picture_id], author).get(picture_id, [])
        for row in bench.context.store.all()
    }
    return {name: comments for name, comments in found.items() if comments}
