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
from safetensors.numpy import load_file


class Scorer:
    """p(yes | x) = sigmoid(weights · x + bias); yes where p ≥ threshold."""

    def __init__(self, weights: Any, bias: float, threshold: float, fingerprint: str) -> None:
        self.weights = weights  # (dimension,)
        self.bias = bias
        self.threshold = threshold
        self.fingerprint = fingerprint

    def probability(self, embeddings: Any) -> Any:
        """(n, dimension) → (n,) in 0..1."""
        embeddings = np.asarray(embeddings, dtype=np.float64)
        if embeddings.ndim != 2 or embeddings.shape[1] != len(self.weights):
            raise ValueError(f"expected embeddings of shape (n, {len(self.weights)}), got {embeddings.shape}")
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
    facts = json.loads((Path(folder) / "head.json").read_text(encoding="utf-8"))
    tensors = load_file(Path(folder) / "head.safetensors")
    threshold, fingerprint = facts["head"]["threshold"], facts["encoder"]["fingerprint"]
    return Scorer(tensors["weights"], float(tensors["bias"][0]), threshold, fingerprint)


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
