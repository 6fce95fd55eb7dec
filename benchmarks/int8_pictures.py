"""What int8 changes, by the pictures that it is calibrated on: a library's own, noise, or made-up ones.

    DISCERN_EVAL_DATA=… python -m benchmarks.int8_pictures

Heads are trained on float32 vectors of one half of each set's pictures and decide about the other half, with
float32's vectors and, fitted to them as in an export, with int8's. Only first halves calibrate.
"""

from __future__ import annotations

import csv
import os
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.torch_lite0 import Embedded
from concepts.bundle.classifier_model import encoder_graph, how_shown
from concepts.bundle.heads import BundleHead
from concepts.bundle.int8 import Int8Calibration, Pictures, fitted, quantised, vectors_of
from concepts.bundle.reading import Reader
from concepts.encoders.embedded import EmbeddedEncoder
from concepts.learning.base import TrainingSet
from concepts.learning.heads import LogisticHead
from concepts.library.ingestion import short_side
from concepts.publishing.smaller import _noise
from study.distilled import distilled

EACH = 500  # pictures of a set
SEED = 0
CLASSES = ("Apple", "Juice", "Milk", "Melon", "Pepper", "Yoghurt", "Pear", "Tomato")
CUTS = {"valence_mean": (5.5, 2.5), "arousal_mean": (4.5,)}

Row = dict[str, str]


def main() -> None:
    data = os.environ.get("DISCERN_EVAL_DATA")
    if not data:
        sys.exit("Set DISCERN_EVAL_DATA to the folder of the labelled pictures.")
    with tempfile.TemporaryDirectory() as cache:
        encoder = EmbeddedEncoder()
        graph = encoder_graph(encoder, short_side(encoder), Path(cache))
        assert not isinstance(graph, str), graph
        reader = Reader(how_shown(graph))
        sets = [read(Path(data), name, reader) for name in ("grocery", "oasis")]
        half = EACH // 2
        own = np.concatenate([pictures[:half] for _, pictures in sets])
        own = own[np.random.default_rng(SEED).permutation(len(own))]
        noise = _noise(graph.height, graph.width)
        made_up = distilled(Embedded(), graph.height, graph.width)
        ways = {
            "300 of its own": own[:300],
            "32 of its own": own[:32],
            "10 of its own": own[:10],
            "10 of its own, 32 of noise": np.concatenate([own[:10], noise]),
            "10 of its own, 32 by ZeroQ": np.concatenate([own[:10], made_up]),
            "32 of noise": noise,
            "32 by ZeroQ": made_up,
        }
        whole = [vectors_of(graph.content, pictures) for _, pictures in sets]
        heads = [
            (place, BundleHead(LogisticHead().fit(training(vectors[:half], truth[:half]), None, SEED)))
            for place, ((rows, _), vectors) in enumerate(zip(sets, whole, strict=True))
            for truth in truths(rows)
        ]
        print("| calibrated on | mean cosine | decisions that stay | of |\n|---|---|---|---|")
        for name, pictures in ways.items():
            int8 = quantised(graph, name, partial(Int8Calibration, pictures, 0), Path(cache))
            smaller = [vectors_of(int8.graph.content, pictures) for _, pictures in sets]
            cosine = np.concatenate([(a * b).sum(1)[half:] for a, b in zip(whole, smaller, strict=True)])
            same = []
            for place, head in heads:
                moved = fitted(head, int8).line
                before = head.line.probabilities(whole[place][half:]) >= head.line.threshold
                same.append(before == (moved.probabilities(smaller[place][half:]) >= moved.threshold))
            stay = np.concatenate(same)
            print(f"| {name} | {cosine.mean():.4f} | {stay.mean():.4f} | {len(stay):,} |", flush=True)


def read(data: Path, name: str, reader: Reader) -> tuple[list[Row], Pictures]:
    """EACH rows by chance, and their pictures (n, 3, height, width)."""
    with (data / name / "labels.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    some = [rows[i] for i in np.random.default_rng(SEED).permutation(len(rows))[:EACH]]
    return some, np.stack([reader.pixels((data / name / row["path"]).read_bytes()) for row in some])


def truths(rows: list[Row]) -> list[NDArray[np.bool_]]:
    """Of each concept of the set, which rows count."""
    if "coarse" in rows[0]:
        return [np.array([row["coarse"] == name for row in rows]) for name in CLASSES]
    return [np.array([float(row[c]) >= cut for row in rows]) for c, cuts in CUTS.items() for cut in cuts]


def training(vectors: NDArray[np.float32], positive: NDArray[np.bool_]) -> TrainingSet:
    return TrainingSet(vectors, positive, np.ones(len(positive)), np.arange(len(positive)))


if __name__ == "__main__":
    main()
