"""Test labels that were given under an earlier description.

Figures use each person's first label. If a few pictures were labelled again, the figures would be biased by
how those few were chosen, such as for being a version's mistakes. So labels under the newest description
count only when every picture with an earlier label has one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from storage.labels import Author, LabelEvent

Said = dict[str, dict[Author, LabelEvent]]  # picture id → the first label of each person


@dataclass(frozen=True)
class MeasuringLabels:
    """The labels that figures use, and the pictures that wait to be labelled again.

    stands: the labels that count. earlier: pictures whose label in `stands` was given under a description
    with another meaning. left: the `earlier` pictures without a label under the newest description."""

    stands: Said
    earlier: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def events(self) -> list[LabelEvent]:
        """The labels that figures use, oldest first."""
        return sorted((e for said in self.stands.values() for e in said.values()), key=lambda e: e.sequence)


def first_of_each(events: Iterable[LabelEvent]) -> Said:
    """Each person's first label of each picture. `events` come oldest first."""
    said: Said = {}
    for event in events:
        said.setdefault(event.picture_id, {}).setdefault(event.author, event)
    return said


def measuring_labels(meanings: Mapping[int, Hashable], given: Iterable[LabelEvent]) -> MeasuringLabels:
    """Choose the test labels that count.

    meanings: definition number → what it means. given: every blind label of test pictures, oldest first."""
    given = list(given)
    stands: Said = {}
    earlier, left = list[str](), list[str]()
    for numbers in _runs(meanings):
        now = [event for event in given if event.definition_number in numbers]
        others = {number for number in meanings if meanings[number] != meanings[numbers[0]]}
        earlier = [
            i
            for i, said in stands.items()
            if any(e.value != "skip" and e.definition_number in others for e in said.values())
        ]
        asked = set(earlier)
        anew = first_of_each(e for e in now if e.picture_id in asked and e.value != "skip")
        left = [i for i in earlier if i not in anew]
        if not left:
            earlier, asked, stands = [], set(), stands | anew
        for i, said in first_of_each(now).items():
            if i not in asked:
                stands[i] = said | stands.get(i, {})
    return MeasuringLabels(stands, earlier, left)


def _runs(meanings: Mapping[int, Hashable]) -> list[list[int]]:
    """Group the numbers of consecutive definitions that mean the same."""
    runs: list[list[int]] = []
    for number in sorted(meanings):
        if runs and meanings[runs[-1][0]] == meanings[number]:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs
