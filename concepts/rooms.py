"""The app with all its rooms: `open_app` opens a data folder, `declared_use_cases` lists what can be done."""

from concepts.collaborator import annotations, prompts, proposals, rounds
from concepts.definition import revisions
from concepts.installation import jobs
from concepts.labelling import examples, framed_parts, label_files, labels, mining, waves
from concepts.library import collections, protection, upkeep
from concepts.library.upkeep import mending_of
from concepts.results import (
    bundles,
    certificates,
    concepts,
    keywords,
    library,
    library_map,
    next_pictures,
    overview,
    review,
    rules,
    scores,
    trained,
    trash,
    watcher,
    watching,
)
from concepts.settings import Settings
from concepts.use_cases import App, SharedResources, UseCase
from concepts.use_cases.handles import DECLARED

# Modules that declare use cases, which are known once they are imported.
DECLARING = (
    jobs,
    collections,
    protection,
    upkeep,
    revisions,
    examples,
    framed_parts,
    label_files,
    labels,
    mining,
    waves,
    annotations,
    prompts,
    rounds,
    proposals,
    next_pictures,
    overview,
    review,
    trained,
    bundles,
    certificates,
    concepts,
    keywords,
    library,
    library_map,
    rules,
    scores,
    trash,
    watcher,
    watching,
)


def open_app(settings: Settings, shared: SharedResources | None = None) -> App:
    """Opens the app over a data folder. `shared`: what several apps of one process have in common."""
    app = App(settings, shared)
    mending_of(app)
    return app


def declared_use_cases() -> list[UseCase]:
    """Everything that people and programs can ask for, in the order of the modules that declare it."""
    return list(DECLARED.values())
