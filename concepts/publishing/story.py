"""How a concept came about until one of its versions: a section of the model card and of the one-file page.

Both go to people outside. So it counts who labelled and names nobody, and no former name of the concept.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import pairwise

from concepts.classifier.measuring import pictures
from concepts.definition.document import Revision

CHANGES = 10  # definitions that changed it, the last ones
LINES = 3  # that came or went with each of them
LONGEST = 120  # characters of a line


def story_of(
    revisions: Sequence[Revision], rounds: int, people: Collection[int], simulated: int
) -> tuple[str, ...]:
    """In sentences. `revisions`: from the first on; `rounds`: of borderline pictures; `people`: how many
    pictures each of them labelled; `simulated`: how many a simulation did."""
    changes = []
    for before, after in pairwise(revisions):
        # Without the first line, which is the name.
        old, new = (one.definition.as_text().split("\n")[1:] for one in (before, after))
        came, went = ([line.strip() for line in a if line not in b] for a, b in ((new, old), (old, new)))
        said = [f"{verb} {_quoted(lines)}" for verb, lines in (("adds", came), ("removes", went)) if lines]
        if said:
            changes.append(f"Definition {after.number}, {_day(after.created)}: {'; '.join(said)}.")
    counts = ", ".join(f"{n:,}" for n in sorted(people, reverse=True))
    by = f"{len(people)} people labelled pictures: {counts}."
    if len(people) == 1:
        by = f"One person labelled {pictures(*people)}."
    left_out = len(changes) - CHANGES
    return (
        f"Begun on {_day(revisions[0].created)}.",
        *([f"{left_out:,} earlier changes of the definition are left out."] if left_out > 0 else []),
        *changes[-CHANGES:],
        *([f"Rounds of borderline pictures about what it leaves open: {rounds:,}."] if rounds else []),
        *([by] if people else []),
        *([f"A simulated person labelled {pictures(simulated)}."] if simulated else []),
    )


def _quoted(lines: Sequence[str]) -> str:
    shown = [f"“{line if len(line) <= LONGEST else f'{line[:LONGEST]}…'}”" for line in lines[:LINES]]
    more = len(lines) - LINES
    return ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")


def _day(when: datetime) -> str:
    return f"{when.day} {when:%B %Y}"
