"""What becomes of answers when one concept is folded into another: which are copied, and which differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from storage.labels import Author, LabelEvent

SAID = ("yes", "no", "unsure")  # who skipped a picture said nothing of it


@dataclass(frozen=True)
class Differing:
    """One person's two answers to a picture; the newer one holds."""

    source: LabelEvent
    target: LabelEvent

    @property
    def holds(self) -> Literal["source", "target"]:
        return "source" if self.source.created > self.target.created else "target"


@dataclass(frozen=True)
class Plan:
    """`copied`: what goes to the other concept, oldest first. `same`: how often a person said the same there.
    `differing`: where they said something else; of these only what is newer is copied. `between_people`:
    pictures of which different people say yes and no, where before nobody differed."""

    copied: tuple[LabelEvent, ...]
    same: int
    differing: tuple[Differing, ...]
    between_people: int


def plan_fold(source: Sequence[LabelEvent], target: Sequence[LabelEvent]) -> Plan:
    """Both are what stands: the last answer of each person to each picture."""
    there = {(event.picture_id, event.author): event for event in target if event.value in SAID}
    copied, differing, same = [], [], 0
    for event in source:
        if event.value not in SAID:
            continue
        other = there.get((event.picture_id, event.author))
        if other is None:
            copied.append(event)
        elif other.said == event.said:
            same += 1
        else:
            differing.append(Differing(event, other))
            if differing[-1].holds == "source":
                copied.append(event)
    after = there | {(event.picture_id, event.author): event for event in copied}
    newly = _divided(after) - _divided(there)
    return Plan(tuple(copied), same, tuple(differing), len(newly))


def _divided(standing: dict[tuple[str, Author], LabelEvent]) -> set[str]:
    """Pictures of which people say yes and no."""
    said: dict[str, set[str]] = {}
    for (picture, _), event in standing.items():
        said.setdefault(picture, set()).add(event.value)
    return {picture for picture, values in said.items() if {"yes", "no"} <= values}
