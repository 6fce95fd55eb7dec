"""A simulated person who knows drawings by their files."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from concepts.labelling.labels import GivenLabel, commit_labels, next_pictures
from concepts.labelling.waves import draw_more_test_pictures, pictures_to_test_with
from concepts.learning.scale import Scale
from concepts.library.collection import collection_of
from concepts.results.concepts import begin_concept
from concepts.results.trained import train
from concepts.rooms import open_app
from concepts.settings import load_settings
from concepts.use_cases import App, Concept
from storage.labels import Author

Fill = Callable[[App], None]  # what a home is made with, once
Filled = Callable[[Fill], App]  # of the fixture `filled`
SIMULATED = Author("simulation", "simulated")


def answer(bench: App, name: str, ids: Sequence[str], *, always: str = "") -> None:
    """Yes to each whose file is called ellipse, or `always` the same."""
    paths = collection_of(bench).paths(ids)
    said = {i: always or ("yes" if "ellipse" in paths[i] else "no") for i in ids}
    given = {uuid.uuid4().hex: GivenLabel(picture=i, value=value) for i, value in said.items()}
    commit_labels(bench.concept(name), given, SIMULATED)


def answer_next(concept: Concept, n: int, purpose: Any = "train", *, always: str = "") -> list[str]:
    """The next n pictures, answered so."""
    ids = [picture.id for picture in next_pictures(concept, n, purpose=purpose)]
    answer(concept.app, concept.name, ids, always=always)
    return ids


def answered_all(home: Path, name: str, scale: Scale | None, value_of: Callable[[str], str]) -> App:
    """An `App` over a home with a trained concept: all pictures are answered by their paths, those that
    measure in their order."""
    bench = open_app(load_settings(home=home))
    concept = begin_concept(bench, name, "What is drawn.", scale=scale)
    context = bench
    draw_more_test_pictures(concept, at_least=30)
    order = dict.fromkeys([*pictures_to_test_with(concept), *collection_of(context).library.all_ids()])
    paths = collection_of(context).paths(list(order))
    given = {f"answer {i}": GivenLabel(picture=i, value=value_of(paths[i])) for i in order}
    commit_labels(concept, given, Author("me"))
    concept.begin(train).wait()
    return bench
