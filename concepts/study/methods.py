"""What a study compares: combinations of registered ways, by names joined with a plus sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from concepts.errors import DiscernError
from concepts.learning.acquisition import ACQUISITIONS
from concepts.learning.heads import HEADS
from concepts.learning.rounds import Ways
from concepts.learning.scorers import SCORERS
from concepts.learning.wall import WALLS

DEFAULT = "default"  # what the app does today


@dataclass(frozen=True)
class StudyMethod:
    """`ways` learn and ask; `scorer` ranks the library, and where it is empty the head does; a `wall` is
    looked through for as long as there is no yes."""

    ways: Ways = field(default_factory=Ways)
    scorer: str = ""
    wall: str = ""


def study_method(text: str) -> StudyMethod:
    """`margin`, `lda+random`, `wall`, `logistic+margin+blend`: each name a way to ask, a head, a way to rank
    the library or a wall; what isn't named is the app's own.

    Raises `DiscernError`, which lists what there is.
    """
    method = StudyMethod()
    for name in [] if text == DEFAULT else text.split("+"):
        if name in ACQUISITIONS:
            method = replace(method, ways=replace(method.ways, acquisition=name))
        elif name in HEADS:
            method = replace(method, ways=replace(method.ways, head=name))
        elif name in SCORERS:
            method = replace(method, scorer=name)
        elif name in WALLS:
            method = replace(method, wall=name)
        else:
            raise DiscernError(
                f"“{name}” is no method. Join with +: {', '.join(known_names())}; or {DEFAULT} alone."
            )
    return method


def known_names() -> Sequence[str]:
    return list(dict.fromkeys([*ACQUISITIONS, *HEADS, *SCORERS, *WALLS]))
