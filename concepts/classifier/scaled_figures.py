"""Figures of a version's grades or classes, on the pictures that measure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from concepts.classifier.test_sample import TestSample
from concepts.encoders.base import Vectors
from concepts.labelling.dataset import ConceptDataset
from concepts.learning.base import LinearHead
from concepts.learning.fitting import SEED
from concepts.learning.report import ClassFigures, GradeFigures
from concepts.learning.scaled import classes, grades
from concepts.learning.scaled_figures import class_figures, grade_figures


@dataclass(frozen=True)
class OnScale:
    """Of the kind that the concept is; neither for yes and no, or for a version that says no more."""

    grades: GradeFigures | None = None
    classes: ClassFigures | None = None

    @property
    def sentences(self) -> tuple[str, ...]:
        return self.grades.sentences if self.grades else self.classes.sentences if self.classes else ()


def figures_on_scale(
    dataset: ConceptDataset, drawn: TestSample, head: LinearHead, vectors: Vectors
) -> OnScale:
    """vectors (n, d) of the pictures `drawn`. Only blind answers that name a grade or class are taken; each
    stands for as many pictures as the draws say."""
    scale = dataset.scale
    if scale is None:
        return OnScale()
    said = [scale.option_of(dataset.blind[i].given) for i in drawn.ids]
    rows = np.array([row for row, option in enumerate(said) if option is not None], dtype=np.int64)
    options = np.array([option for option in said if option is not None], dtype=np.int64)
    unsaid, group, weights = len(said) - len(rows), drawn.group[rows], drawn.weights[rows]
    if scale.is_graded:
        expected = grades(head, vectors[rows])
        if expected is None:
            return OnScale()
        return OnScale(
            grades=grade_figures(expected, options + 1, scale.options, group, weights, SEED, unsaid)
        )
    found = classes(head, vectors[rows])
    if found is None:
        return OnScale()
    guess = found.argmax(axis=1)
    names = scale.words_of_options()
    return OnScale(classes=class_figures(guess, options, names, group, weights, SEED, unsaid))
