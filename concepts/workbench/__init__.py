"""The use cases, in the person's words. Screens, REST and the command line call this and nothing else."""

from collections.abc import Callable
from typing import Any, ClassVar

from pydantic import BaseModel

from concepts.jobs import Progress
from concepts.settings import Settings
from concepts.workbench import annotations, definition, deliberations, keywords, parts, versions
from concepts.workbench.advice import ENOUGH_LABELS
from concepts.workbench.asking import Asking
from concepts.workbench.collections import Collections
from concepts.workbench.concept import Concept
from concepts.workbench.concepts import Concepts
from concepts.workbench.context import JOURNEY, POOL_SIZE, Context, SharedResources
from concepts.workbench.installation import Installation
from concepts.workbench.library import PictureLibrary
from concepts.workbench.map import LibraryMap
from concepts.workbench.operation import Declared, declared_in
from concepts.workbench.protection import Protections
from concepts.workbench.review import Review
from concepts.workbench.rules import Rules
from concepts.workbench.scores import Scoring
from concepts.workbench.trash import Trash
from concepts.workbench.upkeep import Upkeep
from concepts.workbench.watcher import Watcher

__all__ = [
    "ENOUGH_LABELS",
    "JOURNEY",
    "POOL_SIZE",
    "Concept",
    "Context",
    "SharedResources",
    "Workbench",
    "operations",
]


class Workbench:
    """Everything a person can do, over one data folder. It orders the work; the rooms do it. They share one
    `Context`."""

    route: ClassVar[str] = ""
    command: ClassVar[str] = ""

    concepts: Concepts
    library: PictureLibrary
    map: LibraryMap
    upkeep: Upkeep
    collections: Collections
    trash: Trash
    scoring: Scoring
    rules: Rules
    protection: Protections
    installation: Installation

    def __init__(self, settings: Settings, lent: SharedResources | None = None) -> None:
        """`lent`: what it doesn't have for itself, where several share a process."""
        self.context = Context(settings, lent or SharedResources())
        self.jobs = self.context.jobs
        self.upkeep = Upkeep(self.context)
        self.collections = Collections(self.context)
        self.rules = Rules(self.context)
        self.map = LibraryMap(self.context)
        self.library = PictureLibrary(self.context, self.collections, self.upkeep, self.rules, self.map)
        self.trash = Trash(self.context, self.collections, self.upkeep)
        self.concepts = Concepts(self)
        self.asking = Asking(self.context)
        self.review = Review(self.context)
        definition.register_work(self)
        annotations.register_work(self)
        deliberations.register_work(self)
        versions.register_work(self)
        keywords.register_work(self)
        parts.register_work(self)
        self.scoring = Scoring(self)
        self.watcher = Watcher(self.context)
        self.protection = Protections(self.context)
        self.installation = Installation(self.context)

    def concept(self, name: str) -> Concept:
        """By its name, by one it had before, or as `id:7`. Raises `UnknownError`."""
        return Concept(self, self.context.concept(name))

    def concept_of(self, concept_id: int) -> Concept:
        """For jobs, which carry its id."""
        return Concept(self, self.context.store.get(concept_id))

    def register(self, kind: type[Any], work: Callable[[Concept, Any, Progress], BaseModel]) -> None:
        """What a kind of job does with its concept."""
        self.jobs.register(kind, lambda job, progress: work(self.concept_of(job.concept_id), job, progress))

    def close(self) -> None:
        """Leaves running jobs at their next step and lets go of the data folder."""
        self.watcher.stop()
        self.context.close()


def operations() -> list[Declared]:
    """The use cases that are declared."""
    return [one for handle in (Concept, Workbench) for one in declared_in(handle)]
