"""Answers that measure and are asked for again because the definition has changed since they were given.

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

SHARE = 1 / 3  # of the earlier answers
APART = 2  # other questions, at least, between two of these

Said = dict[str, list[LabelEvent]]  # picture id → one event of each person


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


class Renewals:
    """What one concept asks people again after its definition has changed."""

    def __init__(self, log: LabelLog, store: ConceptStore, concept_id: int, key: str) -> None:
        self._log = log
        self._store = store
        self._concept_id = concept_id
        self._key = key

    def state(self) -> Renewal:
        return self._state(self._meanings())

    def _state(self, meanings: Mapping[int, Hashable]) -> Renewal:
        first = self._log.blind(self._concept_id, list(self._store.evaluation_pictures(self._concept_id)))
        return renewal(meanings, first, self._log.renewed(self._concept_id), self._key)

    def _meanings(self) -> dict[int, Hashable]:
        rows = self._store.definitions(self._concept_id)
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
        drawn = asked[: ceil(len(asked) * SHARE)]
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
