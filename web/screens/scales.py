"""What a concept is answered by, as the forms of the screens say it."""

from __future__ import annotations

from collections.abc import Mapping

from concepts.errors import DiscernError
from concepts.learning.scale import Scale

GRADES = 5


def scale_of(fields: Mapping[str, str]) -> Scale | None:
    """None for yes or no. Raises `DiscernError`."""
    kind, classes = fields.get("kind", ""), fields.get("classes", "").strip()
    if kind == "graded":
        return Scale.graded(GRADES)
    if kind == "classes":
        return Scale.of_classes([name for name in classes.split(",") if name.strip()])
    if classes:
        raise DiscernError("You named classes, but chose that it is answered by yes or no. Choose classes.")
    return None
