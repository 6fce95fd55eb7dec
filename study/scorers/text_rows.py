"""What was written, learned from beside the pictures."""

from __future__ import annotations

import numpy as np

from concepts.encoders.base import Vectors, unit
from concepts.learning.base import Floats, Pictures, Scorer, SingleTexts, Texts, TrainingSet
from concepts.learning.fitting import train_early
from concepts.learning.scorers import blended
from concepts.registry import Method
from study.augmenting import WEIGHT, joined


class TextRows(Scorer):
    """As `blend`, with a head that learns from a row for each text, too: what counts as yes, what looks
    similar as no. Without texts of both kinds there are no rows."""

    method = Method(
        name="text_rows",
        what="Learns from what you wrote as well as from pictures.",
        source="after Saha, Van Horn and Maji, AdaptCLIPZS, CVPR 2024, on frozen vectors",
        cost="that of blend, and a text a line to encode",
        defaults={"weight": WEIGHT},
    )

    def score(self, data: TrainingSet, texts: Texts | None, pictures: Pictures, seed: int) -> Floats:
        learned = data if texts is None else joined(data, rows(texts.each(), pictures.vectors))
        head = train_early(learned, None if texts is None else texts.direction, seed)
        return blended(head.logits(pictures.vectors), data, pictures)


def centred(texts: SingleTexts) -> tuple[Vectors, Vectors]:
    """(c, d) what counts and (a, d) what doesn't, from the middle between their means: texts are nearer to
    each other than to any picture, and that says nothing. None where there are no texts of one side."""
    if not len(texts.against):
        return texts.against, texts.against
    middle = (texts.counts.mean(axis=0) + texts.against.mean(axis=0)) / 2
    return texts.counts - middle, texts.against - middle


def rows(texts: SingleTexts, library: Vectors) -> TrainingSet:
    counts, against = centred(texts)
    both = np.concatenate([counts, against])
    n = len(both)
    moved = unit(both + library.mean(axis=0))  # to where pictures are
    return TrainingSet(moved, np.arange(n) < len(counts), np.full(n, WEIGHT), -1 - np.arange(n))
