"""Versions whose probabilities were fitted to the library by answers of known probability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from concepts.classifier.training import OF_COPY
from concepts.learning.calibration import Calibration
from concepts.learning.certificates import of_side
from concepts.learning.report import CERTIFIED, Guarantee
from concepts.learning.scaled.heads import moved_cuts
from storage.heads import StoredHead
from storage.tables import now


@dataclass(frozen=True)
class Fit:
    """That a version's probabilities were fitted to the library: slope a and offset c on its logits before,
    all fits since it was trained together; by `answers` of draw `attempt`, `yes` of them yes."""

    a: float
    c: float
    attempt: int
    answers: int
    yes: int
    made_from: int


def fit_of(details: Mapping[str, Any]) -> Fit | None:
    """Of a version's details; None where its probabilities are as they were when it was trained."""
    found = details.get("fitted")
    return Fit(**found) if found else None


def with_fit(
    head: StoredHead, fit: Calibration, attempt: int, answers: int, yes: int, author: str
) -> StoredHead:
    """The same head with other probabilities, which says yes to the same pictures: threshold and certified
    lines go along. To be kept under the next number."""

    def moved(probability: float) -> float:
        return float(fit.moved(np.array(probability)))

    before = fit_of(head.details)
    a, c = (fit.a * before.a, fit.a * before.c + fit.c) if before else (fit.a, fit.c)
    fitted = asdict(Fit(a, c, attempt, answers, yes, head.number))
    details = {key: value for key, value in head.details.items() if key not in OF_COPY}
    details |= {"fitted": fitted, "made_from": head.number, "fitted_by": author}
    for guarantee in Guarantee.all(head.details):
        line = None if guarantee.line is None else moved(guarantee.line)
        floor = of_side(moved(of_side(guarantee.floor, guarantee.side)), guarantee.side)
        moved_line = guarantee.model_copy(update={"line": line, "floor": floor})
        details[CERTIFIED[guarantee.side]] = moved_line.model_dump(mode="json")
    details |= moved_cuts(head.details, fit.a, fit.c)
    weights = fit.a * np.frombuffer(head.weights, "<f8")
    return replace(
        head,
        number=0,
        weights=np.ascontiguousarray(weights, "<f8").tobytes(),
        bias=fit.a * head.bias + fit.c,
        threshold=moved(head.threshold),
        details=details,
        created=now(),
    )
