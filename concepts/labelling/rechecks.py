"""Test pictures that are asked about a second time, with no word about the first answer.

Repeats tell how consistent people are. Each picture has the same chance of one, which follows from the
concept and the picture alone. So whatever was answered when, and however far somebody is, those that came
back are a random sample of what measures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection as Ids
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from storage.labels import Author, LabelEvent, LabelLog
from storage.tables import ConceptRow

SHARE = 0.15  # of what measures: in the end one question in three is about that, so it is one in twenty
ENOUGH = 30  # blind answers of a person before they are asked anything again
SOONEST, LATEST = 20, 80  # answers later. Which of them is up to the picture, so that nobody can count along
APART = 9  # other answers, at least, between two that are repeats
EVERY = 20  # of a long list of questions one more is a repeat


@dataclass(frozen=True)
class Twice:
    """(first answer, second one) of a person about a picture of the waves, and how many such first answers
    there are: each a yes or a no, and those of the pairs a random sample of them."""

    pairs: list[tuple[LabelEvent, LabelEvent]]
    answers: int


@dataclass(eq=False)
class Repeats:
    """What one concept asks people again, of the pictures that measure."""

    log: LabelLog
    measuring: Ids[str]
    concept: ConceptRow

    def due(self, author: Author, definition: int, n: int) -> list[str]:
        """Ids of the pictures that this person is to be asked about again now, among their next n questions:
        seldom one, and of a long list one in twenty. They said yes or no under this definition."""
        recent = self.log.recent(self.concept.id, author, LATEST)
        blind = sum(not (event.in_view or event.repeat) for event in recent)
        if n < 1 or blind < ENOUGH or any(event.repeat for event in recent[:APART]):
            return []
        drawn = drawn_again(self.concept.seed, self.measuring)
        said = self._said(author, drawn)
        if any(
            event.sequence > said[event.picture_id][0].sequence
            for event in recent[:APART]
            if event.picture_id in said
        ):
            return []  # as of who doesn't say that an answer was a repeat
        ago = {event.picture_id: place for place, event in reversed(list(enumerate(recent)))}
        waiting = [
            i for i in drawn if ago.get(i, LATEST) >= self._wait(i) and _is_open(said.get(i, ()), definition)
        ]
        return waiting[: 1 + (n - 1) // EVERY]

    def among(self, author: Author, picture_ids: Ids[str]) -> set[str]:
        """Returns those of these pictures that this person labelled blindly and whose label is yes or no.
        Their next label is a second one: the picture was drawn for a re-check, or was open in two tabs."""
        said = self._said(author, list(picture_ids))
        return {i for i, events in said.items() if _first(events) and _stands(events) in ("yes", "no")}

    def _wait(self, picture_id: str) -> int:
        return SOONEST + int((LATEST - SOONEST + 1) * _chance(self.concept.seed, "wait", picture_id))

    def _said(self, author: Author, picture_ids: Sequence[str]) -> Mapping[str, list[LabelEvent]]:
        said: dict[str, list[LabelEvent]] = {}
        for event in self.log.of_author(self.concept.id, author, picture_ids) if picture_ids else ():
            said.setdefault(event.picture_id, []).append(event)
        return said


def drawn_again(seed: str, measuring: Iterable[str]) -> list[str]:
    """Those of these test pictures that people are asked about twice, in random order."""
    again = [i for i in measuring if _chance(seed, "again", i) < SHARE]
    return sorted(again, key=lambda i: _chance(seed, "again", i))


def _chance(key: str, what: str, picture_id: str) -> float:
    """Between 0 and 1; the same on every machine."""
    digest = hashlib.sha256(f"{key} {what} {picture_id}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def said_twice(
    blind: Iterable[LabelEvent],
    repeats: Iterable[LabelEvent],
    evaluation: Container[str],
    drawn: Container[str],
) -> Twice:
    """First answers and repeats of them, oldest first, about test pictures that were `drawn` for a re-check.
    Pictures that were open in two tabs are no random sample, so they are left out. So are repeats under
    another definition, skipped ones, and further repeats of the same picture."""
    first = {
        (event.picture_id, event.author): event
        for event in blind
        if event.author.kind == "person" and event.value in ("yes", "no") and event.picture_id in evaluation
    }
    pairs: dict[tuple[str, Author], tuple[LabelEvent, LabelEvent]] = {}
    for again in repeats:
        question = again.picture_id, again.author
        before = first.get(question)
        if before is None or again.picture_id not in drawn:
            continue
        if again.sequence < before.sequence or again.value == "skip":
            continue
        if again.definition_number == before.definition_number:
            pairs.setdefault(question, (before, again))
    return Twice(list(pairs.values()), len(first))


def _first(said: Iterable[LabelEvent]) -> LabelEvent | None:
    return next((event for event in said if not (event.in_view or event.repeat)), None)


def _stands(said: Iterable[LabelEvent]) -> str:
    return [event.value for event in said if not event.repeat][-1]


def _is_open(said: Sequence[LabelEvent], definition: int) -> bool:
    """Whether a person who said this of a picture, oldest first, is still to be asked again."""
    first = _first(said)
    if first is None or first.value not in ("yes", "no") or first.definition_number != definition:
        return False
    return not any(event.repeat and event.sequence > first.sequence for event in said)
