"""What int8 changes when it is calibrated on made-up pictures rather than on real ones.

    DISCERN_EVAL_DATA=… python -m benchmarks.made_up_pictures

Heads are trained on float32 vectors of one half of each set's pictures and decide about the other half, with
float32's vectors and, fitted to them as in an export, with int8's. Only first halves calibrate.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.subjective import CUTS
from concepts.bundle.classifier_model import encoder_graph, how_shown
from concepts.bundle.heads import BundleHead
from concepts.bundle.int8 import Int8Calibration, Pictures, fitted, quantised, vectors_of
from concepts.bundle.reading import Reader
from concepts.encoders.embedded import EmbeddedEncoder
from concepts.learning.base import TrainingSet
from concepts.learning.heads import LogisticHead
from concepts.library.ingest_worker import short_side
from concepts.publishing.distilled import distilled

EACH = 500  # pictures of a set
REAL = 300
SEED = 0
CLASSES = ("Apple", "Juice", "Milk", "Melon", "Pepper", "Yoghurt", "Pear", "Tomato")

Row = dict[str, str]


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args()
    data = os.environ.get("DISCERN_EVAL_DATA")
    if not data:
        sys.exit("Set DISCERN_EVAL_DATA to the folder of the labelled pictures.")
    with tempfile.TemporaryDirectory() as cache:
        encoder = EmbeddedEncoder(Path(cache), "float32")
        graph = encoder_graph(encoder, short_side(encoder), Path(cache))
        assert not isinstance(graph, str), graph
        reader = Reader(how_shown(graph))
        sets = [read(Path(data), name, reader) for name in ("grocery", "oasis")]
        half = EACH // 2
        teaching = np.concatenate([pictures[:half] for _, pictures in sets])
        teaching = teaching[np.random.default_rng(SEED).permutation(len(teaching))]

        portable = encoder.portable()
        assert portable.unfolded is not None
        started = time.perf_counter()
        made_up = distilled(portable.unfolded, graph.height, graph.width, lambda *_: None)
        print(f"{len(made_up)} pictures made up in {time.perf_counter() - started:.0f} s\n")
        noise = np.random.default_rng(SEED).integers(0, 256, made_up.shape, dtype=np.uint8)
        ways = {
            f"{REAL} real pictures": teaching[:REAL],
            f"{len(made_up)} real pictures": teaching[: len(made_up)],
            f"{len(made_up)} made-up pictures": made_up,
            f"{len(made_up)} pictures of noise": noise,
        }

        whole = [vectors_of(graph.content, pictures) for _, pictures in sets]
        heads = [
            (place, BundleHead(LogisticHead().fit(training(vectors[:half], truth[:half]), None, SEED)))
            for place, ((rows, _), vectors) in enumerate(zip(sets, whole, strict=True))
            for truth in truths(rows)
        ]
        print("| calibrated on | mean cosine | least | same decisions | of |\n|---|---|---|---|---|")
        for number, (name, pictures) in enumerate(ways.items()):
            key = f"way {number}"
            int8 = quantised(graph, key, lambda chosen=pictures: Int8Calibration(chosen, 0), Path(cache))
            smaller = [vectors_of(int8.graph.content, pictures) for _, pictures in sets]
            cosine = np.concatenate(
                [cosines(a[half:], b[half:]) for a, b in zip(whole, smaller, strict=True)]
            )
            same = []
            for place, head in heads:
                moved = fitted(head, int8).line
                as_float = head.line.probabilities(whole[place][half:]) >= head.line.threshold
                same.append(as_float == (moved.probabilities(smaller[place][half:]) >= moved.threshold))
            decided = np.concatenate(same)
            figures = f"{cosine.mean():.4f} | {cosine.min():.4f} | {decided.mean():.4f} | {len(decided):,}"
            print(f"| {name} | {figures} |", flush=True)


def read(data: Path, name: str, reader: Reader) -> tuple[list[Row], Pictures]:
    """EACH rows by chance, and their pictures (n, 3, height, width)."""
    with (data / name / "labels.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    some = [rows[i] for i in np.random.default_rng(SEED).permutation(len(rows))[:EACH]]
    return some, np.stack([reader.pixels((data / name / row["path"]).read_bytes()) for row in some])


def truths(rows: list[Row]) -> list[NDArray[np.bool_]]:
    """Of each concept of the set, which rows count."""
    if "coarse" in rows[0]:
        tests: list[Callable[[Row], bool]] = [lambda row, c=c: row["coarse"] == c for c in CLASSES]
    else:
        tests = [lambda row, c=c, cut=cut: float(row[c]) >= cut for c, cut in CUTS.values()]
    return [np.array([test(row) for row in rows]) for test in tests]


def training(vectors: NDArray[np.float32], positive: NDArray[np.bool_]) -> TrainingSet:
    return TrainingSet(vectors, positive, np.ones(len(positive)), np.arange(len(positive)))


def cosines(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float64]:
    dots = np.einsum("nd,nd->n", a.astype(np.float64), b.astype(np.float64))
    return np.asarray(dots / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)))


if __name__ == "__main__":
    main()
