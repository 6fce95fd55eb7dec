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
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.label_efficiency import OASIS, Row
from concepts.candidates.selection import NextPicture
from concepts.learning.report import EvaluationReport
from concepts.settings import load_settings
from concepts.workbench import EVALUATION_SIZE, Workbench

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
        rows = {str(folder / row["path"]): row for row in csv.DictReader(stream)}
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        bench = Workbench(load_settings(home=work / "home"))
        bench.pictures.add_pictures([folder], encoder="embedded")
        print("| concept | way | average precision | 95 % | evaluation pictures |\n|---|---|---|---|---|")
        for name in OASIS:
            for line in table(name, run(bench, name, rows, work, options.unsure)):
                print(line, flush=True)


def run(bench: Workbench, name: str, rows: dict[str, Row], work: Path, unsure: bool) -> dict[str, Any]:
    bench.definitions.create_concept(name, OASIS[name][0])
    bench.definitions.expand(name)
    bench.definitions.mine(name)
    answer(
        bench,
        name,
        bench.answers.next_pictures(name, EVALUATION_SIZE, purpose="evaluation"),
        rows,
        work,
        unsure,
    )
    for _ in range(ANSWERS // 5):
        answer(bench, name, bench.answers.next_pictures(name, 5), rows, work, unsure)
    bench.versions.train(name)
    return bench.versions.evaluate(name)


def answer(
    bench: Workbench,
    name: str,
    pictures: Sequence[NextPicture],
    rows: dict[str, Row],
    work: Path,
    unsure: bool,
) -> None:
    column, cut = CUTS[name]
    file = work / "answers.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "label"])
        for picture in pictures:
            row = rows[picture.path]
            near = abs(float(row[column]) - cut) < BAND
            writer.writerow([picture.id, "unsure" if unsure and near else int(OASIS[name][1](row))])
    bench.answers.import_labels(name, file, author="simulated from ratings", simulated=True)


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
