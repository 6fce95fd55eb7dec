"""What a study found: rows and timings as Parquet, and a report for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from study.harness import Row
from study.statistics import LEVELS, by_concept, paired, seconds_to_reach, spread, work_to_reach
from study.study import ALL_LABELS, Found, Study

LIBRARY = "average_precision_library"
DASHES = ("", "8 4", "2 3", "10 3 2 3", "4 2", "1 4")


def as_table(rows: Sequence[Row]) -> list[str]:
    """Lines: mean average precision over the seeds, one line a concept and method, one column a budget; last
    the mean over concepts of each method."""
    budgets = sorted({row.budget for row in rows})
    lines = [f"{'':32}" + "".join(f"{budget:>7}" for budget in budgets)]
    for method in dict.fromkeys(row.method for row in rows):
        means = by_concept(row for row in rows if row.method == method)
        for concept, by in means.items():
            lines.append(_line(f"{concept} ({method})", [by.get(b, float("nan")) for b in budgets]))
        overall = [float(np.mean([by.get(b, float("nan")) for by in means.values()])) for b in budgets]
        lines.append(_line(f"mean ({method})", overall))
    return lines


def _line(name: str, values: Iterable[float]) -> str:
    return f"{name:32}" + "".join(f"{value:7.3f}" for value in values)


def _looks(study: Study, found: Found) -> list[str]:
    """Writes down beside a confirming list that it was looked at: each look makes what it shows a little less
    new. All looks at the list so far, this one included; none for a tuning list. The same study again, with
    nothing new in it, is no look."""
    if found.file.kind != "confirming":
        return []
    file = study.concepts.with_suffix(".looks.txt")
    looks = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    what = f"{', '.join(study.compared)}; budgets {', '.join(map(str, study.budgets))}; {study.seeds} seeds"
    if study.start_positives:
        what += f"; {study.start_positives} given"
    if any(study.noise):
        what += "; slips {:.0%} and {:.0%}".format(*study.noise)
    if not any(look.partition(": ")[2] == what for look in looks):
        looks.append(f"{datetime.now(UTC).date()}: {what}")
        file.write_text("\n".join(looks) + "\n", encoding="utf-8")
    return looks


def write_results(study: Study, found: Found) -> list[Path]:
    """`runs.parquet` (the same bytes from the same seeds), `timings.parquet`, and the report twice."""
    # pyarrow takes a second to load, and only a study's end needs it
    import pyarrow as pa
    import pyarrow.parquet as pq

    facts = _facts(study, found)  # first: it notes the look
    files = [study.out / name for name in ("runs.parquet", "timings.parquet", "report.md", "report.html")]
    runs = {f.name: [getattr(row, f.name) for row in found.rows] for f in fields(Row)}
    pq.write_table(pa.table(runs), files[0])
    cases = [asdict(case) for case in found.seconds]
    times = {name: [case[name] for case in cases] for name in ("concept", "method", "seed")}
    pq.write_table(pa.table(times | {"seconds": list(found.seconds.values())}), files[1])
    for file in files[2:]:
        file.write_text(TEMPLATES.get_template(f"{file.name}.jinja").render(facts), encoding="utf-8")
    return files


def _facts(study: Study, found: Found) -> dict[str, Any]:
    all_labels = [study.named(ALL_LABELS, encoder) for encoder in study.encoders]
    rows = {m: [row for row in found.rows if row.method == m] for m in (*study.compared, *all_labels)}
    reach = {m: {c: next(iter(b.values())) for c, b in by_concept(rows[m]).items() if b} for m in all_labels}
    full = reach[all_labels[0]]
    means = {method: by_concept(rows[method]) for method in study.compared}
    budgets = sorted({budget for of in means.values() for by in of.values() for budget in by})
    quality = {method: _over_concepts(of, budgets) for method, of in means.items()}
    seconds = {m: _over_concepts(by_concept(rows[m], "person_seconds"), budgets) for m in means}
    aim = _mean(full.values())
    easy = _easy(full, means, budgets)
    groups = {"all": list(full), "easy": easy, "hard": [c for c in full if c not in easy]}
    return {
        "study": study,
        "found": found,
        "looks": _looks(study, found),
        "budgets": budgets,
        "concepts": list(full),
        "full": full,
        "reach": {m.removeprefix(ALL_LABELS): _mean(of.values()) for m, of in reach.items()},
        "means": means,
        "training": {
            b: _mean(r.training_answers for r in rows[study.compared[0]] if r.budget == b) for b in budgets
        },
        "groups": {
            name: {
                method: _over_concepts({c: of.get(c, {}) for c in members}, budgets)
                for method, of in means.items()
            }
            for name, members in groups.items()
            if members
        },
        "members": groups,
        "library": {m: _over_concepts(by_concept(rows[m], LIBRARY), budgets) for m in means},
        "facets": {
            method: {b: _mean(row.facets for row in of if row.budget == b) for b in budgets}
            for method, of in rows.items()
            if method in means and any(row.facets > 0 for row in of)
        },
        "waits": {method: max(row.search_waits for row in of) for method, of in rows.items()},
        "relative": {
            method: {b: _mean(of[c][b] / full[c] for c in full if b in of.get(c, {})) for b in budgets}
            for method, of in means.items()
        },
        "spread": {method: spread(of) for method, of in rows.items()},
        "paired": {
            (method, measure): {b: paired(by_concept(rows[method], measure), base, b) for b in budgets}
            for measure in ("average_precision", LIBRARY)
            for base in [by_concept(rows[study.compared[0]], measure)]
            for method in study.compared[1:]
        },
        "reached": {
            (method, level): list(work_to_reach(rows[method], full, level).values())
            for method in means
            for level in LEVELS
        },
        "seconds": {
            method: [seconds_to_reach(quality[method], seconds[method], level * aim) for level in LEVELS]
            for method in means
        },
        "levels": LEVELS,
        "measures": {"average_precision": "the exported file", LIBRARY: "the ranking of the library"},
        "curves": [_curve(number, method, of) for number, (method, of) in enumerate(means.items())],
    }


def _easy(
    full: Mapping[str, float], means: Mapping[str, Mapping[str, Mapping[int, float]]], budgets: Sequence[int]
) -> list[str]:
    """The half of the concepts in which the first method comes nearer to what all labels reach at the middle
    budget."""
    first, middle = next(iter(means.values())), budgets[len(budgets) // 2]
    order = sorted(full, key=lambda c: -first.get(c, {}).get(middle, 0.0) / max(full[c], 1e-9))
    return order[: (len(order) + 1) // 2]


def _curve(number: int, method: str, of: Mapping[str, Mapping[int, float]]) -> dict[str, Any]:
    """A line of the drawing, 600 by 300: answers on a square-root scale, so that the first ones have room."""
    budgets = sorted({budget for by in of.values() for budget in by})
    most = max(budgets, default=1) or 1
    points = [(sqrt(b / most), _mean(by[b] for by in of.values() if b in by)) for b in budgets]
    path = " ".join(f"{40 + 550 * x:.1f},{280 - 260 * y:.1f}" for x, y in points)
    return {"method": method, "points": path, "dash": DASHES[number % len(DASHES)], "number": number}


def _over_concepts(of: Mapping[str, Mapping[int, float]], budgets: Sequence[int]) -> dict[int, float]:
    """Budget → mean over the concepts."""
    return {b: _mean(by[b] for by in of.values() if b in by) for b in budgets}


def _mean(values: Iterable[float]) -> float:
    kept = [value for value in values if not np.isnan(value)]
    return float(np.mean(kept)) if kept else float("nan")


def _figure(value: float, digits: int = 3) -> str:
    return "–" if np.isnan(value) else f"{value:.{digits}f}"


TEMPLATES = Environment(
    loader=PackageLoader(__package__, "templates"),
    autoescape=select_autoescape(enabled_extensions=("html.jinja",)),
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
TEMPLATES.filters["figure"] = _figure
