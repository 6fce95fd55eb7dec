"""The use cases, in the person's words. Screens, REST and the command line call this and nothing else."""

from typing import ClassVar

from concepts.collaborator import annotations, prompts, proposals, rounds
from concepts.definition import revisions
from concepts.labelling import examples, framed_parts, labels, mining, waves
from concepts.labelling.mining import POOL_SIZE
from concepts.library import collections, protection, upkeep
from concepts.library.upkeep import mending_of
from concepts.results import (
    bundles,
    certificates,
    keywords,
    library,
    library_map,
    next_pictures,
    review,
    rules,
    scores,
    trained,
    trash,
)
from concepts.results.advice import ENOUGH_LABELS
from concepts.settings import Settings
from concepts.use_cases import SharedResources, UseCase
from concepts.use_cases.handles import DECLARED
from concepts.workbench.concept import Concept
from concepts.workbench.concepts import Concepts
from concepts.workbench.context import Context
from concepts.workbench.installation import Installation
from concepts.workbench.operation import Declared, declared_in
from concepts.workbench.watcher import Watcher

__all__ = [
    "ENOUGH_LABELS",
    "POOL_SIZE",
    "Concept",
    "SharedResources",
    "Workbench",
    "operations",
]

# Modules that declare use cases, which are known once they are imported.
DECLARING = (
    collections,
    protection,
    upkeep,
    revisions,
    examples,
    framed_parts,
    labels,
    mining,
    waves,
    annotations,
    prompts,
    rounds,
    proposals,
    next_pictures,
    review,
    trained,
    bundles,
    certificates,
    keywords,
    library,
    library_map,
    rules,
    scores,
    trash,
)


class Workbench:
    """Everything a person can do, over one data folder. It orders the work; the rooms do it. They share one
    `Context`."""

    route: ClassVar[str] = ""
    command: ClassVar[str] = ""

    concepts: Concepts
    installation: Installation

    def __init__(self, settings: Settings, lent: SharedResources | None = None) -> None:
        """`lent`: what it doesn't have for itself, where several share a process."""
        self.context = Context(settings, lent)
        self.context.bench = self
        self.jobs = self.context.jobs
        mending_of(self.context)
        self.concepts = Concepts(self)
        self.watcher = Watcher(self.context)
        self.installation = Installation(self.context)

    def concept(self, name: str) -> Concept:
        """By its name, by one it had before, or as `id:7`. Raises `UnknownError`."""
        return Concept(self, self.context.row_of(name))

    def concept_of(self, concept_id: int) -> Concept:
        """For jobs, which carry its id."""
        return Concept(self, self.context.store.get(concept_id))

    def close(self) -> None:
        """Leaves running jobs at their next step and lets go of the data folder."""
        self.watcher.stop()
        self.context.close()


def operations() -> list[Declared | UseCase]:
    """The use cases that are declared."""
    return [
        *(one for handle in (Concept, Workbench) for one in declared_in(handle)),
        *DECLARED.values(),
    ]
