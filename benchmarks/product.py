"""The whole product as a session of the study: a library that asks, and a bundle that scores."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from concepts.settings import load_settings
from concepts.workbench import Workbench
from study.harness import Measures, average_precision
from study.people import Answer, SimulatedPerson


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

    def __init__(self, pool: Workbench, rest: Workbench | None, name: str, sentence: str, work: Path) -> None:
        self._pool = pool
        self._rest = rest
        self._name = name
        self._work = work
        pool.concepts.begin(name, sentence)
        pool.concept(name).definition.propose().wait()
        pool.concept(name).definition.mine().wait()

    def next(self, n: int) -> list[str]:
        return [picture.path for picture in self._pool.concept(self._name).labels.next_pictures(n)]

    def evaluation_set(self) -> list[str]:
        """What the product drew to measure with."""
        waiting = self._pool.concept(self._name).labels.next_pictures(10_000, purpose="evaluation")
        return [picture.path for picture in waiting]

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

    def measured(self, person: SimulatedPerson) -> Measures:
        return Measures(average_precision(self._scores(), person))

    def _scores(self) -> dict[str, float]:
        assert self._rest is not None, "there is no library to measure on"
        self._pool.concept(self._name).versions.train().wait()
        bundle = self._pool.concept(self._name).exports.write(self._work / "bundle")
        scores = self._work / "scores.csv"
        self._rest.scoring.score(Path(bundle.folder), [], scores).wait()
        with scores.open(newline="", encoding="utf-8") as stream:
            return {row["path"]: float(row["score"]) for row in csv.DictReader(stream)}
