"""What a bundle says of whole videos, from what it says of their frames: a last column of score tables."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from concepts.bundle.load import Bundle
from concepts.bundle.score import Rows, score_rows
from concepts.library.collection import Collection
from storage.pictures.videos import split
from storage.vectors.reader import VectorReader

SHARPNESS = 4.0  # between the mean of all frames (0) and the surest one alone, which grows with their number

Said = dict[str, list[float]]  # id → of each column with a score that of its video


def video_score(probability: NDArray[np.floating]) -> float:
    """Of a video whose frames (n,) have these: log(mean(exp(4 · logit))) / 4, as a probability."""
    logits = np.log(np.clip(probability, 1e-9, 1 - 1e-9) / np.clip(1 - probability, 1e-9, 1))
    logit = (np.logaddexp.reduce(SHARPNESS * logits) - np.log(len(logits))) / SHARPNESS
    return float(1 / (1 + np.exp(-logit)))


def of_library(collection: Collection, bundle: Bundle, index: VectorReader) -> Said:
    """Empty where it has no videos."""
    said: Said = {}
    for frames in collection.library.videos().values():
        here = {one: frame for frame, one in frames.items() if one in index.ids}
        if here:
            found = bundle.outputs(index.vectors(list(here)))
            for batch in score_rows(bundle, [(list(here), list(here.values()), found)]):
                said |= _of_batch(batch)
    return said


def with_column(rows: Rows, schema: pa.Schema, said: Said | None = None) -> tuple[Rows, pa.Schema]:
    """The same with the scores of videos, `said` or those of the frames of each batch."""
    names = [name.removesuffix("score") + "video_score" for name in _scores(schema)]

    def more() -> Rows:
        with closing(rows):
            for batch in rows:
                known = _of_batch(batch) if said is None else said
                for place, name in enumerate(names):
                    found = [known[one][place] if one in known else None for one in batch["id"].to_pylist()]
                    batch = batch.append_column(name, pa.array(found, pa.float64()))
                yield batch

    for name in names:
        schema = schema.append(pa.field(name, pa.float64()))
    return more(), schema


def _of_batch(batch: pa.RecordBatch) -> Said:
    """Of a batch with all frames of the videos that are in it."""
    videos: dict[str, list[int]] = {}
    for row, path in enumerate(batch["path"].to_pylist()):
        if path and (frame := split(path)):
            videos.setdefault(frame[0], []).append(row)
    ids, scores = batch["id"].to_pylist(), [batch[name].to_numpy() for name in _scores(batch.schema)]
    return {ids[row]: [video_score(one[rows]) for one in scores] for rows in videos.values() for row in rows}


def _scores(schema: pa.Schema) -> Sequence[str]:
    return [name for name in schema.names if name == "score" or name.endswith(": score")]
