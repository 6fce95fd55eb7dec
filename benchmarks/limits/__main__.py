"""Every row against its limit: `python -m benchmarks.limits [--quick]`, or `make bench`, `make bench-quick`.

What is measured is written to `benchmarks/results/latest.json`, and set beside what was committed there last;
with `--only` the other rows stay as they are there, and a bar that is missed fails the run. `--quick` takes a
fiftieth of the vectors, a hundredth of the pictures and files, fewer repeats and no network by itself; it
writes nothing, and no bar fails it: bars are those of the whole sizes, and what is fixed weighs more here.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.limits import adding, app, export, library, pages, searching, thumbnails, vectors
from benchmarks.limits.rows import Row, Rows

RESULTS = Path(__file__).parents[1] / "results" / "latest.json"
PARTS: dict[str, Callable[[Path, bool], Rows]] = {
    "vectors": lambda folder, quick: vectors.rows(folder, 20_000 if quick else 1_000_000),
    "app": lambda folder, quick: app.rows(folder, 10_000 if quick else 1_000_000, quick=quick),
    "export": lambda folder, quick: export.rows(folder, 10_000 if quick else 1_000_000),
    "pages": lambda folder, quick: pages.rows(folder, 10_000 if quick else 1_000_000, quick=quick),
    "library": lambda folder, quick: library.rows(folder, 1_000 if quick else 100_000),
    "searching": lambda folder, quick: searching.rows(folder, 20_000 if quick else 1_000_000),
    "thumbnails": lambda folder, quick: thumbnails.rows(folder, 400 if quick else 4_000),
    "adding": lambda folder, quick: adding.rows(folder, 38 if quick else 384, quick=quick),
}
ONE_LIBRARY = ("app", "export", "pages")  # in this order: the last adds to it


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=PARTS, nargs="+")
    arguments = parser.parse_args()
    before = _committed()
    found: list[Row] = []
    print(f"{'':62}{'s':>9}{'least':>9}{'ratio':>8}{'spread':>14}{'bar':>6}{'before':>8}")
    with tempfile.TemporaryDirectory() as shared:
        for name, part in PARTS.items():
            if arguments.only and name not in arguments.only:
                continue
            begun = time.perf_counter()
            with tempfile.TemporaryDirectory() as own:
                folder = Path(shared if name in ONE_LIBRARY else own)
                for row in part(folder, arguments.quick):
                    found.append(row)
                    print(_line(row, before.get(row.row), arguments.quick), flush=True)
            print(f"{name} took {time.perf_counter() - begun:.0f} s.", file=sys.stderr)
    if arguments.quick:
        return
    _keep(found, only=arguments.only is not None)
    bars = [row for row in found if row.bar is not None]
    missed = [row.row for row in bars if not row.met]
    print(f"{len(bars) - len(missed)} of {len(bars)} bars are met.", *missed, sep="\n  ")
    sys.exit(bool(missed))


def _keep(found: list[Row], only: bool) -> None:
    """`only`: a part was measured, whose rows take the place of those there are; the others stay."""
    new = {row.row: row.record() for row in found}
    kept = json.loads(RESULTS.read_text()) if only and RESULTS.exists() else []
    records = [new.pop(record["row"], record) for record in kept]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([*records, *new.values()], indent=1) + "\n")


def _line(row: Row, before: float | None, quick: bool) -> str:
    record = row.record()
    of = [a / b for a, b in zip(row.seconds, row.baseline_seconds, strict=False)] or row.seconds
    least = f"{record['baseline_seconds']:9.3f}" if row.baseline_seconds else f"{'':9}"
    ratio = f"{row.ratio:8.2f}" if row.ratio is not None else f"{'':8}"
    spread = f"{min(of):.2f} to {max(of):.2f}"
    was = f"{before:8.2f}" if before is not None else f"{'':8}"
    bar = f"{row.bar:6g}" if row.bar is not None else f"{'':6}"
    met = "" if row.met or quick else "  not met"
    return f"{row.row:62}{record['seconds']:9.3f}{least}{ratio}{spread:>14}{bar}{was}{met}"


def _committed() -> dict[str, float]:
    """The ratio of each row, or its seconds where it has none, as they were committed last."""
    name = RESULTS.relative_to(Path(__file__).parents[2]).as_posix()
    shown = subprocess.run(["git", "show", f"HEAD:{name}"], capture_output=True, text=True, check=False)
    if shown.returncode:
        return {}
    return {row["row"]: row["ratio"] or row["seconds"] for row in json.loads(shown.stdout)}


if __name__ == "__main__":
    main()
