"""Test pictures that are asked about a second time, with no word about the first answer.

Repeats tell how consistent people are. Each picture has the same chance of one, which follows from the
concept and the picture alone. So whatever was answered when, and however far somebody is, those that came
back are a random sample of what measures.

Renewals are asked because the definition has changed since.
When the words change in meaning, every evaluation answer was given under other words, and figures that rest
on them say nothing about the new ones. To ask for all of them again costs as much as to begin anew. Which of
them would change can't be guessed either: to ask only about those that the new wording seems to contradict
finds the changes that a machine expects and none of the others, and figures that were corrected there alone
lean towards that machine. So a third of them is drawn at random, by a seed that follows from the concept and
the definition, and asked again like any other question, with no word about the first answer.

- The third is a random sample of all the earlier answers, so the share of it that changed is an unbiased
  estimate of the share of them that would, with an exact interval (drawing without replacement).
- None of the new answers counts until the whole third has one. Until then the figures are under the earlier
  definition, wholly; and nobody can stop asking where the figures please. From then on they take the place of
  the first ones, and the other two thirds stay as they are: figures are said together with how many of those
  would differ.
- That is for the pictures that measure. They stay apart from all that learns as before; earlier answers that
  teach are looked back at with the machine's help (`concepts.collaborator.deliberation`).

The same picture is drawn or not on every machine and however far somebody is. A second edit begins a draw of
its own, among what stands by then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection as Ids
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from concepts.definition.document import Definition
from concepts.labelling.consensus import consensus
from storage.concepts import ConceptStore
from storage.labels import Author, LabelEvent, LabelLog
from storage.tables import ConceptRow

SHARE = 0.15  # of what measures: in the end one question in three is about that, so it is one in twenty
ENOUGH = 30  # blind answers of a person before they are asked anything again
SOONEST, LATEST = 20, 80  # answers later. Which of them is up to the picture, so that nobody can count along
APART = 9  # other answers, at least, between two that are repeats
EVERY = 20  # of a long list of questions one more is a repeat
RENEWED_SHARE = 1 / 3  # of the earlier answers
RENEWED_APART = 2  # other questions, at least, between two of these
Said = dict[str, list[LabelEvent]]  # picture id → one event of each person


@dataclass(frozen=True)
class Twice:
    """(first answer, second one) of a person about a picture of the waves, and how many such first answers
    there are: each a yes or a no, and those of the pairs a random sample of them."""

    pairs: list[tuple[LabelEvent, LabelEvent]]
    answers: int


@dataclass(eq=False)
class Repeats:
    """What one concept asks people again. `waves`: the pictures that measure, by how they were drawn."""

    log: LabelLog
    waves: Mapping[str, str]
    concept: ConceptRow

    def due(self, author: Author, definition: int, n: int) -> list[str]:
        """Ids of the pictures that this person is to be asked about again now, among their next n questions:
        seldom one, and of a long list one in twenty. They said yes or no under this definition."""
        recent = self.log.recent(self.concept.id, author, LATEST)
        blind = sum(not (event.in_view or event.repeat) for event in recent)
        if n < 1 or blind < ENOUGH or any(event.repeat for event in recent[:APART]):
            return []
        drawn = self._drawn()
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
        """Those of these whose answer by this person, asked for by this product, can be a second one: which
        were drawn for that, and which they have answered blindly."""
        said = self._said(author, [i for i in self._drawn() if i in picture_ids])
        return {i for i, events in said.items() if _first(events)}

    def _drawn(self) -> list[str]:
        """In random order."""
        again = [
            i for i, drawn in self.waves.items() if drawn == "random" and comes_again(self.concept.seed, i)
        ]
        return sorted(again, key=lambda i: _chance(self.concept.seed, "again", i))

    def _wait(self, picture_id: str) -> int:
        return SOONEST + int((LATEST - SOONEST + 1) * _chance(self.concept.seed, "wait", picture_id))

    def _said(self, author: Author, picture_ids: Sequence[str]) -> Mapping[str, list[LabelEvent]]:
        said: dict[str, list[LabelEvent]] = {}
        for event in self.log.of_author(self.concept.id, author, picture_ids) if picture_ids else ():
            said.setdefault(event.picture_id, []).append(event)
        return said


def comes_again(key: str, picture_id: str) -> bool:
    """Whether a picture that measures is one of the random ones that come back; `key` is the concept's."""
    return _chance(key, "again", picture_id) < SHARE


def _chance(key: str, what: str, picture_id: str) -> float:
    """Between 0 and 1; the same on every machine."""
    digest = hashlib.sha256(f"{key} {what} {picture_id}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def said_twice(
    blind: Iterable[LabelEvent], repeats: Iterable[LabelEvent], evaluation: Mapping[str, str]
) -> Twice:
    """First answers and repeats of them, oldest first, about pictures of the evaluation set (id → how drawn).
    A repeat under another definition is about something else, one that was skipped says nothing, and after a
    repeat another one of the same picture is no news."""
    first = {
        (event.picture_id, event.author): event
        for event in blind
        if event.author.kind == "person"
        and event.value in ("yes", "no")
        and evaluation.get(event.picture_id) == "random"
    }
    pairs: dict[tuple[str, Author], tuple[LabelEvent, LabelEvent]] = {}
    for again in repeats:
        question = again.picture_id, again.author
        before = first.get(question)
        if before is None or again.sequence < before.sequence or again.value == "skip":
            continue
        if again.definition_number == before.definition_number:
            pairs.setdefault(question, (before, again))
    return Twice(list(pairs.values()), len(first))


def _first(said: Iterable[LabelEvent]) -> LabelEvent | None:
    return next((event for event in said if not (event.in_view or event.repeat)), None)


def _is_open(said: Sequence[LabelEvent], definition: int) -> bool:
    """Whether a person who said this of a picture, oldest first, is still to be asked again."""
    first = _first(said)
    if first is None or first.value not in ("yes", "no") or first.definition_number != definition:
        return False
    return not any(event.repeat and event.sequence > first.sequence for event in said)


@dataclass(frozen=True)
class Renewal:
    """What became of the answers that measure, under the newest definition.

    stands: what counts in figures, by picture. before: what counted when the words changed, of the pictures
    that were answered under other ones. drawn: those of them that are asked again, in order; again: what was
    said of them so far.
    """

    newest: int
    stands: Said = field(default_factory=dict)
    before: Said = field(default_factory=dict)
    drawn: list[str] = field(default_factory=list)
    again: Said = field(default_factory=dict)

    @property
    def open(self) -> list[str]:
        """Those drawn that nobody has answered again."""
        return [i for i in self.drawn if i not in self.again]

    @property
    def complete(self) -> bool:
        """Whether there was something to ask again, and all of it is answered."""
        return bool(self.drawn) and not self.open

    @property
    def events(self) -> list[LabelEvent]:
        """What counts in figures, oldest first."""
        return sorted((e for said in self.stands.values() for e in said), key=lambda e: e.sequence)

    @property
    def changes(self) -> dict[str, tuple[str, str]]:
        """Picture id → (before, after) of those that were answered again; a skipped one says nothing."""
        first, second = self.values_before, consensus(_events(self.again))
        return {
            i: (first[i], second[i].value) for i in self.drawn if i in second and second[i].value != "skip"
        }

    @property
    def values_before(self) -> dict[str, str]:
        """Picture id → what people said together when the words changed."""
        return {i: decision.value for i, decision in consensus(_events(self.before)).items()}


@dataclass(eq=False)
class Renewals:
    """What one concept asks people again after its definition has changed."""

    log: LabelLog
    store: ConceptStore
    concept: ConceptRow

    def state(self) -> Renewal:
        return self._state(self._meanings())

    def _state(self, meanings: Mapping[int, Hashable]) -> Renewal:
        first = self.log.blind(self.concept.id, list(self.store.evaluation_pictures(self.concept.id)))
        return renewal(meanings, first, self.log.renewed(self.concept.id), self.concept.seed)

    def _meanings(self) -> dict[int, Hashable]:
        rows = self.store.definitions(self.concept.id)
        return {row.number: Definition.model_validate(row.document).meaning() for row in rows}

    def due(self, author: Author) -> list[str]:
        """Ids of the pictures that this person is to be asked about again, in random order: those drawn whose
        earlier answer is theirs."""
        meanings = self._meanings()
        if len(set(meanings.values())) < 2:  # as mostly, and asked before every question
            return []
        now = self._state(meanings)
        return [i for i in now.open if any(event.author == author for event in now.before[i])]

    def among(self, author: Author, picture_ids: Ids[str]) -> set[str]:
        """Those of these whose answer by this person can be one of those asked for again."""
        return set(self.due(author)) & set(picture_ids)


def renewal(
    meanings: Mapping[int, Hashable], first: Iterable[LabelEvent], renewed: Iterable[LabelEvent], key: str
) -> Renewal:
    """From what each definition means (by number, from 1 on), what people said first and what they said when
    they were asked again, oldest first; `key` is the concept's, and fixes every draw."""
    first, renewed = list(first), list(renewed)
    now = Renewal(newest=max(meanings, default=1))
    for numbers in _runs(meanings):
        begins, meaning = numbers[0], meanings[numbers[0]]
        stands = {i: list(said) for i, said in now.stands.items()}
        before = {
            i: said
            for i, said in now.stands.items()
            if any(meanings[e.definition_number] != meaning for e in said)
        }
        for event in (e for e in first if e.definition_number in numbers):
            stands.setdefault(event.picture_id, []).append(event)
        known = consensus(_events(before))
        asked = sorted((i for i in before if known[i].value != "skip"), key=lambda i: _place(key, begins, i))
        drawn = asked[: ceil(len(asked) * RENEWED_SHARE)]
        again: Said = {}
        for event in (e for e in renewed if e.definition_number in numbers and e.picture_id in drawn):
            again.setdefault(event.picture_id, []).append(event)
        if len(again) == len(drawn):
            stands |= {i: said for i, said in again.items() if any(e.value != "skip" for e in said)}
        now = Renewal(now.newest, stands, {i: before[i] for i in asked}, drawn, again)
    return now


def _runs(meanings: Mapping[int, Hashable]) -> list[list[int]]:
    """Numbers of definitions that follow each other and mean the same."""
    runs: list[list[int]] = []
    for number in sorted(meanings):
        if runs and meanings[runs[-1][0]] == meanings[number]:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def _events(said: Mapping[str, Sequence[LabelEvent]]) -> list[LabelEvent]:
    return [event for events in said.values() for event in events]


def _place(key: str, begins: int, picture_id: str) -> bytes:
    """A random order, the same on every machine."""
    return hashlib.sha256(f"{key} under {begins} {picture_id}".encode()).digest()
