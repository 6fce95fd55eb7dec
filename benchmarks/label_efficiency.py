"""How good is a classifier after so many answers, starting from a name and a sentence alone?

    DISCERN_EVAL_DATA=… python -m benchmarks.label_efficiency grocery --seeds 3

The whole job through the Workbench: a library of random pictures (the pool), concept new, expand, mine,
then `next` five at a time, answered by a SIMULATED person from labels.csv, train, and a bundle that scores
the pictures outside the pool, which are a second library that nothing learned from.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from concepts.settings import load_settings
from concepts.workbench import Workbench
from study.harness import Case, Measures, Row, average_precision, run
from study.people import Answer, SimulatedPerson
from study.report import as_table

Label = dict[str, str]  # a row of labels.csv
Truth = Callable[[Label], bool]

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
    return {name: (text, _is_coarse(name)) for name, text in sentences.items()}


def _is_coarse(name: str) -> Truth:
    return lambda row: row["coarse"] == name


def library(home: Path, paths: Sequence[str]) -> Workbench:
    """A data folder with these pictures."""
    home.mkdir(parents=True)
    listing = home / "pictures.csv"
    listing.write_text("path\n" + "\n".join(f'"{path}"' for path in paths), encoding="utf-8")
    bench = Workbench(load_settings(home=home))
    bench.library.add([listing], encoder="embedded").wait()
    return bench


class ProductSession:
    """One concept in the library `pool`; `rest` is a second library, which nothing learns from.

    Pictures are named by their paths. `work` is a folder for the files that go back and forth.
    """

    def __init__(self, pool: Workbench, rest: Workbench, name: str, sentence: str, work: Path) -> None:
        self._pool = pool
        self._rest = rest
        self._name = name
        self._work = work
        pool.concepts.begin(name, sentence)
        pool.concept(name).definition.propose().wait()
        pool.concept(name).definition.mine().wait()

    def next(self, n: int) -> list[str]:
        return [picture.path for picture in self._pool.concept(self._name).labels.next_pictures(n)]

    def answer(self, answers: Mapping[str, Answer]) -> int:
        file = self._work / "answers.csv"
        with file.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["path", "label"])
            writer.writerows(answers.items())
        self._pool.concept(self._name).label_files.import_file(
            file, author="simulated from labels.csv", simulated=True
        )
        return len(answers)

    def wall(self) -> list[str]:
        return []

    def looked(self, clicked: Sequence[str]) -> int:
        return 0

    def framed(self, person: SimulatedPerson) -> int:
        return 0

    def measured(self, person: SimulatedPerson) -> Measures:
        return Measures(average_precision(self._scores(), person))

    def _scores(self) -> dict[str, float]:
        self._pool.concept(self._name).versions.train().wait()
        bundle = self._pool.concept(self._name).exports.write(self._work / "bundle")
        scores = self._work / "scores.csv"
        self._rest.scoring.score(Path(bundle.folder), [], scores).wait()
        with scores.open(newline="", encoding="utf-8") as stream:
            return {row["path"]: float(row["score"]) for row in csv.DictReader(stream)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("dataset", choices=["grocery", "grocery-held-out", "oasis"])
    parser.add_argument("--seeds", type=int, default=1, help="random pools")
    parser.add_argument("--budgets", type=int, nargs="+", default=[0, 20, 50, 100])
    options = parser.parse_args()
    data = os.environ.get("DISCERN_EVAL_DATA")
    if not data:
        sys.exit("Set DISCERN_EVAL_DATA to the folder of the labelled pictures.")
    folder = (Path(data) / options.dataset.split("-")[0]).absolute()
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as stream:
        labels = {str(folder / row["path"]): row for row in csv.DictReader(stream)}
    rows: list[Row] = []
    for seed in range(options.seeds):
        with tempfile.TemporaryDirectory() as temporary:
            found = one_pool(options.dataset, labels, options.budgets, seed, Path(temporary))
            for concept in found:
                print(f"seed {seed} {concept[0].concept:12}", *_figures(concept), flush=True)
                rows += concept
    print(f"\nsimulated person; mean average precision over {options.seeds} pools after n answers")
    print(*as_table(rows), sep="\n")


def one_pool(
    dataset: str, labels: dict[str, Label], budgets: Sequence[int], seed: int, work: Path
) -> Iterator[list[Row]]:
    """The rows of one concept after the other, on a random part of the pictures."""
    paths = list(labels)
    order = [paths[i] for i in np.random.default_rng(seed).permutation(len(paths))]
    size = 600 if dataset == "oasis" else 2700
    pool, rest = library(work / "pool", order[:size]), library(work / "rest", order[size:])
    for name, (sentence, truth) in concepts_of(dataset).items():
        person = SimulatedPerson(lambda path, truth=truth: truth(labels[path]))  # type: ignore[misc]
        session = ProductSession(pool, rest, name, sentence, work)
        yield run(session, person, budgets, Case(name, "default", seed))


def _figures(rows: Sequence[Row]) -> list[str]:
    return [f"{row.average_precision:.3f}" for row in rows]


if __name__ == "__main__":
    main()
