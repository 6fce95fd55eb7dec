"""Subjective concepts, measured by the product itself: OASIS pictures rated by about a hundred people each.

    DISCERN_EVAL_DATA=… python -m benchmarks.subjective

One library with all pictures. The evaluation set is the one the product draws (a fifth), answered whole by a
SIMULATED person who goes by the mean rating; then 100 answers to what `next` asks, five at a time. Prints
average precision with 95 % intervals beside the baselines. With `--unsure` the simulated person says
"unsure" within 0.15 of the cut, and those pictures neither train nor measure.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.label_efficiency import OASIS, Label
from benchmarks.product import ProductSession, library
from concepts.learning.report import EvaluationReport
from study.harness import ask
from study.people import SimulatedPerson

ANSWERS = 100
BAND = 0.15
CUTS = {
    "Pleasant": ("valence_mean", 5.5),
    "Upsetting": ("valence_mean", 2.5),
    "Exciting": ("arousal_mean", 4.5),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--unsure", action="store_true")
    options = parser.parse_args()
    data = os.environ.get("DISCERN_EVAL_DATA")
    if not data:
        sys.exit("Set DISCERN_EVAL_DATA to the folder of the labelled pictures.")
    folder = (Path(data) / "oasis").absolute()
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as stream:
        labels = {str(folder / row["path"]): row for row in csv.DictReader(stream)}
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        bench = library(work / "home", list(labels))
        print("| concept | way | average precision | 95 % | evaluation pictures |\n|---|---|---|---|---|")
        for name in OASIS:
            session = ProductSession(bench, None, name, OASIS[name][0], work)
            person = simulated_person(name, labels, options.unsure)
            session.answer({path: person.answer(path) for path in session.evaluation_set()})
            ask(session, person, ANSWERS)
            bench.concept(name).versions.train().wait()
            for line in table(name, bench.concept(name).versions.measure()):
                print(line, flush=True)


def simulated_person(name: str, labels: dict[str, Label], unsure: bool) -> SimulatedPerson:
    column, cut = CUTS[name]
    return SimulatedPerson(
        counts=lambda path: OASIS[name][1](labels[path]),
        unsure=(lambda path: abs(float(labels[path][column]) - cut) < BAND) if unsure else None,
    )


def table(name: str, report: EvaluationReport) -> list[str]:
    ways = [(f"Discern, {ANSWERS} answers", report.metrics)]
    ways += [(baseline.name, baseline.metrics) for baseline in report.baselines]
    lines = []
    for way, metrics in ways:
        metric = next(m for m in metrics if m.name == "average_precision")
        value = "too few" if metric.value is None else f"{metric.value:.3f}"
        interval = "" if metric.value is None else f"{metric.low:.3f} to {metric.high:.3f}"
        lines.append(f"| {name} | {way} | {value} | {interval} | {metric.n} |")
    base = next(m for m in report.metrics if m.name == "base_rate")
    lines.append(f"| {name} | (share that counts) | {base.value:.3f} | | {base.n} |")
    return lines


if __name__ == "__main__":
    main()
