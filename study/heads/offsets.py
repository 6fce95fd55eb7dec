"""A head that allows for sources of labels that say yes too easily."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from concepts.encoders.base import Vectors
from concepts.learning.base import LinearHead, TrainingSet
from concepts.learning.heads import Head, HeldOut, LineHead, require_both
from concepts.registry import Method

FEWEST = 10  # labels of each side, below which a source has no offset


@dataclass(frozen=True)
class OffsetsHead(Head):
    """logit = w·x + b + o of the label's source, penalised as a weight is; people's o is 0, and is what holds
    afterwards. A source is known by what its labels weigh. One that only ever says no has no offset: it
    can't be told from one that only sees what doesn't count.
    """

    line: Head = field(default_factory=LineHead)

    method = Method(
        name="offsets",
        what="Allows for a machine that says yes too easily.",
        source="after Saito et al., Prefix conditioning, CVPR 2023, on frozen vectors",
        cost="that of the line",
        defaults={"fewest": FEWEST},
    )

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        return _of_people(self.line.fit(_with_sources(data), None, seed), data)  # both sides: no words

    def fit_held_out(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> HeldOut:
        """What is held out is scored with its source's offset, or calibration would bring the bias back."""
        found = self.line.fit_held_out(_with_sources(data), None, seed)
        return replace(found, head=_of_people(found.head, data))

    def settled(self, fitted: LinearHead) -> Head:
        return replace(self, line=self.line.settled(fitted))


def _with_sources(data: TrainingSet) -> TrainingSet:
    """With a column for each source, 1 where it is the label's."""
    require_both(data)
    columns = [np.zeros((len(data.weight), 0))]
    for weight in np.unique(data.weight[data.weight < 1]):
        of = data.weight == weight
        if min(data.positive[of].sum(), (~data.positive[of]).sum()) >= FEWEST:
            columns.append(of[:, None])
    return replace(data, vectors=np.concatenate([data.vectors, *columns], axis=1, dtype=np.float32))


def _of_people(head: LinearHead, data: TrainingSet) -> LinearHead:
    d = data.vectors.shape[1]
    return replace(
        head, weights=head.weights[:d], details=head.details | {"offsets": head.weights[d:].tolist()}
    )
