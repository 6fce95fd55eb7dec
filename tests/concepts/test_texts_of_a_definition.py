"""A definition as scorers hear it."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from concepts.definition.document import Criterion, Definition, Query
from concepts.encoders.base import Vectors, unit
from concepts.labelling.training_data import TEMPLATES, texts_of

MILK = Definition(
    name="Milk",
    description="Cartons of milk.",
    criteria=(
        Criterion(kind="necessary", text="cartons of milk"),
        Criterion(kind="supporting", text="on a shelf"),
        Criterion(kind="excluding", text="cream"),
    ),
    queries=(Query(text="milk"), Query(text="skimmed milk"), Query(text="juice", counts=False)),
)


def heard() -> tuple[Any, dict[str, Vectors]]:
    """A library whose encoder gives every text a vector of its own, and what it was asked for."""
    asked: dict[str, Vectors] = {}

    def text_vectors(texts: Sequence[str]) -> Vectors:
        for text in texts:
            asked.setdefault(text, unit(np.random.default_rng(len(asked)).normal(size=8)))
        return np.stack([asked[text] for text in texts])

    return SimpleNamespace(text_vectors=text_vectors), asked


def test_each_text_is_heard_on_its_own_and_once() -> None:
    library, asked = heard()
    each = texts_of(MILK, library).each()
    counts = ["Milk: Cartons of milk.", "Milk: on a shelf", "Milk: skimmed milk"]
    prompts = [template.format("Milk") for template in TEMPLATES]
    against = ["cream", "juice"]
    for vectors, texts in ((each.prompts, prompts), (each.counts, counts), (each.against, against)):
        assert np.array_equal(vectors, [asked[text] for text in texts])
    assert np.array_equal(each.name, asked["Milk"])


def test_the_direction_alone_encodes_no_text_that_only_single_texts_need() -> None:
    library, asked = heard()
    assert texts_of(MILK, library).direction.shape == (8,)
    assert set(asked) == {"Milk", "Cartons of milk.", "milk", "skimmed milk", "juice"}


def test_kinds_that_count_pull_towards_them_and_open_ones_nowhere() -> None:
    library, asked = heard()
    kinds = (Criterion(kind="included", text="oat milk"), Criterion(kind="undecided", text="cocoa"))
    texts = texts_of(MILK.model_copy(update={"criteria": kinds}), library)
    assert np.array_equal(texts.each().counts[1], asked["Milk: oat milk"])
    texts.direction  # noqa: B018  # encodes what it needs
    assert "oat milk" in asked
    assert not any("cocoa" in text for text in asked)
