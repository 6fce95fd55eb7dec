"""How many pictures count, said before there is a version: from what was drawn to measure with, and nothing
else. What contact sheets showed was chosen to show every kind, so it is told and makes no rate."""

from __future__ import annotations

import math

from pydantic import computed_field

from concepts.labelling.dataset import ConceptDataset
from concepts.learning.evaluation import FEWEST
from concepts.learning.intervals import counted
from concepts.learning.waves import LOOKS, error_at
from concepts.results.measured_sample import MeasuredSample
from concepts.view import View
from storage.frames import Frame

RARE = 0.05  # share of pictures that count, below which single questions seldom meet one
MAY_BE = 0.2  # and the highest that is likely, above which nobody can call it rare yet
FIND_MORE = "Sheets and grids find them faster."


def is_rare(value: float, high: float, pictures: int) -> bool:
    """Of how many about `value` and at most `high` count."""
    return value < RARE * pictures and high <= MAY_BE * pictures


class Rarity(View):
    """`yes` of `n` test pictures count; so do about `value` of the library's `pictures`, near-duplicates
    counted once, with a 95 % interval that holds at every look."""

    n: int
    yes: int
    pictures: int
    value: float
    low: float
    high: float
    walls: int  # looked through so far
    on_walls: int  # pictures of them

    @property
    def rare(self) -> bool:
        return is_rare(self.value, self.high, self.pictures)

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property
    @property
    def sentence(self) -> str:
        """How rare it is and what that takes; empty unless it is rare."""
        return self.said()

    def said(self, labels: int = 0) -> str:
        """The same where there are this many test labels by now: what it takes is known again at the next
        look."""
        if not self.rare:
            return ""
        later = labels > self.n
        about = f"about {round(self.value):,}, " if self.yes else ""
        known = (
            f"Rare: {self.yes:,} of {'the first ' if later else ''}{self.n:,} test pictures "
            f"{'counts' if self.yes == 1 else 'count'}, so "
            f"{about}at most {math.floor(self.high):,} of {self.pictures:,} pictures do."
        )
        sheets = ""
        if self.walls:
            them = "1 contact sheet" if self.walls == 1 else f"{self.walls:,} contact sheets"
            sheets = f"Looked through: {them} ({self.on_walls:,} pictures)."
        return " ".join(filter(None, (known, "" if later else self._effort, sheets, FIND_MORE)))

    @property
    def _effort(self) -> str:
        """Test labels until enough of them count, at the rate so far, or at the highest that is likely; empty
        where enough do."""
        if self.yes >= FEWEST:
            return ""
        takes = math.ceil(FEWEST * (self.n / self.yes if self.yes else self.pictures / self.high))
        if takes > LOOKS[-1]:
            return f"Even {LOOKS[-1]} test labels, the most there are, give only rough figures."
        about = "About" if self.yes else "At least"
        return f"{about} {max(takes - self.n, 2):,} more test labels for reliable figures."


def rarity(drawn: MeasuredSample, dataset: ConceptDataset, walls: list[list[str]]) -> Rarity | None:
    """By what was `drawn` to measure with. None before the first wave, which is drawn with equal chances, is
    answered, and for a set from outside.

    There and at each look of `concepts.learning.waves`, not in between: looking more often would be wrong
    more often. By exact intervals of each stratum (`concepts.learning.intervals.counted`).
    """
    about = {"walls": len(walls), "on_walls": len({picture for wall in walls for picture in wall})}
    if drawn.draws is not None:
        found = drawn.counted.figure("yes")
        if found is None:
            return None
        high = min(found.high, float(drawn.covered))
        return Rarity(
            n=len(drawn.ids),  # the figure rests on what was answered before a wave too, drawn for nothing
            yes=int(drawn.truth.sum()),
            pictures=drawn.covered,
            value=found.value,
            low=found.low,
            high=high,
            **about,
        )
    first = [i for i, wave in dataset.wave_of.items() if wave == 1]
    if not first or not all(i in dataset.blind for i in first):
        return None
    if Frame.of(dataset.waves[0].looks_in).ids != dataset.frame.ids:
        return None  # it is about another part of the library
    decided = [dataset.blind[i] for i in first if dataset.blind[i].decided]
    yes, frame = sum(decision.value == "yes" for decision in decided), dataset.waves[0].frame
    if not decided:
        return None
    limits = counted(yes, len(decided), frame, error_at(len(decided)))
    low, high = (float(limit[0]) for limit in limits)
    n = len(decided)
    return Rarity(n=n, yes=yes, pictures=frame, value=frame * yes / n, low=low, high=high, **about)
