"""What a precision or recall target comes to: the threshold that training sets, against the truth.

    DISCERN_EVAL_DATA=… python -m study.targets OUT [--seeds 3] [--labels 60]

A simulated person labels what the app asks about, in batches of 5 and of 20. Figures are of all pictures
without a label. Beside the threshold stand the balanced one, and one set by the training labels alone, on the
same weights. Methods were chosen by the first lists; the others only confirm.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from concepts.encoders.base import Vectors
from concepts.learning.base import Bools, Floats, LinearHead
from concepts.learning.fitting import SEED, train_head
from concepts.learning.target import Target
from study.all_methods import LISTS_IN
from study.concept_file import read_concepts
from study.harness import Effort, ask
from study.methods import NO_WALL, study_method
from study.people import SimulatedPerson
from study.pictures import Embedded, embed, people, read_folder, split_of
from study.replay import Replay

LISTS = {
    "choosing": {"grocery": ("grocery", "grocery-rarer"), "oasis": ("oasis",)},
    "confirming": {
        "grocery": ("grocery-confirming", "grocery-facets-confirming"),
        "oasis": ("oasis-facets",),
    },
}
POOL = {"grocery": 4000, "oasis": 640}
TARGETS = [Target("precision", 0.8), Target("precision", 0.95), Target("recall", 0.9)]
BATCHES = (5, 20)
ROUNDING = 0.01  # by which a range may miss
HEADER = (
    "lists, batch, target | threshold | sessions missed | concepts | precision | recall | flagged | "
    "said too high, low"
)


class Reached(NamedTuple):
    """What a threshold comes to among unlabelled pictures. outside: the figure that was said is too high (-1)
    or too low (1) for what is true, or holds (0); NaN where none was said."""

    precision: float
    recall: float
    flagged: int
    outside: float = float("nan")


Found = dict[tuple[str, int, str, str], list[tuple[str, Reached]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--labels", type=int, default=60)
    options = parser.parse_args()
    if not (data := os.environ.get("DISCERN_EVAL_DATA")):
        sys.exit("Set DISCERN_EVAL_DATA to the folder of the labelled pictures.")
    found: Found = defaultdict(list)
    for kind, sets in LISTS.items():
        for name, files in sets.items():
            concepts = [c for file in files for c in read_concepts(LISTS_IN / f"{file}.toml").concepts]
            pictures = read_folder(Path(data).absolute() / name)
            home = options.out.absolute() / name
            embedded = embed(pictures, concepts, home, "embedded", lambda *_: None)
            for place, person in enumerate(people(concepts, pictures)):
                for seed in range(options.seeds):
                    session = kind, concepts[place].name, POOL[name], seed
                    learn(found, session, embedded, place, person, options.labels)
    print(f"| {HEADER} |\n|" + "---|" * 8)
    for (kind, batch, target, way), rows in found.items():
        print(f"| {kind}, {batch}, {target} | {way} | {line(Target.parse(target), rows)} |")


def learn(
    found: Found,
    session: tuple[str, str, int, int],
    embedded: Embedded,
    place: int,
    person: SimulatedPerson,
    labels: int,
) -> None:
    """Adds what each threshold comes to after a session of one concept."""
    kind, concept, pool, seed = session
    split, texts = split_of(embedded, pool, seed, graph=False), embedded.texts[place][0]
    vectors = embedded.vectors[split.pool]
    truth = np.array([person.truth(split.names[row]) == "yes" for row in split.pool])
    for batch in BATCHES:
        replay = Replay(split, texts, seed, study_method(NO_WALL), measuring=False)
        ask(replay, person, labels, batch, Effort(np.random.default_rng(seed)))
        training, free = replay._training(), ~replay._asked
        if not (training.positives and training.negatives):
            continue
        others, words = vectors[free], texts.direction
        for target in TARGETS:
            heads = {
                "balanced": train_head(training, words, SEED),
                "by labels": train_head(training, words, SEED, target),
                "by scores": train_head(training, words, SEED, target, unlabelled=partial(_logits, others)),
            }
            for way, head in heads.items():
                row = reached(head, others, truth[free], target)
                found[kind, batch, str(target), way].append((concept, row))


def _logits(vectors: Vectors, head: LinearHead) -> Floats:
    return head.logits(vectors)


def reached(head: LinearHead, vectors: Vectors, truth: Bools, target: Target) -> Reached:
    """What a head's threshold comes to."""
    says = head.probabilities(vectors) >= head.threshold
    right, flagged, counting = int((says & truth).sum()), int(says.sum()), int(truth.sum())
    precision = right / flagged if flagged else float("nan")
    recall = right / counting if counting else float("nan")
    said, true = head.details.get("expected"), precision if target.kind == "precision" else recall
    outside = float("nan")
    if said and said["value"] is not None and not np.isnan(true):
        outside = float(true > said["high"] + ROUNDING) - float(true < said["low"] - ROUNDING)
    return Reached(precision, recall, flagged, outside)


def line(target: Target, rows: list[tuple[str, Reached]]) -> str:
    """A row of the table: how often the target is missed, in sessions and in the mean of a concept."""
    figures = np.array([row for _, row in rows], dtype=np.float64)
    true = figures[:, 0 if target.kind == "precision" else 1]
    of_concepts = defaultdict(list)
    for (concept, _), value in zip(rows, true, strict=True):
        if not np.isnan(value):
            of_concepts[concept].append(value)
    means = [float(np.mean(values)) for values in of_concepts.values()]
    said = figures[~np.isnan(figures[:, 3]), 3]
    return " | ".join(
        [
            f"{(true < target.at_least).sum()} of {(~np.isnan(true)).sum()}",
            f"{sum(mean < target.at_least for mean in means)} of {len(means)}",
            *(f"{np.nanmean(figures[:, column]):.2f}" for column in (0, 1)),
            f"{np.median(figures[:, 2]):.0f}",
            f"{100 * (said < 0).mean():.0f} %, {100 * (said > 0).mean():.0f} %" if len(said) else "",
        ]
    )


if __name__ == "__main__":
    main()
