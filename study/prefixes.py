"""A shortlist by the first principal components of vectors, then exact scores (after Matryoshka, Kusupati
et al., NeurIPS 2022): how long that takes beside scoring all exactly, and how much of the top it finds.

    python -m study.prefixes PICTURES.npz OUT [--count 2000000]

Vectors are random sums of real ones in `PICTURES.npz`, which a study of groceries leaves, so they have their
covariance, and lie on disk in half precision as the app's do. Heads are real: of the commonest classes of
groceries, taught on the real vectors. Scoring is the app's own product.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from storage.vectors.products import as_floats, multiplied
from study.pictures import Embedded, read_folder

SHORTLIST, TOP = 10_000, 100
PREFIXES = (64, 128)
AT_ONCE = 20_000  # vectors that are made up together
OF = 4  # real ones each
HEADS = 8
ROUNDS = 3

Floats = NDArray[np.float32]


def heads(embedded: Embedded, folder: Path) -> Floats:
    """(k, d) weights for the commonest classes."""
    from sklearn.linear_model import LogisticRegression

    rows = read_folder(folder).rows
    coarse = np.array([rows[name]["coarse"] for name in embedded.names])
    found = [
        LogisticRegression(C=10, max_iter=300).fit(embedded.vectors, coarse == name).coef_[0]
        for name, _ in Counter(coarse.tolist()).most_common(HEADS)
    ]
    return np.array(found, np.float32)


def made_up(embedded: Embedded, n: int, out: Path) -> tuple[NDArray[np.float16], Floats]:
    """(n, d) on disk, and the principal directions (d, d) of the real vectors, uncentred, largest first."""
    real = embedded.vectors.astype(np.float32)
    d = real.shape[1]
    directions = np.linalg.eigh(real.T @ real / len(real))[1][:, ::-1].astype(np.float32)
    mean = real.mean(axis=0)
    apart = real - mean
    file = np.lib.format.open_memmap(out / "vectors.npy", "w+", np.float16, (n, d))
    rng = np.random.default_rng(0)
    for start in range(0, n, AT_ONCE):
        size = min(AT_ONCE, n - start)
        some = np.repeat(mean[None], size, axis=0)
        for _ in range(OF):
            drawn = rng.integers(len(real), size=size)
            some += rng.normal(scale=OF**-0.5, size=(size, 1)).astype(np.float32) * apart[drawn]
        file[start : start + size] = some / np.linalg.norm(some, axis=1, keepdims=True)
    file.flush()
    return file, directions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=2_000_000)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    embedded = Embedded.load(options.pictures)
    weights = heads(embedded, Path(os.environ["DISCERN_EVAL_DATA"]) / "grocery")
    vectors, directions = made_up(embedded, options.count, options.out)
    rotated = weights @ directions
    kept = {}
    for m in PREFIXES:
        kept[m] = np.lib.format.open_memmap(
            options.out / f"first-{m}.npy", "w+", np.float16, (len(vectors), m)
        )
    rest = {m: np.empty(len(vectors), np.float32) for m in PREFIXES}
    for start in range(0, len(vectors), AT_ONCE):
        some = as_floats(vectors[start : start + AT_ONCE]) @ directions[:, : max(PREFIXES)]
        for m in PREFIXES:
            kept[m][start : start + AT_ONCE] = some[:, :m]
            left = 1 - (some[:, :m] ** 2).sum(axis=1)  # of a unit vector's squared length
            rest[m][start : start + AT_ONCE] = np.sqrt(np.maximum(left, 0))
    exact, truth = [], []
    for _ in range(ROUNDS):
        for w in weights:
            begun = time.perf_counter()
            scores = _scored(vectors, w)
            best = np.argpartition(-scores, TOP)[:TOP]
            exact.append(time.perf_counter() - begun)
            truth.append(best)
    print(f"{len(vectors):,} × {vectors.shape[1]}: all exactly {np.median(exact):.2f} s a head")
    for m in PREFIXES:
        seconds, recall, bound = [], [], []
        for one, (w, turned) in enumerate(zip(weights, rotated, strict=True)):
            begun = time.perf_counter()
            first = _scored(kept[m], turned[:m])
            short = np.sort(np.argpartition(-first, SHORTLIST)[:SHORTLIST])
            scores = vectors[short].astype(np.float32) @ w
            best = short[np.argpartition(-scores, TOP)[:TOP]]
            seconds.append(time.perf_counter() - begun)
            recall.append(len(np.intersect1d(best, truth[one])) / TOP)
            hundredth = np.partition(scores, len(scores) - TOP)[len(scores) - TOP]
            bound.append(float((first + rest[m] * np.linalg.norm(turned[m:]) >= hundredth).mean()))
        print(
            f"first {m}: {np.median(seconds):.2f} s, recall@{TOP} mean {np.mean(recall):.3f} least "
            f"{min(recall):.3f}; to be exact {np.mean(bound):.0%} of all have to be scored "
            f"({min(bound):.0%} to {max(bound):.0%})",
            flush=True,
        )


def _scored(vectors: NDArray[np.float16], weights: Floats) -> Floats:
    return multiplied(vectors, weights)


if __name__ == "__main__":
    main()
