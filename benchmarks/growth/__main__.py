"""What each kind of work costs at several sizes of a library, and with which power of the size it grows.

    python -m benchmarks.growth [--sizes 1000 10000 100000 1000000] [--files 100000] [--features FILE.npy]

Everything is made up: rows in SQL, vectors of 512 numbers, tiny pictures (up to `--files` of them, as they
are real files), an encoder that costs next to nothing. `--features` (n, d) of real pictures are what the
vectors are then made of. Costs are seconds of the processor, of all threads of the
process, which others who use the machine change less than the clock. Each size has a process of its own.

The exponent is the slope of log cost over log size among the sizes whose cost is at least four times that of
the smallest, so that what is fixed weighs little; `–` where there are fewer than two of them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from benchmarks.growth import steps
from benchmarks.growth.made_up import unit_vectors
from benchmarks.growth.steps import Cost

SIZES = (1_000, 10_000, 100_000, 1_000_000)
FILES = 100_000
GROWN = 4  # times the cost of the smallest size: then a quarter at most of it is fixed
PEAK = "memory"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--files", type=int, default=FILES, help="the most tiny pictures that are added")
    parser.add_argument("--features", type=Path)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        for cost in one_size(given.one, given.files, given.features):
            print(json.dumps(asdict(cost)), flush=True)
        return
    found: dict[str, dict[int, Cost]] = {}
    for size in sorted(given.sizes):
        for cost in _apart(size, given.files, given.features):
            found.setdefault(cost.work, {})[size] = cost
            print(f"{size:>10,}  {_line(cost)}", flush=True)
    print(*table(found, sorted(given.sizes)), sep="\n")


def one_size(size: int, files: int, features: Path | None) -> Iterator[Cost]:
    with tempfile.TemporaryDirectory() as folder:
        if size <= files:
            yield from steps.of_files(Path(folder) / "files", size)
        yield from steps.of_library(Path(folder) / "library", size, unit_vectors(size, features))
        yield Cost(PEAK, 0, 0, f"{steps.peak_memory() / 2**20:,.0f} MB at most")


def _apart(size: int, files: int, features: Path | None) -> Iterator[Cost]:
    command = [sys.executable, "-m", "benchmarks.growth", "--one", str(size), "--files", str(files)]
    command += ["--features", str(features)] if features else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            yield Cost(**json.loads(line))


def _line(cost: Cost) -> str:
    spent = "" if cost.work == PEAK else f"{cost.processor:10.3f} s, {cost.clock:10.3f} by the clock"
    return f"{cost.work:34}{spent}  {cost.more}"


def table(found: dict[str, dict[int, Cost]], sizes: list[int]) -> Iterator[str]:
    """In Markdown: seconds of the processor at each size, and the exponent."""
    yield ""
    yield "| work | " + " | ".join(f"{size:,}" for size in sizes) + " | exponent |"
    yield "|---" * (len(sizes) + 2) + "|"
    for work, costs in found.items():
        if work != PEAK:
            cells = [f"{costs[size].processor:.3g}" if size in costs else "" for size in sizes]
            power = exponent({size: cost.processor for size, cost in costs.items()})
            yield f"| {work} | " + " | ".join(cells) + f" | {'–' if power is None else f'{power:.2f}'} |"


def exponent(costs: dict[int, float]) -> float | None:
    """Of sizes and what each costs; None where fewer than two are well above the smallest."""
    least = costs[min(costs)]
    grown = sorted(size for size, cost in costs.items() if cost >= GROWN * least)
    if len(grown) < 2:
        return None
    log = np.log([(size, costs[size]) for size in grown])
    return float(np.polyfit(log[:, 0], log[:, 1], 1)[0])


if __name__ == "__main__":
    main()
