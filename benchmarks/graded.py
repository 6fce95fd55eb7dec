"""Grades, measured by the product itself: OASIS pictures by their mean rating of about a hundred people each.

    DISCERN_EVAL_DATA=… python -m benchmarks.graded

A library with all pictures but a fifth, which nothing asks about or learns from. A SIMULATED person grades
1 to 5 by the mean rating (cuts below): what `next` asks, five at a time, then what measures. Prints agreement
with 95 % intervals: on what the product drew to measure with, as its Quality screen says it, and on the
fifth, where the same answers taken as yes and no (grade 3 or more), by logistic regression, stand beside it.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.product import library
from concepts.classifier.training import linear_head
from concepts.encoders.base import Vectors
from concepts.learning.fitting import train_head
from concepts.learning.report import Metric
from concepts.learning.scale import Scale
from concepts.learning.scaled import grades
from concepts.learning.scaled_figures import grade_figures
from concepts.library.ingestion import embed_files
from concepts.workbench import Workbench

RATED = {
    "Pleasant": ("valence_mean", "How pleasant the picture is."),
    "Exciting": ("arousal_mean", "How exciting or stirring the picture is."),
}
CUTS = {"Pleasant": (3, 4, 5, 5.7), "Exciting": (2.6, 3.2, 3.8, 4.5)}  # of ratings 1 to 7
EVERY = 5  # one in five is kept out
FIGURES = ("exact", "within_one", "kappa", "spearman")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--answers", type=int, nargs="+", default=[50, 100, 200], help="to learn from")
    options = parser.parse_args()
    data = os.environ.get("DISCERN_EVAL_DATA")
    if not data:
        sys.exit("Set DISCERN_EVAL_DATA to the folder of the labelled pictures.")
    folder = (Path(data) / "oasis").absolute()
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as stream:
        labels = {str(folder / row["path"]): row for row in csv.DictReader(stream)}
    order = [list(labels)[i] for i in np.random.default_rng(0).permutation(len(labels))]
    rest, pool = order[: len(order) // EVERY], order[len(order) // EVERY :]
    with tempfile.TemporaryDirectory() as temporary:
        bench = library(Path(temporary) / "home", pool)
        found = list(embed_files([Path(path) for path in rest], bench.context.collection.encoder()))
        names = [path for _, paths, _, _ in found for path in paths]
        vectors = np.concatenate([some for _, _, some, _ in found])
        print("| concept | answers | on | way | n | " + " | ".join(FIGURES) + " |\n|" + "---|" * 9)
        for name in RATED:
            said = {path: grade(name, row) for path, row in labels.items()}
            learn(bench, name, said, options.answers, names, vectors)


def grade(name: str, row: dict[str, str]) -> int:
    return 1 + int(np.searchsorted(CUTS[name], float(row[RATED[name][0]]), side="right"))


def learn(
    bench: Workbench,
    name: str,
    said: dict[str, int],
    budgets: list[int],
    rest: list[str],
    vectors: Vectors,
) -> None:
    """Answers, trains at each budget and prints its rows. `rest` (n,) are paths, vectors (n, d) theirs."""
    bench.concepts.begin(name, RATED[name][1], scale=Scale.graded(5))

    def answer(purpose: str, n: int) -> int:
        asked = bench.concept(name).labels.next_pictures(n, purpose=purpose)  # type: ignore[arg-type]
        for picture in asked:
            bench.concept(name).labels.give(
                picture.id, str(said[picture.path]), author="simulated", simulated=True
            )
        return len(asked)

    given = 0
    truth = np.array([said[path] for path in rest], dtype=np.int64)
    for budget in sorted(budgets):
        while given < budget:
            given += answer("train", min(5, budget - given))
        while answer("evaluation", 20):
            pass
        bench.concept(name).versions.train().wait()
        report = bench.concept(name).versions.measure()
        if report.grades:
            row(
                name, budget, "drawn", "grades", report.grades.n, [getattr(report.grades, f) for f in FIGURES]
            )
        concept = bench.context.concept(name)
        training_data = bench.context.dataset(concept)
        linear = linear_head(bench.context.head(concept, None))
        expected = grades(linear, vectors)
        assert expected is not None
        group, even = np.arange(len(truth)), np.ones(len(truth))
        figures = grade_figures(expected, truth, 5, group, even, 0)
        row(name, budget, "kept out", "grades", figures.n, [getattr(figures, f) for f in FIGURES])
        plain = train_head(training_data.training.data, training_data.text_direction, 0, head="logistic")
        order = plain.logits(vectors)
        yes_no = grade_figures(order, truth, 5, group, even, 0)
        row(name, budget, "kept out", "yes and no", len(truth), [None, None, None, yes_no.spearman])


def row(name: str, budget: int, on: str, way: str, n: int, figures: list[Metric | None]) -> None:
    cells = [
        "–" if m is None or m.value is None else f"{m.value:.2f} ({m.low:.2f} to {m.high:.2f})"
        for m in figures
    ]
    print(f"| {name} | {budget} | {on} | {way} | {n} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
