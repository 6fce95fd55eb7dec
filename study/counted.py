"""Counting without a model: peaks of the map of where a score comes from. Things are pasted into photographs.

    DISCERN_EVAL_DATA=… python -m study.counted [CLASS …]

A linear head learns pictures with one to six of a thing against pictures with one to six of another. Of other
pictures the places where its map is a peak of more than half its maximum are counted. To be of use as a
criterion that counts, seven in ten have to come into the right bucket.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from concepts.collaborator.counting import RANGES, Bucket
from concepts.encoders.embedded import EmbeddedEncoder
from study.pasted import SIDE, cut_out, round_mask
from study.pictures import LabelledFolder, read_folder

CLASSES = ("Tomato", "Melon", "Milk")
TAUGHT, TESTED = 120, 120  # pictures
MOST = 6  # things
AREA = 0.03  # of a picture, each
PEAK = 0.5  # of the maximum of the map


def peaks(parts: NDArray[np.float64]) -> int:
    """How many cells are higher than half the highest, and as high as any beside them."""
    around = np.pad(parts, 1, constant_values=-np.inf)
    rows, columns = parts.shape
    beside = [around[r : r + rows, c : c + columns] for r in range(3) for c in range(3)]
    return int(((parts == np.max(beside, axis=0)) & (parts > PEAK * parts.max())).sum())


def bucket(count: int) -> Bucket:
    return next(name for name, (low, high) in RANGES.items() if low <= count <= high)


def with_things(photograph: Path, things: list[Path], count: int, rng: np.random.Generator) -> Image.Image:
    """So many of them, none over another."""
    with Image.open(photograph) as opened:
        picture = opened.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    side = round(AREA**0.5 * SIDE)
    places: list[tuple[int, int]] = []
    while len(places) < count:
        left, top = (int(edge) for edge in rng.integers(SIDE - side + 1, size=2))
        if all(max(abs(left - x), abs(top - y)) >= side for x, y in places):
            places.append((left, top))
            picture.paste(
                cut_out(things[int(rng.integers(len(things)))], side), (left, top), round_mask(side)
            )
    return picture


def measured(name: str, grocery: LabelledFolder, photographs: list[Path], encoder: EmbeddedEncoder) -> str:
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    of_it = [grocery.folder / path for path, row in grocery.rows.items() if row["coarse"] == name]
    others = [grocery.folder / path for path, row in grocery.rows.items() if row["coarse"] != name]
    order = rng.permutation(len(photographs))
    counts = rng.integers(1, MOST + 1, size=TAUGHT + TESTED)
    pixels = [
        encoder.prepare(with_things(photographs[order[n]], of_it, int(counts[n]), rng))
        for n in range(TAUGHT + TESTED)
    ]
    without = [
        encoder.prepare(with_things(photographs[order[-1 - n]], others, int(counts[n]), rng))
        for n in range(TAUGHT)
    ]
    taught = np.concatenate([encoder.encode_pictures(np.stack([one])) for one in pixels[:TAUGHT] + without])
    head = LogisticRegression(C=10, max_iter=1000).fit(taught, np.arange(2 * TAUGHT) < TAUGHT)
    weights = head.coef_[0].astype(np.float64)
    found = [peaks(encoder.cells(one, weights).parts) for one in pixels[TAUGHT:]]
    true = counts[TAUGHT:]
    right = np.mean([bucket(a) == bucket(int(b)) for a, b in zip(found, true, strict=True)])
    usual = Counter(bucket(int(count)) for count in true).most_common(1)[0][1] / TESTED
    return f"{name}: bucket right {right:.0%}, always the commonest {usual:.0%}, of {TESTED} made-up pictures"


def main() -> None:
    data = os.environ.get("DISCERN_EVAL_DATA")
    if not data:
        sys.exit("Set DISCERN_EVAL_DATA to the folder of the labelled pictures.")
    grocery, oasis = (read_folder(Path(data) / name) for name in ("grocery", "oasis"))
    photographs = [oasis.folder / path for path in sorted(oasis.rows)]
    encoder = EmbeddedEncoder()
    for name in sys.argv[1:] or CLASSES:
        print(measured(name, grocery, photographs, encoder), flush=True)


if __name__ == "__main__":
    main()
