"""`python -m tools.measure`: prints today's figures; with `--check` says what grew, and ends with 1."""

from __future__ import annotations

import argparse
import gc
import json
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.measure.figures import Measured, grown, measure, read_limits, written
from tools.measure.source import Checkout

ROOT = Path(__file__).parents[2]
LIMITS = ROOT / "tools" / "limits.toml"
RUNS_LISTED = 40


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.measure", description="Measures this checkout.")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--check", action="store_true", help="compare with tools/limits.toml")
    parser.add_argument("--screens", action="store_true", help="visible words too: minutes, with Chromium")
    parser.add_argument("--suites", action="store_true", help="run the suites too: many minutes")
    wanted = parser.parse_args()

    gc.disable()  # trees of a thousand modules: looking through them again and again takes most of the time
    checkout = Checkout(ROOT)
    measured = measure(checkout)
    gc.enable()
    if wanted.screens:
        from tools.measure.screens import screen_words  # the product and a browser's driver

        measured.add_screens(screen_words())
    if wanted.suites:
        from tools.measure.suites import suites

        measured.add_suites(suites(ROOT))

    limits = read_limits(LIMITS) if LIMITS.exists() else {}
    if wanted.json:
        print(json.dumps(document(checkout, measured), indent=1, ensure_ascii=False))
    elif not wanted.check:
        print("\n".join(table(measured, limits)))
    if not wanted.check:
        return 0
    problems = grown(measured.figures, limits)
    for line in words_table(measured):
        print(line)
    print("\n".join(problems or [f"None of {len(limits)} limits is passed."]), file=sys.stderr)
    return 1 if problems else 0


def document(checkout: Checkout, measured: Measured) -> dict[str, Any]:
    return {
        "commit": checkout.commit + (" with changes" if checkout.is_changed else ""),
        "python": platform.python_version(),
        "figures": measured.figures,
        "sizes": {
            folder: {kind: one._asdict() for kind, one in kinds.items()}
            for folder, kinds in measured.sizes.items()
        },
        "longest_modules": [{"lines": lines, "path": path} for lines, path in measured.longest_modules],
        "class_names_twice": measured.class_names_twice,
        "patches": [patch._asdict() for patch in measured.patches],
        "longest_runs_twice": [run._asdict() for run in measured.runs_twice[:RUNS_LISTED]],
        "screens": {
            name: {width: words._asdict() for width, words in by_width.items()}
            for name, by_width in measured.screens.items()
        },
        "suites": {name: suite._asdict() for name, suite in measured.suites.items()},
    }


def table(measured: Measured, limits: dict[str, float]) -> Iterator[str]:
    yield f"{'folder':<12} {'kind':<11} {'files':>7} {'lines':>9} {'tokens':>11}"
    for folder, kinds in measured.sizes.items():
        for kind, one in kinds.items():
            yield f"{folder:<12} {kind:<11} {one.files:>7,} {one.lines:>9,} {one.tokens:>11,}"
    yield ""
    yield f"{'figure':<40} {'now':>11} {'limit':>11}"
    for name, value in measured.figures.items():
        limit = written(limits[name]) if name in limits else "none"
        yield f"{name:<40} {written(value):>11} {limit:>11}"
    yield from words_table(measured)
    for name, suite in measured.suites.items():
        yield ""
        yield f"make {name}: {suite.tests:,} tests in {suite.seconds:,} s, {suite.skipped} left out"
        yield from (f"{seconds:>9,} s  {file}" for seconds, file in suite.longest)
    yield ""
    yield "changes to other people's libraries"
    yield from (f"{patch.path}:{patch.line}  {patch.kind}: {patch.text}" for patch in measured.patches)


def words_table(measured: Measured) -> Iterator[str]:
    """Visible words of each screen at each width of the window."""
    widths = next(iter(measured.screens.values()), {})
    if widths:
        yield ""
        yield f"{'visible words, folded / unfolded':<32}" + "".join(f"{width:>16}" for width in widths)
    for name, by_width in measured.screens.items():
        counts = (f"{words.folded:,} / {words.unfolded:,}" for words in by_width.values())
        yield f"{name:<32}" + "".join(f"{count:>16}" for count in counts)


if __name__ == "__main__":
    sys.exit(main())
