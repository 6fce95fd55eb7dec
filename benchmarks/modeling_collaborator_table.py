"""Modeling Collaborator's table from what `benchmarks.modeling_collaborator` has run, as Markdown.

    PYTHONPATH=tests python -m benchmarks.modeling_collaborator_table --work DIR

Everything in it is SIMULATED. Each concept is the mean of its seeds; intervals are a bootstrap over concepts.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.modeling_collaborator import read_rows
from study.statistics import Difference, paired

ARMS = {
    "name": "name alone",
    "sentence": "sentence alone",
    "cupl": "CuPL-type prompts",
    "annotator": "annotator alone",
    "agile_100": "Agile Modeling, 100 answers",
    "agile_500": "Agile Modeling, 500 answers",
    "agile_2000": "Agile Modeling, 2,000 answers",
    "machine": "machine labels only",
    "machine_100": "machine + 100 answers",
    "deliberation": "machine + 100 answers, with deliberation",
}
OURS, THEIRS = "machine_100", "agile_2000"
PAIRS = (
    (OURS, THEIRS),
    ("deliberation", THEIRS),
    (OURS, "agile_100"),
    ("deliberation", OURS),
    (OURS, "machine"),
    (OURS, "name"),
)

Table = dict[str, dict[tuple[str, str, str], float]]  # concept → (arm, who, measure) → mean of the seeds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    rows: list[Any] = read_rows(parser.parse_args().work / "table.jsonl")
    table = means(rows)
    easy, hard = halves(table)
    print(f"SIMULATED. {len(rows)} runs, {len(table)} concepts. Easy: {', '.join(easy)}. ", end="")
    print(f"Hard: {', '.join(hard)}.\n")
    groups = {"all": list(table), "easy": easy, "hard": hard}
    print(*arms(table, groups), "", *differences(table, groups), "", *concepts(table), sep="\n")
    print("", *effort(rows), "", *in_steps(rows), sep="\n")


def means(rows: Sequence[Any]) -> Table:
    found: dict[str, dict[tuple[str, str, str], list[float]]] = {}
    for row in rows:
        of = found.setdefault(row["concept"], {})
        for arm, facts in row["arms"].items():
            for who in ("zero_shot", "teacher", "student"):
                for measure, value in facts.get(who, {}).items():
                    who_ = "student" if who == "zero_shot" else who
                    of.setdefault((arm, who_, measure), []).append(value)
    return {name: {key: float(np.mean(of[key])) for key in of} for name, of in found.items()}


def halves(table: Table) -> tuple[list[str], list[str]]:
    """By the F1 of the name alone at its best threshold."""
    order = sorted(table, key=lambda name: -table[name]["name", "student", "best_f1"])
    return order[: -(-len(order) // 2)], order[-(-len(order) // 2) :]


def arms(table: Table, groups: dict[str, list[str]]) -> list[str]:
    """F1 as flagged, at the best threshold where there is none, and average precision."""
    heads = [f"{who} {m}, {g}" for g in groups for who in ("teacher", "student") for m in ("F1", "AP")]
    lines = [f"| | {' | '.join(heads)} |", f"|---|{'---|' * len(heads)}"]
    for arm, said in ARMS.items():
        cells = []
        for names in groups.values():
            for who in ("teacher", "student"):
                for measure in ("f1", "ap"):
                    cells.append(_mean(table, names, arm, who, measure))
        lines.append(f"| {said} | {' | '.join(cells)} |")
    return lines


def _mean(table: Table, names: list[str], arm: str, who: str, measure: str) -> str:
    keys = [(arm, who, measure), (arm, who, f"best_{measure}")]
    key = next((k for k in keys if names and k in table[names[0]]), None)
    if key is None:
        return ""
    mark = "*" if key[2].startswith("best") else ""
    return f"{np.mean([table[name][key] for name in names]):.3f}{mark}"


def differences(table: Table, groups: dict[str, list[str]]) -> list[str]:
    lines = ["| difference of students | | " + " | ".join(groups) + " |", f"|---|---|{'---|' * len(groups)}"]
    for ours, theirs in PAIRS:
        for measure, said in (("ap", "AP"), ("best_f1", "F1 at the best threshold")):
            cells = [str(difference(table, names, ours, theirs, measure) or "") for names in groups.values()]
            lines.append(f"| {ARMS[ours]} − {ARMS[theirs]} | {said} | {' | '.join(cells)} |")
    return lines


def difference(table: Table, names: list[str], ours: str, theirs: str, measure: str) -> Difference | None:
    of = [{name: {0: table[name][arm, "student", measure]} for name in names} for arm in (ours, theirs)]
    return paired(of[0], of[1], 0)


def concepts(table: Table) -> list[str]:
    arms_ = ("name", "annotator", "agile_100", "agile_2000", "machine", "machine_100", "deliberation")
    lines = [f"| AP | {' | '.join(ARMS[a] for a in arms_)} |", f"|---|{'---|' * len(arms_)}"]
    for name in table:
        cells = [_mean(table, [name], a, "teacher" if a == "annotator" else "student", "ap") for a in arms_]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def effort(rows: Sequence[Any]) -> list[str]:
    lines = ["| | answers | machine labels |", "|---|---|---|"]
    for arm, said in ARMS.items():
        of = [row["arms"][arm] for row in rows]
        answers, labels = (sorted(one[what] for one in of if what in one) for what in ("answers", "labels"))
        if answers or labels:
            lines.append(f"| {said} | {_range(answers)} | {_range(labels)} |")
    accepted = sum(len(row["arms"]["deliberation"]["accepted"]) for row in rows)
    helped = sum(row["helped"] for row in rows)
    lines += ["", f"{accepted} edits were accepted in {len(rows)} runs; {helped} definitions came to say it."]
    return lines


def _range(values: Sequence[int]) -> str:
    return f"{values[0]} to {values[-1]}" if values else ""


def in_steps(rows: Sequence[Any]) -> list[str]:
    lines = [
        "| definition | pictures | one call agrees | in steps agrees | difference | calls a picture |",
        "|---|---|---|---|---|---|",
    ]
    for which in ("first", "last"):
        of = [row["in_steps"][which] for row in rows]
        by_concept: list[dict[str, dict[int, float]]] = [{}, {}]
        for name in dict.fromkeys(row["concept"] for row in rows):
            ones = [row["in_steps"][which] for row in rows if row["concept"] == name]
            for place, key in enumerate(("right_in_steps", "right")):
                by_concept[place][name] = {0: float(np.mean([one[key] / one["pictures"] for one in ones]))}
        n, once, steps = (sum(one[key] for one in of) for key in ("pictures", "right", "right_in_steps"))
        calls = [np.mean([one[key] for one in of]) for key in ("calls", "calls_in_steps")]
        difference = paired(by_concept[0], by_concept[1], 0) or ""
        lines.append(
            f"| {which} | {n} | {once / n:.3f} | {steps / n:.3f} | {difference} "
            f"| {calls[0]:.2f} and {calls[1]:.2f} |"
        )
    return lines


if __name__ == "__main__":
    main()
