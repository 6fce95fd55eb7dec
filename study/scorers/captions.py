"""Labelled pictures, moved to what they are an example of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from concepts.encoders.base import Vectors, unit
from concepts.learning.base import Floats, Pictures, Rows, Scorer, SingleTexts, Texts, TrainingSet
from concepts.learning.fitting import train_early
from concepts.learning.scorers import blended
from concepts.registry import Method
from study.scorers.text_rows import centred

SHARE = 0.3  # how far a picture is moved


class Captions(Scorer):
    """As `blend`, with a head that learns from x + share · t, t the text of its side that is most like x. In
    the paper a model writes many captions and the mean of five is taken; a definition has a few lines."""

    method = Method(
        name="captions",
        what="Learns from each picture what it is an example of.",
        source="after Lewis et al., GIST, arXiv 2307.11315, on frozen vectors",
        cost="that of blend, and a text a line to encode",
        defaults={"share": SHARE},
    )

    def score(self, data: TrainingSet, texts: Texts | None, pictures: Pictures, seed: int) -> Floats:
        learned = data if texts is None else moved(data, texts.each(), pictures.vectors)
        head = train_early(learned, None if texts is None else texts.direction, seed)
        return blended(head.logits(pictures.vectors), data, pictures)


def moved(data: TrainingSet, texts: SingleTexts, library: Vectors) -> TrainingSet:
    vectors = np.array(data.vectors, np.float32)
    for yes, captions in zip((True, False), centred(texts), strict=True):
        side = data.positive == yes
        if len(captions) and side.any():
            vectors[side] = beside(vectors[side], captions, matched(vectors[side], captions, library))
    return replace(data, vectors=vectors)


def matched(vectors: Vectors, captions: Vectors, library: Vectors) -> Rows:
    """(n,) the caption most like each picture, both without what all of their sort share."""
    return np.asarray(((vectors - library.mean(axis=0)) @ captions.T).argmax(axis=1), np.int64)


def beside(vectors: Vectors, captions: Vectors, which: Rows) -> Vectors:
    return unit(vectors + SHARE * captions[which])
