"""What came of `benchmarks.deliberation`, as Markdown.

    PYTHONPATH=tests python -m benchmarks.deliberation_table FILE.jsonl [FILE.jsonl …]

Everything in it is SIMULATED. Each concept is the mean of its seeds; intervals are a bootstrap over concepts.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from study.statistics import paired

LOSES = -0.02  # of agreement: an edit that should not have been accepted

Rows = dict[str, list[Any]]  # concept → its runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    rows: Rows = defaultdict(list)
    for line in (line for file in parser.parse_args().files for line in file.read_text().splitlines()):
        row = json.loads(line)
        rows[row["concept"]].append(row)
    print(*table(rows), "", *summary(rows), sep="\n")


def table(rows: Rows) -> list[str]:
    lines = [
        "| concept | runs | agreement, first words | last words | right words found | accepted | AP | AP of plain answers | seconds to deliberate |",  # noqa: E501
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for concept, runs in rows.items():
        lines.append(
            f"| {concept} | {len(runs)} | {_mean(runs, 'agreement_first'):.3f} | "
            f"{_mean(runs, 'agreement_last'):.3f} | {sum(run['helped'] for run in runs)} | "
            f"{sum(len(run['changes']) for run in runs)} | {_mean(runs, 'ap'):.3f} | "
            f"{_mean(runs, 'ap_plain'):.3f} | {_mean(runs, 'seconds_of_deliberation'):.0f} |"
        )
    return lines


def summary(rows: Rows) -> list[str]:
    changes = [change for runs in rows.values() for run in runs for change in run["changes"]]
    lost = sum(change < LOSES for change in changes)
    runs = sum(map(len, rows.values()))
    return [
        f"SIMULATED: {runs} runs of {len(rows)} concepts.",
        f"Agreement, last words − first: {_difference(rows, 'agreement_last', 'agreement_first')}.",
        f"Average precision, deliberation − plain answers: {_difference(rows, 'ap', 'ap_plain')}.",
        f"Accepted edits: {len(changes)}, of which {lost} lose more than 2 points of agreement.",
    ]


def _mean(runs: Sequence[Any], what: str) -> float:
    return float(sum(run[what] for run in runs) / len(runs))


def _difference(rows: Rows, ours: str, theirs: str) -> str:
    found = paired(
        {concept: {0: _mean(runs, ours)} for concept, runs in rows.items()},
        {concept: {0: _mean(runs, theirs)} for concept, runs in rows.items()},
        0,
    )
    return str(found or "too few concepts")


if __name__ == "__main__":
    main()
