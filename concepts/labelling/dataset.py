"""Everything about one concept: what may be learned from, and beside it what measures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection as Ids
from collections.abc import Container, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from pydantic import computed_field

from concepts.definition.document import Definition
from concepts.definition.revisions import definition_of
from concepts.labelling.consensus import Decision, consensus
from concepts.labelling.rechecks import Twice, drawn_again, said_twice
from concepts.labelling.training_data import TrainingData
from concepts.learning.base import Bools
from concepts.learning.waves import looked_at, to_go
from concepts.use_cases import Concept
from concepts.view import View
from storage.concepts import WATCHING, Certifying, Wave
from storage.frames import Frame
from storage.labels import Author, LabelEvent


class ConceptDataset(TrainingData):
    """Training data with the labels that measure. Nothing that learns, mines or asks may import this: `make
    lint` refuses it."""

    @property
    def decisions(self) -> dict[str, Decision]:
        """What people decided, about pictures that measure too."""
        return self._all_answers

    @cached_property
    def evaluation(self) -> dict[str, int]:
        """Picture id → the wave it was drawn in, in the order in which to label."""
        return self.store.evaluation_pictures(self.concept_id)

    @cached_property
    def certifying(self) -> dict[str, Certifying]:
        """Pictures that were drawn to certify a line: kept apart like those that measure, and no part of any
        figure."""
        return self.store.certifying_pictures(self.concept_id)

    @cached_property
    def apart(self) -> set[str]:
        """Pictures that measure or certify, or did where the concept looked before, also those in the bin."""
        return self.store.kept_apart(self.concept_id)

    @cached_property
    def blind(self) -> dict[str, Decision]:
        """What people said first, without seeing what the machine says: the only answers that measure. After
        a change of words what they said then, once it is said of all test pictures."""
        apart = [e for e in self._first if e.picture_id not in self.evaluation]
        return consensus([*apart, *self.measuring_labels.events])

    @cached_property
    def known(self) -> dict[str, Decision]:
        """What figures take for true: what people said first, blindly where they ever did. What they said
        later they may have said because they saw where a version is wrong."""
        return consensus(self.log.first(self.concept_id)) | self.blind

    @cached_property
    def measuring_labels(self) -> MeasuringLabels:
        """The answers that measure, and which of them are of an earlier description than the newest, whatever
        this is read for."""
        rows = self.store.definitions(self.concept_id)
        meanings = {row.number: Definition.model_validate(row.document).meaning() for row in rows}
        if len(set(meanings.values())) < 2:  # as mostly
            return MeasuringLabels(first_of_each(e for e in self._first if e.picture_id in self.evaluation))
        return measuring_labels(meanings, self.log.all_blind(self.concept_id, list(self.evaluation)))

    @cached_property
    def twice(self) -> Twice:
        """What people said of pictures that measure when they were asked about them again."""
        drawn = set(drawn_again(self.store.get(self.concept_id).seed, self.evaluation))
        return said_twice(self._first, self.log.repeats(self.concept_id), self.evaluation, drawn)

    @cached_property
    def _first(self) -> list[LabelEvent]:
        return self.log.blind(self.concept_id)

    @cached_property
    def measuring(self) -> list[str]:
        """Pictures of the evaluation set there are figures of, in the order drawn: up to the last look (see
        `concepts.learning.waves`)."""
        order = list(self.evaluation)
        answered = next((n for n, i in enumerate(order) if i not in self.blind), len(order))
        return order[: looked_at(answered, len(order), self.pictures)]

    @property
    def answered_blindly(self) -> int:
        """Pictures of the evaluation set that have an answer which measures, whatever it is."""
        return len(self.evaluation.keys() & self.blind.keys())

    @property
    def to_next_figures(self) -> int:
        """How many more test labels bring the next figures; 0 where there are no more."""
        return to_go([i in self.blind for i in self.evaluation], self.pictures)

    @property
    def pictures(self) -> int:
        """How many the concept looks in."""
        return self.collection.count_for(self.concept_id)

    @cached_property
    def frame(self) -> Frame:
        """What the concept looks in."""
        return self.collection.frames.now(self.concept_id)

    @cached_property
    def waves(self) -> list[Wave]:
        """The random draws of the evaluation set, the first one first."""
        return self.store.waves(self.concept_id)

    @cached_property
    def wave_of(self) -> dict[str, int]:
        return self.store.wave_of(self.concept_id)

    @cached_property
    def first_answered(self) -> dict[str, int]:
        """Picture id → the label event that first answered it."""
        return self.log.first_answered(self.concept_id)

    def evaluation_labels(self) -> tuple[list[str], Bools]:
        """Pictures that measure now, that people decided on and that have a vector: ids and truth (n,)."""
        ids = self.with_vectors([i for i in self.measuring if self.blind[i].decided])
        return ids, np.array([self.blind[i].value == "yes" for i in ids], dtype=bool)


def dataset_of(concept: Concept, revision: int | None = None) -> ConceptDataset:
    """What a concept learns and measures from, under its newest definition or another; read anew each
    time."""
    return ConceptDataset(concept, definition_of(concept, revision))


class AnswerCount(View):
    """Labelled pictures, each counted once however many people labelled it.

    By what was said, `yes`, `no`, `unsure`, `skip` and `conflict` add up to `answers`. By what they are for,
    `teach`, `measure`, `certify`, `watch`, `in_view`, `look_alike`, `elsewhere` and `undecided` do too.
    """

    answers: int = 0
    yes: int = 0
    no: int = 0
    unsure: int = 0
    skip: int = 0
    conflict: int = 0  # as many people say yes as no
    teach_yes: int = 0
    teach_no: int = 0
    measure: int = 0  # of the evaluation set, first answered blindly, whatever the answer is
    certify: int = 0  # drawn to certify a line, and answered blindly
    watch: int = 0  # drawn of a watched folder, and answered blindly
    in_view: int = 0  # of pictures kept apart for these, but the machine's opinion stood beside them
    look_alike: int = 0  # a yes or a no about what looks the same as a picture that measures or certifies
    elsewhere: int = 0  # of pictures drawn to measure where the concept doesn't look now
    undecided: int = 0  # neither yes nor no, of the other pictures: nothing is learned from them
    people: int = 0  # how many real ones answered
    simulated: int = 0  # answers in which no real person had a part
    to_measure: int = 0  # pictures of the evaluation set, with or without an answer

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property
    @property
    def teach(self) -> int:
        """Answers that a classifier learns from."""
        return self.teach_yes + self.teach_no

    @computed_field  # type: ignore[prop-decorator]
    @property
    def given(self) -> int:
        """All but those that say neither yes nor no of a picture to learn from."""
        return self.answers - self.undecided

    @computed_field  # type: ignore[prop-decorator]
    @property
    def sentence(self) -> str:
        """Such as: 112 labels by you: 70 for training, 36 for testing, 6 undecided."""
        if not self.answers:
            return "No labels yet."
        parts = [f"{self.teach:,} for training", f"{self.measure:,} for testing"]
        others = (
            (self.certify, "for guarantees"),
            (self.watch, "for a watched folder"),
            (self.undecided, "undecided"),
            (self.in_view, "of test pictures, given with the suggestion in view (unused)"),
            (self.look_alike, "of near-duplicates of test pictures (unused)"),
            (self.elsewhere, "of test pictures outside the scope"),
        )
        parts += [f"{n:,} {words}" for n, words in others if n]
        number = "1 label" if self.answers == 1 else f"{self.answers:,} labels"
        return f"{number} {self.by_whom}: {', '.join(parts)}."

    @property
    def by_whom(self) -> str:
        """A demo's or a study's labels are nobody's: that is said wherever they are counted."""
        if self.simulated == self.answers:
            return "by a simulated person"
        who = "by you" if self.people == 1 else f"by {self.people:,} people"
        return f"{who}, {self.simulated:,} of them simulated" if self.simulated else who


def count_answers(
    decisions: Mapping[str, Decision],
    blind: Container[str],
    evaluation: Ids[str],
    certifying: Mapping[str, Certifying],
    reserved: Container[str],
    apart: Container[str] = (),
) -> AnswerCount:
    """`decisions` are what people said, by picture; `blind` the pictures that somebody answered without
    seeing what the machine says; `reserved` those that measure or certify, with their look-alikes; `apart`
    those that do or did, wherever the concept looked."""
    said = Counter(str(decision.value) for decision in decisions.values())

    def use(picture: str, decision: Decision) -> str:
        measures = picture in evaluation
        if measures or picture in certifying:
            if picture not in blind:
                return "in_view"
            if measures:
                return "measure"
            return "watch" if certifying[picture].drawn == WATCHING else "certify"
        if picture in apart:
            return "elsewhere"
        if not decision.decided:
            return "undecided"
        return "look_alike" if picture in reserved else f"teach_{decision.value}"

    used = Counter(use(picture, decision) for picture, decision in decisions.items())
    people = {name for decision in decisions.values() if not decision.simulated for name in decision.votes}
    return AnswerCount(
        answers=len(decisions),
        **said,
        **used,
        people=len(people),
        simulated=sum(decision.simulated for decision in decisions.values()),
        to_measure=len(evaluation),
    )


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
    runs: list[list[int]] = []
    for number in sorted(meanings):
        if runs and meanings[runs[-1][0]] == meanings[number]:
            runs[-1].append(number)
        else:
            runs.append([number])
    for numbers in runs:
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
