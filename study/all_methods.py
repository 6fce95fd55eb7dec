"""Every way to learn, to ask and to rank that the laboratory has, beside the app, on every list.

    DISCERN_EVAL_DATA=… python -m study.all_methods OUT [--seeds 2] [--methods mixed,herding]

A night on two cores; run again it goes on where it was. Simulated people answer. What it finds is kept in
`docs/study/all-methods.json`, from which `python -m study.systems` writes `docs/methods.md`; rows of methods
that weren't run stay.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from concepts.learning.acquisition import ACQUISITIONS
from concepts.learning.heads import HEADS
from concepts.learning.scorers import SCORERS
from study.harness import Row
from study.methods import DEFAULT
from study.scorers import ZERO_SHOT
from study.statistics import by_concept, paired
from study.study import Study, run_study
from study.walls import WALLS

LISTS_IN = Path(__file__).parents[1] / "docs" / "study"
KEPT = LISTS_IN / "all-methods.json"
FILE, LIBRARY = "average_precision", "average_precision_library"
# Ways that stand in the app itself, or that another one asks for where it suits.
OF_THE_APP = ("auto", "line", "text", "lda", "logistic", "head", "blend", "words", "wall")
# Ways to use what machines say, and what the app makes of the same machines.
BESIDE = (
    "annotator85",
    "annotator85+disputed",
    "three_annotators",
    "three_annotators+soft_targets",
    "borrowed",
)
ALONE_THE_APP = "disputed"  # without a machine


@dataclass(frozen=True)
class List:
    """Concepts in a TOML file, over the pictures of a labelled set."""

    name: str
    data: str
    concepts: str
    budgets: tuple[int, ...]
    slips: float = 0.0


LISTS = (
    List("usual", "grocery", "grocery.toml", (30, 80, 160)),
    List("rarer", "grocery", "grocery-rarer.toml", (30, 80, 160)),
    List("eight kinds", "grocery", "grocery-facets.toml", (50, 100, 200)),
    List("rarer with 5 % slips", "grocery", "grocery-rarer.toml", (30, 80, 160), 0.05),
    List("moods", "oasis", "oasis.toml", (30, 75, 150)),
)


def methods() -> dict[str, str]:
    """Each way of the laboratory → what it is judged by: the exported file, or the ranking of the library.
    Those that hear words alone are judged in `docs/study/words.md`."""
    learn_and_ask = dict.fromkeys([*HEADS, *ACQUISITIONS, *WALLS, *BESIDE], FILE)
    found = learn_and_ask | dict.fromkeys(SCORERS, LIBRARY)
    return {
        name: measure
        for name, measure in found.items()
        if name not in (*OF_THE_APP, *ZERO_SHOT, ALONE_THE_APP)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--methods", help="names with commas between them; without it, all")
    parser.add_argument("--lists", help="names with commas between them; without it, all")
    options = parser.parse_args()
    data = os.environ.get("DISCERN_EVAL_DATA")
    if not data:
        sys.exit("Set DISCERN_EVAL_DATA to the folder of the labelled pictures.")
    chosen = options.methods.split(",") if options.methods else list(methods())
    lists = [one for one in LISTS if not options.lists or one.name in options.lists.split(",")]
    for one in lists:
        study = Study(
            data=Path(data).absolute() / one.data,
            concepts=LISTS_IN / one.concepts,
            out=options.out.absolute() / one.data,  # a library for all its lists
            methods=(DEFAULT, *chosen),
            budgets=one.budgets,
            seeds=options.seeds,
            encoders=("embedded",),
            start_positives=0,
            noise=(one.slips, one.slips),
        )
        study.out.mkdir(parents=True, exist_ok=True)
        print(one.name, file=sys.stderr)
        keep(one, run_study(study, _tell).rows, chosen, options.seeds)


def _tell(done: int, of: int | None, what: str) -> None:
    print(f"{what}: {done:,} of {of or 0:,}", end="   \r", file=sys.stderr, flush=True)


def keep(one: List, rows: Iterable[Row], names: Iterable[str], seeds: int) -> None:
    """Writes down what the app reaches on a list, and by how much each method differs: mean and 95 % interval
    over concepts, at each budget that it reached."""
    of = {name: [row for row in rows if row.method == name] for name in (DEFAULT, *names)}
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    found = kept.setdefault(one.name, {"methods": {}})
    for measure in (FILE, LIBRARY):
        app = by_concept(of[DEFAULT], measure)
        means = {b: float(np.mean([by[b] for by in app.values()])) for b in one.budgets}
        found[measure] = {str(b): round(mean, 4) for b, mean in means.items()}
    for name in names:
        measure = methods()[name]
        theirs, app = by_concept(of[name], measure), by_concept(of[DEFAULT], measure)
        differences = {str(b): paired(theirs, app, b) for b in one.budgets}
        found["methods"][name] = {
            "measure": measure,
            "seeds": seeds,
            "differences": {
                b: [round(v, 4) for v in (d.mean, d.low, d.high)] for b, d in differences.items() if d
            },
        }
    KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
