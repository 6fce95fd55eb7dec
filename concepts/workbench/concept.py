"""The handle of one concept: everything that can be done with it, in parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, get_type_hints

from concepts.labelling.dataset import ConceptDataset
from concepts.labelling.labels import Remark, comments_on
from concepts.results.versions import concept_stem
from concepts.use_cases import Concept as Handle
from concepts.workbench.definition import ConceptDefinition
from concepts.workbench.label_files import LabelFiles
from concepts.workbench.watching import Watches
from storage.tables import ConceptRow

if TYPE_CHECKING:
    from concepts.workbench import Workbench


class Concept(Handle):
    """A concept that was looked up once. `Workbench.concept` makes it; jobs carry its id."""

    route: ClassVar[str] = "/concepts/{name}"
    command: ClassVar[str] = "concept"

    definition: ConceptDefinition
    label_files: LabelFiles
    watches: Watches

    def __init__(self, bench: Workbench, row: ConceptRow) -> None:
        super().__init__(bench.context, row)
        self.bench, self.context = bench, bench.context
        self.stem = concept_stem(row.name)  # for names of files
        for part, kind in PARTS.items():
            setattr(self, part, kind(self))

    def dataset(self, revision: int | None = None) -> ConceptDataset:
        """What it learns and measures from, under its newest definition or another; read anew each time."""
        return self.context.dataset(self.row, revision)


# What a concept has, by its annotations; each is made of the handle alone.
PARTS = {
    part: kind
    for part, kind in get_type_hints(Concept).items()
    if part in Concept.__annotations__ and part not in ("route", "command")
}


def comments_of_picture(bench: Workbench, picture_id: str, author: str) -> dict[str, list[Remark]]:
    """Concept → the comments on a picture that this person may read; only concepts with some."""
    found = {
        row.name: comments_on(Concept(bench, row), [picture_id], author).get(picture_id, [])
        for row in bench.context.store.all()
    }
    return {name: comments for name, comments in found.items() if comments}
