"""What a bundle says of whole videos, from what it says of their frames: a last column of score tables."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from concepts.bundle.load import Bundle
from concepts.bundle.score import Rows
from concepts.library.collection import Collection
from storage.vectors.reader import VectorReader

SHARPNESS = 4.0  # between the mean of all frames (0) and the surest one alone, which grows with their number

Said = dict[str, tuple[float, ...]]  # id → of each column with a score that of its video


def video_score(probability: NDArray[np.floating]) -> float:
    """Of a video whose frames (n,) have these: log(mean(exp(4 · logit))) / 4, as a probability."""
    sure = np.clip(probability, 1e-9, 1 - 1e-9)
    logits = SHARPNESS * np.log(sure / (1 - sure))
    logit = (np.logaddexp.reduce(logits) - np.log(len(logits))) / SHARPNESS
    return float(1 / (1 + np.exp(-logit)))


def video_scores(collection: Collection, bundle: Bundle, index: VectorReader) -> Said:
    """Of the library. Empty where it has no videos."""
    said: Said = {}
    for frames in collection.library.videos().values():
        if here := [picture for picture in frames.values() if picture in index.ids]:
            found = bundle.outputs(index.vectors(here)).probability
            said |= dict.fromkeys(here, tuple(video_score(column) for column in found.T))
    return said


def with_column(rows: Rows, schema: pa.Schema, said: Said) -> tuple[Rows, pa.Schema]:
    """The same with the scores of videos at the end."""
    scores = [name for name in schema.names if name == "score" or name.endswith(": score")]
    names = [name.removesuffix("score") + "video_score" for name in scores]

    def more() -> Rows:
        with closing(rows):
            for batch in rows:
                for place, name in enumerate(names):
                    found = [said[one][place] if one in said else None for one in batch["id"].to_pylist()]
                    batch = batch.append_column(name, pa.array(found, pa.float64()))
                yield batch

    return more(), pa.schema([*schema, *(pa.field(name, pa.float64()) for name in names)])
