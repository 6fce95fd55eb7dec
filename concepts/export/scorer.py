"""Score embeddings with the head in this folder. Needs only NumPy and safetensors.

    python scorer.py embeddings.npy > scores.csv

The embeddings, shape (n, dimension), must come from the encoder named in head.json and have length 1.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

SCHEMA_VERSION = 1  # of head.json
DAMAGED = (AttributeError, LookupError, RecursionError, SafetensorError, TypeError, ValueError)


class Scorer:
    """p(yes | x) = sigmoid(weights · x + bias); yes where p ≥ threshold."""

    def __init__(self, weights: Any, bias: float, threshold: float, fingerprint: str) -> None:
        """Raises ValueError for weights that are no float64 vector of finite numbers."""
        if weights.dtype != np.float64 or weights.ndim != 1:
            raise ValueError(f"the weights are {weights.dtype} {weights.shape}, not a float64 vector")
        if not (np.isfinite(weights).all() and np.isfinite(bias) and 0 <= threshold <= 1):
            raise ValueError("weights, bias or threshold are no usable numbers")
        self.weights = weights  # (dimension,)
        self.bias = bias
        self.threshold = threshold
        self.fingerprint = fingerprint

    def probability(self, embeddings: Any) -> Any:
        """(n, dimension), each of length 1 → (n,) in 0..1. Raises ValueError for anything else."""
        embeddings = np.asarray(embeddings, dtype=np.float64)
        if embeddings.ndim != 2 or embeddings.shape[1] != len(self.weights):
            raise ValueError(f"expected embeddings of shape (n, {len(self.weights)}), got {embeddings.shape}")
        lengths = np.linalg.norm(embeddings, axis=1)
        wrong = np.flatnonzero(~(np.abs(lengths - 1) < 0.01))  # also where a number is not finite
        if len(wrong):
            raise ValueError(f"row {wrong[0]} has length {lengths[wrong[0]]:.3f}, not 1 ({len(wrong)} such)")
        logits = embeddings @ self.weights + self.bias
        return 1.0 / (1.0 + np.exp(-np.clip(logits, -60, 60)))

    def decide(self, embeddings: Any) -> Any:
        """(n, dimension) → (n,) of True and False."""
        return self.probability(embeddings) >= self.threshold

    def check_fingerprint(self, fingerprint: str) -> None:
        """Raises ValueError if embeddings with this fingerprint can't be scored by this head."""
        if fingerprint != self.fingerprint:
            raise ValueError(f"this head needs embeddings from {self.fingerprint}, not from {fingerprint}")


def load(folder: str | Path = Path(__file__).parent) -> Scorer:
    """Raises ValueError for a folder of a newer format and for one that is damaged."""
    try:
        facts = json.loads((Path(folder) / "head.json").read_text(encoding="utf-8"))
        if facts.get("format") != "discern-head" or facts.get("schema_version") != SCHEMA_VERSION:
            raise ValueError(f"it is no format {SCHEMA_VERSION} of discern-head; take its own scorer.py")
        tensors = load_file(Path(folder) / "head.safetensors")
        threshold, fingerprint = facts["head"]["threshold"], facts["encoder"]["fingerprint"]
        return Scorer(tensors["weights"], float(tensors["bias"][0]), threshold, fingerprint)
    except DAMAGED as error:
        raise ValueError(f"{folder} can't be used ({type(error).__name__}: {error})") from error


def main() -> None:
    parser = argparse.ArgumentParser(description="Print row, probability and decision as CSV.")
    parser.add_argument("embeddings", help="a .npy file of shape (n, dimension)")
    scorer, embeddings = load(), np.load(parser.parse_args().embeddings, allow_pickle=False)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["row", "probability", "decision"])
    for row, probability in enumerate(scorer.probability(embeddings)):
        decision = "yes" if probability >= scorer.threshold else "no"
        writer.writerow([row, f"{probability:.6f}", decision])


if __name__ == "__main__":
    main()
