"""Does an exported classifier know which pictures are unlike what it learned from?

    DISCERN_EVAL_DATA=… python -m benchmarks.refusal --seeds 2

The whole job through the Workbench, answered by a SIMULATED person; then the bundle scores pictures that
nothing learned from: of the same set, of other sets, and noise. Refused is what has a familiarity below 0.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.metrics import roc_auc_score

from benchmarks.label_efficiency import OASIS, Label, ProductSession, concepts_of, library
from study.harness import Case, Measures, run
from study.people import SimulatedPerson

LABELS = 100
SETS = {  # name → the labelled set, and which of its paths
    "fruit": ("grocery", "/Fruit/"),
    "vegetables": ("grocery", "/Vegetables/"),
    "packages": ("grocery", "/Packages/"),
    "oasis": ("oasis", "/"),
    "unsplash": ("unsplash", "/"),
}
TAUGHT = {
    "fruit": ("Apple", "Pear", "Melon"),
    "packages": ("Milk", "Juice", "Yoghurt"),
    "oasis": tuple(OASIS),
}
CONCEPTS = concepts_of("grocery") | concepts_of("oasis")
NOISE = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    data = os.environ.get("DISCERN_EVAL_DATA")
    if not data:
        sys.exit("Set DISCERN_EVAL_DATA to the folder of the labelled pictures.")
    sets = {name: read(Path(data).absolute() / folder, part) for name, (folder, part) in SETS.items()}
    print("learned from | concept | seed | refused of its own | of each other set: AUROC, refused")
    for taught in TAUGHT:
        for seed in range(options.seeds):
            with tempfile.TemporaryDirectory() as temporary:
                one_pool(taught, sets, seed, Path(temporary))


def read(folder: Path, part: str) -> dict[str, Label]:
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return {str(folder / row["path"]): row for row in rows if part in row["path"]}


def one_pool(taught: str, sets: Mapping[str, Mapping[str, Label]], seed: int, work: Path) -> None:
    """A library of a half of the set; the other half, the other sets and noise are a second one."""
    own = sets[taught]
    order = np.random.default_rng(seed).permutation(sorted(own)).tolist()
    pool = library(work / "pool", order[: len(order) // 2])
    of = dict.fromkeys(order[len(order) // 2 :], taught)
    for name, rows in sets.items():
        of |= dict.fromkeys(rows if name != taught else (), name)
    of |= dict.fromkeys(noise(work / "noise", seed), "noise")
    rest = library(work / "rest", list(of))
    for concept in TAUGHT[taught]:
        sentence, truth = CONCEPTS[concept]
        person = SimulatedPerson(lambda path, truth=truth: truth(own[path]))  # type: ignore[misc]
        session = _Familiarity(pool, rest, concept, sentence, work)
        run(session, person, [LABELS], Case(concept, "default", seed))
        show(taught, concept, seed, of, session.familiarity)


def noise(folder: Path, seed: int) -> list[str]:
    folder.mkdir()
    rng = np.random.default_rng(seed)
    for i in range(NOISE):
        Image.fromarray(rng.integers(0, 256, (224, 224, 3), dtype=np.uint8)).save(folder / f"{i}.png")
    return [str(path) for path in sorted(folder.iterdir())]


class _Familiarity(ProductSession):
    """Keeps how familiar the last bundle is with each picture of the rest."""

    familiarity: dict[str, float]

    def measured(self, person: SimulatedPerson) -> Measures:
        self._scores()
        with (self._work / "scores.csv").open(newline="", encoding="utf-8") as stream:
            self.familiarity = {row["path"]: float(row["familiarity"]) for row in csv.DictReader(stream)}
        return Measures(float("nan"))


def show(
    taught: str, concept: str, seed: int, of: Mapping[str, str], familiarity: Mapping[str, float]
) -> None:
    values = {
        name: np.array([v for p, v in familiarity.items() if of[p] == name]) for name in set(of.values())
    }
    known = values.pop(taught)
    others = [
        f"{name} {roc_auc_score([1] * len(known) + [0] * len(v), np.r_[known, v]):.3f}, {(v < 0).mean():.0%}"
        for name, v in sorted(values.items())
    ]
    print(f"{taught} | {concept} | {seed} | {(known < 0).mean():.1%} | {' | '.join(others)}", flush=True)


if __name__ == "__main__":
    main()
