"""Score embeddings with the heads in this folder. Needs only NumPy and safetensors.

    python scorer.py embeddings.npy > scores.csv

The embeddings, shape (n, dimension), must come from the encoder named in head.json and have length 1.
"""

# ruff: noqa: PTH120
# No __future__: a file of that name, or numpy.py or json.py, may lie in this folder.

import os
import sys

if __name__ == "__main__":
    own = {os.path.realpath(os.path.dirname(__file__)), os.path.dirname(os.path.realpath(__file__))}
    sys.path[:] = [place for place in sys.path if os.path.realpath(place) not in own]

import argparse
import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

SCHEMA_VERSION = 2  # of head.json
LARGEST = 1e9  # of a weight: in single precision as in double, no sum of such overflows
DAMAGED = (AttributeError, LookupError, RecursionError, SafetensorError, TypeError, ValueError)


class _Three(NamedTuple):
    probability: Any  # (n, columns) in 0..1
    decision: Any  # (n, columns) of True and False
    grade: Any  # (n, graded)


class Outputs(_Three):
    """A column for what a rule combines to, if one does, then one for each concept. `grade` has a column for
    each graded concept: the mean of its grades, weighed by their probabilities (1 to n). `familiarity` has
    one for each concept that knows it: below 0 a picture is unlike all that was labelled, and its probability
    says nothing. It is no part of the tuple, which programs take apart into three."""

    familiarity: Any  # (n, familiar)

    def __new__(cls, probability: Any, decision: Any, grade: Any, familiarity: Any) -> "Outputs":
        found = super().__new__(cls, probability, decision, grade)
        found.familiarity = familiarity
        return found


class BundleScorer:
    """p(yes | x) = sigmoid(weights · x + bias) of each concept; yes where p ≥ its threshold. Where a concept
    has prototypes, the largest yes · x is added and the largest no · x taken away. What head.json says of a
    rule or of grades holds."""

    def __init__(self, facts: Any, tensors: Mapping[str, Any]) -> None:
        """`facts` is head.json, `tensors` head.safetensors: float64, "0.weights" (d,) and "0.bias" (1,) of
        the first concept, of a graded one also "0.cuts" (n - 1,); of one with prototypes, float32,
        "0.yes" (k, d) and "0.no" (m, d). Raises ValueError for what is none."""
        if facts.get("format") != "discern-head" or facts.get("schema_version") != SCHEMA_VERSION:
            raise ValueError(f"it is no format {SCHEMA_VERSION} of discern-head; take its own scorer.py")
        concepts: Any = facts["concepts"]
        self._rule: Any = facts.get("rule")
        self.dimension = int(facts["encoder"]["dimension"])
        self.fingerprint = str(facts["encoder"]["fingerprint"])
        every = range(len(concepts))
        weights = [_tensor(tensors, f"{i}.weights", self.dimension) for i in every]
        self._beside = []  # a concept, and where the products with its prototypes begin, change and end
        end = len(weights)
        for i in every:
            if f"{i}.yes" in tensors:
                yes, no = (_tensor(tensors, f"{i}.{side}", None, self.dimension) for side in ("yes", "no"))
                weights += [*yes, *no]
                self._beside.append((i, end, end + len(yes), end + len(yes) + len(no)))
                end = self._beside[-1][-1]
        self.weights = np.stack(weights, axis=1)  # (dimension, columns)
        self._bias = np.concatenate([_tensor(tensors, f"{i}.bias", 1) for i in every])
        graded = [i for i in every if concepts[i].get("grades")]
        self._cuts = [(i, _tensor(tensors, f"{i}.cuts", concepts[i]["grades"]["n"] - 1)) for i in graded]
        self.columns = [str(concept["concept"]) for concept in concepts]
        self.familiar = []
        self._familiar = []  # where the products begin and end, the prototypes' length, the least cosine
        for i, start, _, end in self._beside:
            least = concepts[i]["head"].get("familiar_from")
            if least is not None:
                length = np.linalg.norm(self.weights[:, start])
                self._familiar.append((start, end, length, float(least)))
                self.familiar.append(self.columns[i])
        self.graded = [self.columns[i] for i in graded]
        self.thresholds = np.array([float(concept["head"]["threshold"]) for concept in concepts])
        self._combines = bool(self._rule) and self._rule["kind"] == "combined"
        if self._combines:
            self.columns.insert(0, str(self._rule["name"]))
            self.thresholds = np.append(float(self._rule["threshold"]), self.thresholds)
        if not ((self.thresholds >= 0) & (self.thresholds <= 1)).all():
            raise ValueError("a threshold is no number from 0 to 1")

    def outputs(self, embeddings: Any) -> Outputs:
        """(n, dimension), each of length 1. Raises ValueError for anything else."""
        embeddings = np.asarray(embeddings, dtype=np.float64)
        if embeddings.ndim != 2 or embeddings.shape[1] != self.dimension:
            raise ValueError(f"expected embeddings of shape (n, {self.dimension}), got {embeddings.shape}")
        lengths = np.linalg.norm(embeddings, axis=1)
        wrong = np.flatnonzero(~(np.abs(lengths - 1) < 0.01))  # also where a number is not finite
        if len(wrong):
            raise ValueError(f"row {wrong[0]} has length {lengths[wrong[0]]:.3f}, not 1 ({len(wrong)} such)")
        return self.answers(embeddings)

    def answers(self, embeddings: Any) -> Outputs:
        """The same of float64 (n, dimension), which are not checked."""
        return self.said(embeddings @ self.weights)

    def said(self, similarity: Any) -> Outputs:
        """The same of embeddings · weights (n, columns)."""
        beside = np.zeros((len(similarity), len(self._bias)))
        for i, start, middle, end in self._beside:
            yes, no = similarity[:, start:middle], similarity[:, middle:end]
            beside[:, i] = yes.max(axis=1) - no.max(axis=1)
        near = [similarity[:, a:b].max(1) / length - least for a, b, length, least in self._familiar]
        familiarity = np.stack(near, axis=1) if near else np.empty((len(similarity), 0))
        similarity = similarity[:, : len(self._bias)]
        grade = [1 + sigmoid(similarity[:, i, None] + cuts).sum(1) for i, cuts in self._cuts]
        graded = np.stack(grade, axis=1) if grade else np.empty((len(similarity), 0))
        logits = similarity + self._bias + beside
        if self._rule and not self._combines:
            return Outputs(*_one_of(logits), graded, familiarity)
        probability = sigmoid(logits)
        if self._rule:
            by_rule = combined(self._rule["expression"], probability)
            probability = np.column_stack([by_rule, probability])
        return Outputs(probability, probability >= self.thresholds, graded, familiarity)

    def probability(self, embeddings: Any) -> Any:
        """(n, dimension) → (n, columns) in 0..1; `columns` are their names."""
        return self.outputs(embeddings).probability

    def decide(self, embeddings: Any) -> Any:
        """(n, dimension) → (n, columns) of True and False."""
        return self.outputs(embeddings).decision

    def check_fingerprint(self, fingerprint: str) -> None:
        """Raises ValueError if embeddings with this fingerprint can't be scored by these heads."""
        if fingerprint != self.fingerprint:
            raise ValueError(f"this head needs embeddings from {self.fingerprint}, not from {fingerprint}")


def load(folder: str | Path = Path(__file__).parent) -> BundleScorer:
    """Raises ValueError for a folder of another format and for one that is damaged."""
    try:
        facts = json.loads((Path(folder) / "head.json").read_text(encoding="utf-8"))
        return BundleScorer(facts, load_file(Path(folder) / "head.safetensors"))
    except DAMAGED as error:
        raise ValueError(f"{folder} can't be used ({type(error).__name__}: {error})") from error


def _tensor(tensors: Mapping[str, Any], name: str, *shape: int | None) -> Any:
    """None: one or more."""
    found, dtype = tensors[name], np.float64 if len(shape) == 1 else np.float32
    wanted = tuple(size or max([*found.shape[:1], 1]) for size in shape)
    if found.dtype != dtype or found.shape != wanted:
        raise ValueError(f"{name} is {found.dtype} {found.shape}, not {np.dtype(dtype)} {wanted}")
    if not (np.abs(found) <= LARGEST).all():  # which no NaN is
        raise ValueError(f"{name} has weights that are not finite or exceed {LARGEST:g}")
    return found


def sigmoid(logits: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-np.clip(logits, -60, 60)))


def _one_of(logits: Any) -> tuple[Any, Any]:
    """Softmax with one more class, “none”, whose logit is 0."""
    all_logits = np.column_stack([logits, np.zeros(len(logits))])
    odds = np.exp(all_logits - all_logits.max(axis=1, keepdims=True))
    probability = (odds / odds.sum(axis=1, keepdims=True))[:, :-1]
    return probability, all_logits.argmax(axis=1)[:, None] == np.arange(logits.shape[1])


def combined(rule: Mapping[str, Any], probability: Any) -> Any:
    """(n, concepts) → (n,)."""
    if "concept" in rule:
        return probability[:, rule["concept"]]
    if "but" in rule:
        return 1 - combined(rule["but"], probability)
    if "all" in rule:
        return np.prod([combined(part, probability) for part in rule["all"]], axis=0)
    return 1 - np.prod([1 - combined(part, probability) for part in rule["any"]], axis=0)


def main() -> None:
    parser = argparse.ArgumentParser(description="Print row, probability and decision as CSV.")
    parser.add_argument("embeddings", help="a .npy file of shape (n, dimension)")
    scorer, embeddings = load(), np.load(parser.parse_args().embeddings, allow_pickle=False)
    found = scorer.outputs(embeddings)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    several = len(scorer.columns) > 1
    names = [(f"{name}: " if several else "") for name in scorer.columns]
    named = [("grade", name) for name in scorer.graded] + [("familiarity", name) for name in scorer.familiar]
    more = [(f"{name}: {kind}" if several else kind) for kind, name in named]
    writer.writerow(["row", *(n + kind for n in names for kind in ("probability", "decision")), *more])
    for row in range(len(embeddings)):
        cells: list[object] = [row]
        for probability, yes in zip(found.probability[row], found.decision[row], strict=True):
            cells += [f"{probability:.6f}", "yes" if yes else "no"]
        writer.writerow(cells + [f"{value:.3f}" for value in (*found.grade[row], *found.familiarity[row])])


if __name__ == "__main__":
    main()
