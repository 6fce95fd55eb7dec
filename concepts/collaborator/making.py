"""Annotators as a setup wants them, and the pictures they look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial

import numpy as np

from concepts.collaborator import ANNOTATORS, AUTO
from concepts.collaborator.base import (
    Annotation,
    Annotator,
    Example,
    PictureInput,
    Supplies,
)
from concepts.collaborator.builtin import SMALLEST_BACKGROUND, BuiltinAnnotator
from concepts.collaborator.duplicates import Groups
from concepts.collaborator.examples import Answered, PromptExamples
from concepts.collaborator.prompt_pictures import read_picture
from concepts.collaborator.setups import Setup
from concepts.encoders.base import Vectors
from concepts.errors import UnknownPictureError
from concepts.labelling.training_data import TrainingData
from concepts.language import Role, seeing_model
from concepts.language.ledger import Budget
from concepts.language.prompts import PromptFiles
from concepts.library.collection import Collection
from concepts.settings import Settings
from storage.calls import Ledger
from storage.vectors.ids import PictureIds

BACKGROUND = 2000  # pictures of the library that the built-in annotator compares with


def builtin_annotator(training_data: TrainingData, collection: Collection) -> BuiltinAnnotator:
    """Costs nothing and needs no settings."""
    return BuiltinAnnotator(collection.words(), _background(training_data))


def annotator_scores(
    training_data: TrainingData, collection: Collection, ids: Sequence[str]
) -> dict[str, float]:
    """Picture id → the machine's rating: of its newest annotation of this definition, or from the built-in
    annotator, which costs nothing, where no other has annotated."""
    kept = {
        said.picture_id: said
        for said in training_data.ratings
        if said.definition_number == training_data.revision.number
    }
    wanted = {i: float(kept[i].rating) for i in ids if i in kept}
    if wanted:
        return wanted
    annotator = builtin_annotator(training_data, collection)
    said = annotator.annotate(training_data.revision, picture_inputs(training_data, collection, ids))
    return {one.picture_id: float(one.rating) for one in said if isinstance(one, Annotation)}


def picture_inputs(
    training_data: TrainingData, collection: Collection, ids: Sequence[str]
) -> list[PictureInput]:
    ids = training_data.with_vectors(ids)
    paths = collection.paths(ids)
    return [
        PictureInput(i, partial(collection.thumbnail, i), vector, paths.get(i), group)
        for i, vector, group in zip(
            ids, training_data.vectors(ids), collection.library.near_groups(ids), strict=True
        )
    ]


def judged_elsewhere(
    training_data: TrainingData, collection: Collection, groups: Groups, size: int
) -> Iterator[list[PictureInput]]:
    """The first picture of each group, so many at a time, with its vector and nothing of this process."""
    while groups:
        yield [
            replace(one, thumbnail=_stays_here)
            for one in picture_inputs(training_data, collection, groups.next(size))
        ]


def _stays_here() -> bytes:
    raise UnknownPictureError("Thumbnails stay in the process of the library.")


def example_pool(said: Answered, training_data: TrainingData, collection: Collection) -> PromptExamples:
    answers = {i: (bool(counts), str(comment)) for i, counts, comment in said}
    inputs = picture_inputs(training_data, collection, list(answers))
    return PromptExamples([Example(picture, *answers[picture.picture_id]) for picture in inputs])


def annotator_of(
    setup: Setup,
    supplies: Supplies,
    training_data: TrainingData,
    collection: Collection,
    said: Callable[[], Answered],
) -> Annotator:
    """As a setup wants it. `said` gives the answers that examples are chosen from, where it wants some."""
    if setup.examples:
        supplies = replace(supplies, examples=example_pool(said(), training_data, collection))
    return choose_annotator(setup.annotator, replace(supplies, repeats=setup.repeats))


def choose_annotator(name: str, supplies: Supplies) -> Annotator:
    """The registered annotator of this name; for "auto" the vision-language model where one is set."""
    if name == AUTO:
        name = "builtin" if supplies.model() is None else "vlm"
    return ANNOTATORS[name].prepare(supplies)


def supplies_of(
    training_data: TrainingData,
    collection: Collection,
    ledger: Ledger,
    settings: Settings,
    budget: Budget | None,
    prompts: PromptFiles,
    role: Role = "annotating",
) -> Supplies:
    return Supplies(
        encoder=collection.words,
        background=lambda: _background(training_data),
        model=cache(lambda: seeing_model(settings, role, ledger, budget)),
        concurrency=settings.model_concurrency,
        read_picture=read_picture,
        prompts=prompts,
        scale=training_data.scale,
    )


def _background(training_data: TrainingData) -> Vectors:
    """A fixed random part of what the concept looks in, without what measures; of the whole library where
    that has too little to compare with."""
    found = _some(training_data, training_data.index.ids)
    if len(found) < SMALLEST_BACKGROUND:
        found = _some(training_data, training_data.everywhere.ids)
    return training_data.vectors(found)


def _some(training_data: TrainingData, ids: PictureIds) -> list[str]:
    drawn = ids.at(np.sort(np.random.default_rng(0).permutation(len(ids))[:BACKGROUND]))
    return [picture_id for picture_id in drawn if picture_id not in training_data.reserved]
