"""What a concept is answered by, as the forms of the screens say it."""

from __future__ import annotations

from collections.abc import Mapping

from concepts.errors import DiscernError
from concepts.learning.scale import Scale
from concepts.results.concept_views import ScaleView

YES_OR_NO = {"kind": "yes or no", "grades": "5", "counts_from": "", "grade_names": "", "classes": ""}


def scale_of(fields: Mapping[str, str]) -> Scale | None:
    """None for yes or no. Raises `DiscernError`."""
    kind, classes = fields.get("kind", ""), fields.get("classes", "").strip()
    if kind == "graded":
        line = fields.get("counts_from", "").strip()
        n = _number(fields.get("grades", "").strip() or YES_OR_NO["grades"], "How many grades there are")
        counts_from = _number(line, "The grade that pictures count from") if line else None
        return Scale.graded(n, counts_from, fields.get("grade_names", "").split(","))
    if kind == "classes":
        return Scale.of_classes([name for name in classes.split(",") if name.strip()])
    if classes:
        raise DiscernError("You named classes but chose yes or no. Choose classes.")
    return None


def fields_of(scale: ScaleView) -> dict[str, str]:
    """The form that would say it."""
    if scale.kind != "graded":
        return YES_OR_NO | {"kind": scale.kind, "classes": ", ".join(scale.words)}
    n, names = len(scale.words), scale.names
    return YES_OR_NO | {
        "kind": "graded",
        "grades": str(n),
        "counts_from": "" if scale.counts_from == (n + 1) // 2 else str(scale.counts_from),
        "grade_names": ", ".join(names if any(names[1:-1]) else [*names[:1], *names[-1:]]),
    }


def _number(text: str, what: str) -> int:
    if not text.isdecimal():
        raise DiscernError(f"{what} is a number, not “{text[:20]}”.")
    return int(text)
