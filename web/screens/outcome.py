"""What one gets in the end, as Home shows it: flagged pictures, how right they are, and a file.

Of a concept of one's own where one is measured; else of the result that `python -m docs.first_result` wrote.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import floor
from pathlib import Path

from concepts.classifier.versions import file_stem
from concepts.errors import DiscernError
from concepts.workbench import Workbench
from concepts.workbench.concept_views import ConceptSummary
from web.render import file_name, url

STATIC = Path(__file__).parents[1] / "static" / "start"
SHOWN = 8
SMALL_LIBRARY = 20_000  # pictures whose order a start page can wait for


@dataclass(frozen=True)
class Shown:
    """A flagged picture. `right` is None where nobody looked at it."""

    address: str
    alt: str
    right: bool | None


@dataclass(frozen=True)
class Outcome:
    """`low` and `high`: of `right` of 100 flagged, with 95 % confidence. `where`: where one's own can be put
    to use; empty of the example. `seconds` of answering and what was `computed` beside it are known of that
    alone."""

    name: str
    sentence: str
    pictures: tuple[Shown, ...]
    flagged: int | None
    of: int
    right: float
    low: float
    high: float
    measured: int
    answers: int
    file: str
    where: str = ""
    seconds: int = 0
    computed: int = 0


def outcome_of(bench: Workbench, concepts: Sequence[ConceptSummary]) -> Outcome | None:
    """Of the first of these that was measured; None where none was."""
    measured = next((concept for concept in concepts if concept.quality), None)
    if measured is None:
        return None
    try:
        return _own(bench, measured)
    except DiscernError:  # such as an encoder that can't be loaded now: other screens say so
        return None


def _own(bench: Workbench, concept: ConceptSummary) -> Outcome | None:
    version = bench.concept(concept.name).versions.one(concept.heads)
    metric = version.report.metric("precision") if version.report else None
    if version.report is None or metric is None or None in (metric.value, metric.low, metric.high):
        return None
    count, flagged, shown = bench.library.count(), None, tuple(_counting(concept.cover))
    if count <= SMALL_LIBRARY and (page := bench.concept(concept.name).scores.page("top", limit=SHOWN)):
        flagged = page.flagged
        found = [p for p in page.pictures if p.probability >= page.threshold]
        shown = tuple(
            Shown(
                f"/media/thumbnail/{p.id}",
                file_name(p.path),
                {"yes": True, "no": False}.get(p.said),
            )
            for p in found
        )
    return Outcome(
        name=concept.name,
        sentence=concept.description,
        pictures=shown,
        flagged=flagged,
        of=count,
        right=metric.value or 0.0,
        low=metric.low or 0.0,
        high=metric.high or 0.0,
        measured=version.report.n,
        answers=concept.answers.answers,
        file=f"{file_stem(concept.name, version.number)}.zip",
        where=url("/results", concept.name),
    )


def _counting(ids: Sequence[str]) -> list[Shown]:
    return [Shown(f"/media/thumbnail/{i}", "A picture that counts", None) for i in ids]


@cache
def example() -> Outcome:
    """A real result over free photographs."""
    found = json.loads((STATIC / "result.json").read_text(encoding="utf-8"))
    right, low, high = (floor(100 * share) / 100 for share in found["precision"])  # never 100 of 100
    return Outcome(
        name=found["name"],
        sentence=found["sentence"],
        pictures=tuple(
            Shown(f"/web/start/{one['file']}", one["shows"], one["right"]) for one in found["shown"]
        ),
        flagged=found["flagged"],
        of=found["pictures"],
        right=right,
        low=low,
        high=high,
        measured=found["measured"],
        answers=found["learned"] + found["measured"],
        file=f"{file_stem(found['name'], 1)}.zip",
        seconds=found["seconds"],
        computed=found["computed"],
    )
