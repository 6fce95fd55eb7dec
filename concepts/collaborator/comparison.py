"""What a comparison of annotators found: each against the person, and against what is in use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from concepts.collaborator.setups import Setup, estimated, model_of
from concepts.definition.document import Definition
from concepts.learning.base import Bools, Votes
from concepts.learning.intervals import paired_change, wilson
from concepts.settings import Settings
from concepts.view import View

ERROR = 0.05  # of all comparisons with the setup in use together


class Compared(View):
    """How one setup agreed with the person. `usd` and `seconds` are a picture's: measured where all was asked
    anew, else `usd` is the estimate and `seconds` unknown. `change`: in agreement against the setup in use,
    with an interval charged for how many were tried."""

    annotator: str
    large: bool
    examples: bool
    repeats: bool
    name: str
    agree: int
    agreement: float
    low: float
    high: float
    unsure: int
    failed: int
    usd: float | None
    measured: bool
    seconds: float | None
    change: float
    change_low: float
    change_high: float
    in_use: bool
    recommended: bool


class Substitute(View):
    """Whether the recommended setup may answer for people (alt-test): it matches `won` of `people`."""

    people: int
    won: int
    shared: int
    advantage: float
    passes: bool


class AnnotatorsCompared(View):
    """`pictures` of the person's answers, half of which count. `stopped`: why not all setups were tried."""

    definition: int
    pictures: int
    setups: list[Compared]
    reason: str
    substitute: Substitute | None
    calls: int
    cost_usd: float
    stopped: str


@dataclass(frozen=True)
class ComparisonCost:
    """What asking all pictures took this time; what was known before took nothing."""

    calls: int
    usd: float
    seconds: float


def compare(
    found: Sequence[tuple[Setup, str, Votes, int, ComparisonCost]],
    yes: Bools,
    definition: Definition,
    settings: Settings,
) -> list[Compared]:
    """Setups with their votes (n,), the one in use first, against what the person said (n,)."""
    if not found:
        return []
    person = np.where(yes, 1, -1)
    right = [votes == person for _, _, votes, _, _ in found]
    error = ERROR / max(len(found) - 1, 1)
    changes = [paired_change(right[0], one, error) for one in right]
    surely = [row for row, change in enumerate(changes) if row and change.low > 0]
    best = max(surely, key=lambda row: int(right[row].sum()), default=0)
    compared = []
    for row, (setup, name, votes, failed, spent) in enumerate(found):
        n, agree = len(yes), int(right[row].sum())
        low, high = wilson(agree / n, n)
        anew = spent.calls >= n
        estimate = estimated(setup, definition, settings, 1).usd
        unpriced = model_of(setup, settings)[0] and not model_of(setup, settings)[1]
        compared.append(
            Compared(
                **asdict(setup),
                name=name,
                agree=agree,
                agreement=agree / n,
                low=low,
                high=high,
                unsure=int((votes == 0).sum()) - failed,
                failed=failed,
                usd=None if unpriced else spent.usd / n if anew else estimate,
                measured=anew,
                seconds=spent.seconds / n if anew or setup.annotator == "builtin" else None,
                change=changes[row].change,
                change_low=changes[row].low,
                change_high=changes[row].high,
                in_use=row == 0,
                recommended=row == best,
            )
        )
    return compared


def reason_of(compared: Sequence[Compared]) -> str:
    best = next((c for c in compared if c.recommended), None)
    if best is None or len(compared) < 2:
        return ""
    tried = f"{len(compared) - 1} others were tried, and the intervals allow for that"
    if best.in_use:
        return f"None of the others surely agrees with you more often; {tried}."
    low, high = (round(100 * x) for x in (best.change_low, best.change_high))
    return f"It surely agrees with you more often than what is in use: by {low} to {high} of 100; {tried}."
