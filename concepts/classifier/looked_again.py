"""A blind second look at answers that measure: pictures a version has right among as many it has wrong.

Who is shown only where a version is wrong finds the slips that speak against it and none of those that speak
for it, so correcting those alone makes any version look better. Here as many of either kind are drawn at
random, with no word about which, so that the slips of both kinds are found alike (two-phase sampling;
Tenenbein 1970). The figures stay with the first answers; what came of the second ones is said beside them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection as Ids
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from concepts.classifier.training import linear_head
from concepts.labels.dataset import Material
from concepts.labels.repeats import comes_again
from concepts.learning.intervals import counted, total
from concepts.library.browsing import PictureView
from concepts.view import View
from storage.heads import StoredHead
from storage.labels import Author, LabelEvent

MOST = 12  # pictures of each kind
ERROR = 0.05


class LookAgain(View):
    """`asked` pictures, half of which version `version` has wrong; `next` is the one to answer now.
    `sentence` says what came of it, once all are answered and not before."""

    version: int
    asked: int
    answered: int
    next: PictureView | None
    sentence: str

    @property
    def is_going(self) -> bool:
        return 0 < self.answered < self.asked


class Corrected(View):
    """A picture that measures and was answered otherwise since: `first` measures, `now` does not."""

    id: str
    path: str
    first: str
    now: str


@dataclass(frozen=True)
class Drawn:
    """Ids drawn of those a version has wrong and of those it has right, out of how many."""

    wrong: list[str]
    right: list[str]
    of_wrong: int
    of_right: int

    def mixed(self, key: str) -> list[str]:
        """In an order that tells nothing."""
        return sorted([*self.wrong, *self.right], key=lambda i: _place(key, "mixed", i))


def draw(material: Material, head: StoredHead, said: Mapping[str, Sequence[LabelEvent]], key: str) -> Drawn:
    """`said`: all that the one who is asked said of pictures that measure, oldest first. The same pictures
    are drawn however far somebody is. Left out are those of which they were told what a version says, and
    those that come back among other questions (`concepts.labels.repeats`): their sample stays random."""
    ids, truth = material.evaluation_labels()
    rows = [n for n, i in enumerate(ids) if _can_be_asked(said.get(i, ())) and not comes_again(key, i)]
    if not rows:
        return Drawn([], [], 0, 0)
    ids, truth = [ids[row] for row in rows], truth[rows]
    right = (linear_head(head).probabilities(material.vectors(ids)) >= head.threshold) == truth
    n = min(MOST, int(right.sum()), int((~right).sum()))

    def some(which: bool) -> list[str]:
        kind = [i for i, one in zip(ids, right, strict=True) if one == which]
        return sorted(kind, key=lambda i: _place(key, f"version {head.number}", i))[:n]

    return Drawn(some(False), some(True), int((~right).sum()), int(right.sum()))


def second_answers(said: Mapping[str, Sequence[LabelEvent]], ids: Ids[str]) -> dict[str, tuple[str, str]]:
    """Picture id → what somebody said first and again, of those of these that they were asked again."""
    found = {}
    for picture in ids:
        events = said[picture]
        again = next((event for event in events if event.repeat), None)
        if again is not None:
            found[picture] = events[0].value, again.value
    return found


def what_came_of_it(drawn: Drawn, answers: Mapping[str, tuple[str, str]]) -> str:
    """Such as: You looked at 24 of them again … Empty until all are answered."""
    asked = len(drawn.wrong)
    if not asked or len(answers) < 2 * asked:
        return ""

    def otherwise(ids: Sequence[str]) -> int:
        return sum({*answers[i]} == {"yes", "no"} for i in ids)

    of = np.array([drawn.of_wrong, drawn.of_right], dtype=np.float64)
    changed = np.array([otherwise(drawn.wrong), otherwise(drawn.right)], dtype=np.float64)
    low, high = counted(changed, asked, of, ERROR)
    value = of * changed / asked
    # Of those it has wrong, a changed answer is one mistake less; of those it has right, one more.
    wrong, least, most = (
        np.array([of[0] - value[0], value[1]]),
        np.array([of[0] - high[0], low[1]]),
        np.array([of[0] - low[0], high[1]]),
    )
    down, up = total(wrong, least, most)
    return (
        f"You looked at {2 * asked} answered pictures again without being told what the version says: of "
        f"{asked} it has wrong you see {int(changed[0])} otherwise now, of {asked} it has right "
        f"{int(changed[1])}. By your first answers it is wrong about {drawn.of_wrong} of "
        f"{drawn.of_wrong + drawn.of_right} such pictures, by second ones about {wrong.sum():.0f} "
        f"({max(down, 0):.0f} to {up:.0f}). The figures stay with the first."
    )


def corrected(material: Material, paths: Mapping[str, str] | None = None) -> list[Corrected]:
    """The pictures that measure and were answered otherwise since."""
    first, now = material.blind, material.decisions
    changed = [i for i in material.evaluation if i in first and now[i].value != first[i].value]
    return [
        Corrected(id=i, path=(paths or {}).get(i, ""), first=first[i].value, now=now[i].value)
        for i in changed
    ]


def said_of(events: Sequence[LabelEvent], author: Author) -> dict[str, list[LabelEvent]]:
    """Picture id → what this person said of it."""
    said: dict[str, list[LabelEvent]] = {}
    for event in events:
        if event.author == author:
            said.setdefault(event.picture_id, []).append(event)
    return said


def _can_be_asked(events: Sequence[LabelEvent]) -> bool:
    """Whether they answered it blindly, and were told nothing before they were asked again."""
    if not events or events[0].in_view or events[0].value not in ("yes", "no"):
        return False
    again = next((n for n, event in enumerate(events) if event.repeat), len(events))
    return not any(event.in_view or event.renewed for event in events[:again])


def _place(key: str, what: str, picture_id: str) -> bytes:
    return hashlib.sha256(f"{key} look again {what} {picture_id}".encode()).digest()
