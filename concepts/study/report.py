"""What a study found, as plain rows and as a table for people."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np

from concepts.study.harness import Row


def write_rows(rows: Sequence[Row], file: Path) -> None:
    """One line a row, as CSV."""
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, [field.name for field in fields(Row)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def as_table(rows: Sequence[Row]) -> list[str]:
    """Lines: mean average precision over the seeds, one line a concept and method, one column a budget; last
    the mean over concepts of each method."""
    budgets = sorted({row.answers for row in rows})
    lines = [f"{'':32}" + "".join(f"{budget:>7}" for budget in budgets)]
    for method in dict.fromkeys(row.method for row in rows):
        means = []
        for concept in dict.fromkeys(row.concept for row in rows):
            found = [[r.average_precision for r in rows if _is(r, concept, method, b)] for b in budgets]
            means.append([float(np.mean(values)) if values else float("nan") for values in found])
            lines.append(_line(f"{concept} ({method})", means[-1]))
        lines.append(_line(f"mean ({method})", np.mean(means, axis=0).tolist()))
    return lines


def _is(row: Row, concept: str, method: str, budget: int) -> bool:
    return (row.concept, row.method, row.answers) == (concept, method, budget)


def _line(name: str, values: Sequence[float]) -> str:
    return f"{name:32}" + "".join(f"{value:7.3f}" for value in values)
