"""How good is a classifier after so many answers, starting from a name and a sentence alone?

    DISCERN_EVAL_DATA=… python -m benchmarks.label_efficiency grocery --seeds 3

The whole job through the Workbench: a library of random pictures (the pool), concept new, expand, mine,
then `next` five at a time, answered by a SIMULATED person from labels.csv, train, and a bundle that scores
the pictures outside the pool, which are a second library that nothing learned from.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score

from concepts.settings import load_settings
from concepts.workbench import Workbench

Row = dict[str, str]
Truth = Callable[[Row], bool]

# One sentence a person would write; none names a class of another concept or how the encoder works.
GROCERY = {
    "Apple": "Apples of any kind, loose or in a crate in a shop.",
    "Juice": "Cartons and bottles of fruit juice.",
    "Milk": "Cartons and bottles of milk.",
    "Melon": "Melons: cantaloupe, honeydew, watermelon and the like.",
    "Pepper": "Bell peppers, red, green, yellow or orange.",
    "Yoghurt": "Tubs and cartons of yoghurt.",
    "Pear": "Pears of any kind, loose or in a crate in a shop.",
    "Tomato": "Tomatoes, loose or on the vine.",
}
HELD_OUT = {  # never looked at while the product was made
    "Banana": "Bananas, loose or in a bunch.",
    "Carrots": "Carrots, loose or in a bag.",
    "Lemon": "Lemons, loose or in a crate.",
    "Mushroom": "Mushrooms, loose or in a tray.",
    "Onion": "Onions, loose or in a net.",
    "Orange": "Oranges, loose or in a crate.",
    "Potato": "Potatoes, loose or in a bag.",
    "Sour-Cream": "Tubs of sour cream.",
}
OASIS: dict[str, tuple[str, Truth]] = {
    "Pleasant": (
        "A picture that feels pleasant: beauty, joy, affection, good food or fine weather.",
        lambda row: float(row["valence_mean"]) >= 5.5,
    ),
    "Upsetting": (
        "A picture that upsets: injury, death, dirt, poverty, danger or grief.",
        lambda row: float(row["valence_mean"]) <= 2.5,
    ),
    "Exciting": (
        "A picture that excites or stirs: speed, sport, danger, passion.",
        lambda row: float(row["arousal_mean"]) >= 4.5,
    ),
}


def concepts_of(dataset: str) -> dict[str, tuple[str, Truth]]:
    if dataset == "oasis":
        return OASIS
    sentences = GROCERY if dataset == "grocery" else HELD_OUT
    return {name: (text, lambda row, name=name: row["coarse"] == name) for name, text in sentences.items()}


class Split:
    """Two libraries of one data set: the pool that is learned from, and the rest that measures."""

    def __init__(self, folder: Path, rows: Sequence[Row], pool: int, work: Path, seed: int) -> None:
        order = np.random.default_rng(seed).permutation(len(rows))
        self.rows = {str(folder / row["path"]): row for row in rows}
        paths = list(self.rows)
        self.pool = self._library(work / "pool", [paths[i] for i in order[:pool]])
        self.rest = self._library(work / "rest", [paths[i] for i in order[pool:]])

    @staticmethod
    def _library(home: Path, paths: Sequence[str]) -> Workbench:
        home.mkdir(parents=True)
        listing = home / "pictures.csv"
        listing.write_text("path\n" + "\n".join(f'"{path}"' for path in paths), encoding="utf-8")
        bench = Workbench(load_settings(home=home))
        bench.pictures.add_pictures([listing], encoder="embedded")
        return bench

    def answer(self, name: str, truth: Truth, pictures: Sequence[str], work: Path) -> None:
        """A simulated person answers through a label file."""
        file = work / "answers.csv"
        with file.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["path", "label", "split"])
            writer.writerows([path, int(truth(self.rows[path])), "train"] for path in pictures)
        self.pool.answers.import_labels(name, file, author="simulated from labels.csv", simulated=True)

    def average_precision(self, name: str, truth: Truth, work: Path) -> float:
        """Of a bundle on the pictures outside the pool."""
        bundle = self.pool.versions.export(name, work / "bundle")
        scores = work / "scores.csv"
        self.rest.score(Path(bundle.folder), [], scores)
        with scores.open(newline="", encoding="utf-8") as stream:
            scored = [(truth(self.rows[row["path"]]), float(row["score"])) for row in csv.DictReader(stream)]
        return float(average_precision_score([t for t, _ in scored], [s for _, s in scored]))


def run(split: Split, name: str, text: str, truth: Truth, budgets: Sequence[int], work: Path) -> list[float]:
    """Average precision after each budget of answers; budget 0 is the words alone."""
    split.pool.create_concept(name, text)
    split.pool.expand(name)
    split.pool.mine(name)
    found = []
    answered = 0
    for budget in budgets:
        while answered < budget:
            pictures = split.pool.next_pictures(name, min(5, budget - answered))
            split.answer(name, truth, [picture.path for picture in pictures], work)
            answered += len(pictures)
        split.pool.train(name)
        found.append(split.average_precision(name, truth, work))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("dataset", choices=["grocery", "grocery-held-out", "oasis"])
    parser.add_argument("--seeds", type=int, default=1, help="random pools")
    parser.add_argument("--budgets", type=int, nargs="+", default=[0, 20, 50, 100])
    parser.add_argument("--out", type=Path, help="a JSON file for every figure")
    options = parser.parse_args()
    data = os.environ.get("DISCERN_EVAL_DATA")
    if not data:
        sys.exit("Set DISCERN_EVAL_DATA to the folder of the labelled pictures.")
    folder = (Path(data) / options.dataset.split("-")[0]).absolute()
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    results: dict[str, list[list[float]]] = {}
    for seed in range(options.seeds):
        with tempfile.TemporaryDirectory() as temporary:
            work = Path(temporary)
            split = Split(folder, rows, 600 if options.dataset == "oasis" else 2700, work, seed)
            for name, (text, truth) in concepts_of(options.dataset).items():
                results.setdefault(name, []).append(run(split, name, text, truth, options.budgets, work))
                print(f"seed {seed} {name:12}", *(f"{value:.3f}" for value in results[name][-1]), flush=True)
    print(f"\nsimulated person; mean average precision over {options.seeds} pools after n answers")
    print(f"{'':20}", *(f"{budget:>6}" for budget in options.budgets))
    for name, runs in results.items():
        print(f"{name:20}", *(f"{value:6.3f}" for value in np.mean(runs, axis=0)))
    means = np.mean([np.mean(runs, axis=0) for runs in results.values()], axis=0)
    print(f"{'mean':20}", *(f"{value:6.3f}" for value in means))
    if options.out:
        options.out.write_text(json.dumps({"budgets": options.budgets, "runs": results}, indent=1))


if __name__ == "__main__":
    main()
