"""The words of a definition as vectors: all of them as one direction, and each text alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np

from concepts.definition.document import Definition, Revision, distinct_words, same_words
from concepts.definition.exclusions import sentence_of
from concepts.definition.revisions import definition_of
from concepts.encoders.base import Vectors, unit
from concepts.labelling.consensus import Decision, consensus
from concepts.learning.base import PASSED_OVER, Rows, SingleTexts, Texts, TrainingSet
from concepts.learning.machine_labels import Agreement, bounded, votes_of
from concepts.learning.scale import Scale, ScaleLabels
from concepts.library.collection import Collection, collection_of
from concepts.library.search import with_look_alikes, without_look_alikes
from concepts.use_cases import Concept
from storage.concepts import Rating, StoredAnnotation
from storage.outside import OutsidePicture
from storage.pictures.duplicates import nearly_equal
from storage.tables import FocusRow
from storage.vectors.reader import VectorReader

NEGATIVE_SHARE = 0.3  # how far the text direction leans away from what looks similar but doesn't count
TEMPLATES = (
    "{}",
    "a picture that shows {}",
    "{}, close up",
    "{}, seen from a distance",
    "several of them: {}",
    "only a part of {}",
    "{} among other things",
    "{} indoors",
    "{} outdoors",
    "{} on a shelf",
    "a bad picture of {}",
    "a drawing of {}",
)

Opinion = TypeVar("Opinion", StoredAnnotation, Rating)


def texts_of(definition: Definition, collection: Collection) -> Texts:
    """A definition as scorers hear it. What counts is the sentence, the criteria and the queries, each with
    the name before it (Menon & Vondrick 2023)."""
    counting = [q.text for q in definition.queries if q.counts]
    included = [c.text for c in definition.of_kind("included")]
    towards = [definition.name, sentence_of(definition), *counting, *included]
    away = [q.text for q in definition.queries if not q.counts]
    direction = unit(collection.text_vectors(towards).mean(axis=0))
    if away:
        direction = unit(direction - NEGATIVE_SHARE * unit(collection.text_vectors(away).mean(axis=0)))
    direction = direction
    written = [q.text for q in definition.queries if q.counts and q.origin == "person"]
    searches = collection.text_vectors(written) if written else np.empty((0, len(direction)), np.float32)
    return Texts(direction, searches, lambda: _each(definition, collection))


def _each(definition: Definition, collection: Collection) -> SingleTexts:
    prompts, name = [template.format(definition.name) for template in TEMPLATES], same_words(definition.name)
    counts = distinct_words(
        [
            sentence_of(definition),
            *(c.text for c in definition.criteria if c.kind not in ("excluding", "undecided")),
            *(q.text for q in definition.queries if q.counts and same_words(q.text) != name),
        ]
    )
    against = distinct_words(
        [
            *(c.text for c in definition.of_kind("excluding")),
            *(q.text for q in definition.queries if not q.counts),
        ]
    )
    counts = [f"{definition.name}: {text}" for text in counts]
    vectors = collection.text_vectors([definition.name, *prompts, *counts, *against])
    ends = [1 + len(prompts), 1 + len(prompts) + len(counts)]
    return SingleTexts(vectors[0], vectors[1 : ends[0]], vectors[ends[0] : ends[1]], vectors[ends[1] :])


@dataclass(frozen=True)
class Training:
    """Everything a head may learn from, and how much the machine's part of it is trusted.

    `kinds` (n,) says who labelled each picture: person, simulated or annotator; "passed over" is what nobody
    marked on a wall.
    """

    ids: list[str]
    data: TrainingSet
    kinds: list[str]
    agreement: Agreement | None  # of the machine's labels with the person's; None without machine labels


class TrainingData:
    """Reads lazily and once; make a new one after labels have changed."""

    def __init__(self, concept: Concept, revision: Revision, until: int | None = None) -> None:
        """`until` a label event: with people's answers as they were then."""
        app = concept.app
        self.collection, self.store, self.log = collection_of(app), app.store, app.log
        self.handle, self.concept = concept, concept.row
        self.revision = revision
        self._until = until

    @property
    def concept_id(self) -> int:
        return self.concept.id

    def at(self, label_sequence: int) -> TrainingData:
        """What there was to learn from people when a version was trained."""
        return TrainingData(self.handle, self.revision, label_sequence)

    @cached_property
    def scale(self) -> Scale | None:
        """What is answered; None for yes or no. As it is now: it may change until the first label."""
        return Scale.read(self.store.get(self.concept_id).scale)

    # Answers

    @cached_property
    def answers(self) -> dict[str, Decision]:
        """What people decided about pictures that may be learned from."""
        return {i: d for i, d in self._all_answers.items() if i not in self.reserved}

    @cached_property
    def _all_answers(self) -> dict[str, Decision]:
        people = self.log.standing(self.concept_id, ("person", "simulated"), until=self._until)
        return consensus(people)

    @cached_property
    def reserved(self) -> set[str]:
        """Pictures that measure or certify with all their near-duplicates: seen by nothing that learns."""
        return with_look_alikes(self.store.kept_apart(self.concept_id), self.collection.library)

    @cached_property
    def annotations(self) -> list[StoredAnnotation]:
        """With all evidence. Where the ratings will do, `ratings` are far less to read."""
        return self._within(self.store.annotations(self.concept_id))

    @cached_property
    def ratings(self) -> list[Rating]:
        """What machines say of pictures that the concept looks in: what they earn is earned on those."""
        return self._within(self.store.ratings(self.concept_id))

    def _within(self, said: list[Opinion]) -> list[Opinion]:
        inside = set(self.collection.frames.among(self.concept_id, {one.picture_id for one in said}))
        return [one for one in said if one.picture_id in inside]

    def looks_at(self, ids: Iterable[str]) -> list[str]:
        """Those of these pictures that the concept looks in."""
        return self.collection.frames.among(self.concept_id, ids)

    @cached_property
    def candidates(self) -> dict[str, list[str]]:
        return self.store.candidates(self.concept_id)

    # Vectors

    @cached_property
    def index(self) -> VectorReader:
        """The vectors of what the concept looks in, as they were when they were first asked for."""
        return self._seen[1]

    @property
    def focus(self) -> FocusRow | None:
        """On which part of each picture, where the concept is judged by one."""
        return self.collection.parts.focus(self.concept_id)

    @property
    def fingerprint(self) -> str:
        """Of these vectors."""
        return self._seen[0]

    @cached_property
    def _seen(self) -> tuple[str, VectorReader]:
        fingerprint, reader = self.collection.parts.seen(self.concept_id)
        frames = self.collection.frames
        return fingerprint, frames.within(reader, frames.now(self.concept_id))

    @cached_property
    def everywhere(self) -> VectorReader:
        """The vectors of the whole library: to know what pictures are like, and to choose none from."""
        return self.collection.parts.seen(self.concept_id)[1]

    @cached_property
    def outside(self) -> dict[str, OutsidePicture]:
        """The definition's examples that are no pictures of the library, by id: those with a vector of its
        encoder."""
        definition = self.revision.definition
        given = self.collection.outside.of(
            self.concept_id, [*definition.examples, *definition.counterexamples]
        )
        if not given:
            return {}
        fingerprint = self.fingerprint
        elsewhere = self.index.missing([picture.id for picture in given])
        return {p.id: p for p in given if p.fingerprint == fingerprint and p.id in elsewhere}

    def with_vectors(self, ids: Sequence[str]) -> list[str]:
        """Those that the index has, or that are examples from outside; a picture may still be waiting in the
        outbox."""
        if not ids:
            return []
        missing = set(self.index.missing(ids)) - self.outside.keys()
        return [picture_id for picture_id in ids if picture_id not in missing]

    def vectors(self, ids: Sequence[str]) -> Vectors:
        outside = [row for row, picture_id in enumerate(ids) if picture_id in self.outside]
        if not outside:
            return self.index.vectors(ids)
        found = np.empty((len(ids), len(self.outside[ids[outside[0]]].vector)), np.float32)
        found[outside] = [self.outside[ids[row]].vector for row in outside]
        inside = np.setdiff1d(np.arange(len(ids)), outside)
        found[inside] = self.index.vectors([ids[row] for row in inside])
        return found

    def without_look_alikes(self, ids: Sequence[str]) -> list[str]:
        """The first of each group of near-duplicates."""
        return without_look_alikes(ids, self.collection.library)

    def groups(self, ids: Sequence[str]) -> Rows:
        """(n,) one integer per near-duplicate group. A picture from outside is in the group of one of these
        that looks the same."""
        library = self.collection.library
        names = library.near_groups(ids)
        outside = [row for row, picture_id in enumerate(ids) if picture_id in self.outside]
        if outside:
            hashes = library.hashes_of(ids)
            for row in outside:
                hashes[row] = self.outside[ids[row]].perceptual_hash
            near = nearly_equal([hashes[row] for row in outside], hashes)
            of_library = np.setdiff1d(np.arange(len(ids)), outside)
            for row, like in zip(outside, near, strict=True):
                twins = [*of_library[like[of_library]], *(other for other in outside if like[other])]
                names[row] = names[twins[0]] if twins else names[row]
        return np.asarray(np.unique(names, return_inverse=True)[1], dtype=np.int64)

    def like_reserved(self, pictures: Iterable[OutsidePicture]) -> set[str]:
        """Ids of those that look the same as a picture that measures."""
        given = list(pictures)
        if not given:
            return set()
        reserved = self.collection.library.hashes_of(sorted(self.reserved))
        near = nearly_equal([picture.perceptual_hash for picture in given], reserved)
        return {picture.id for picture, like in zip(given, near, strict=True) if like.any()}

    @cached_property
    def texts(self) -> Texts:
        return texts_of(self.revision.definition, self.collection)

    @property
    def text_direction(self) -> Vectors:
        return self.texts.direction

    @cached_property
    def plain_direction(self) -> Vectors:
        """The baseline: searching for the name and the sentence, no more."""
        definition = self.revision.definition
        return unit(self.collection.text_vectors([definition.name, definition.description]).mean(axis=0))

    # What a head learns from

    @cached_property
    def training(self) -> Training:
        """People's labels at weight 1, the machine's for other pictures at the weight they earned, and as
        weak noes what was passed over on walls."""
        people = self._people
        machine, agreement = self._machine
        passed = {i: (False, PASSED_OVER) for i in self.passed_over if i not in people and i not in machine}
        others = machine | passed
        ids = self.with_vectors([*people, *others])
        data = TrainingSet(
            vectors=self.vectors(ids),
            positive=np.array([people[i] if i in people else others[i][0] for i in ids], dtype=bool),
            weight=np.array([1.0 if i in people else others[i][1] for i in ids], dtype=np.float64),
            group=self.groups(ids),
            said=self._said(ids, people, others),
        )
        simulated = {i for i, decision in self.answers.items() if decision.simulated}
        kinds = dict.fromkeys(people, "person") | dict.fromkeys(machine.keys() - people.keys(), "annotator")
        kinds |= dict.fromkeys(simulated, "simulated") | dict.fromkeys(passed, "passed over")
        return Training(ids, data, [kinds[i] for i in ids], agreement)

    @cached_property
    def given_again(self) -> dict[str, int]:
        """Picture id → 1 where somebody gave the same label a second time, -1 where another one."""
        return self.log.given_again(self.concept_id)

    @cached_property
    def passed_over(self) -> set[str]:
        """Pictures of walls that nobody marked or ever said anything else about: a mark that was taken back
        is no no. No grade or class is given on a wall."""
        if self.scale is not None:
            return set()
        seen = set(self.log.seen_on_walls(self.concept_id, self._until))
        return seen - self.spoken_for - self.reserved - self.log.first_answered(self.concept_id).keys()

    @property
    def agreement(self) -> Agreement | None:
        """Of the machine's labels with the person's; None without machine labels."""
        return self._machine[1]

    @cached_property
    def shown(self) -> dict[str, bool]:
        """Picture id → whether it counts, of the definition's examples that nobody has answered: who gives an
        example has said yes."""
        definition = self.revision.definition
        said = dict.fromkeys(definition.counterexamples, False) | dict.fromkeys(definition.examples, True)
        out = self.reserved | self._all_answers.keys()
        if said.keys() - out:
            out |= self.like_reserved(self.outside.values())
        return {picture: counts for picture, counts in said.items() if picture not in out}

    @property
    def spoken_for(self) -> set[str]:
        """Ids of the pictures that a person has said something about: an answer, or that it is an example."""
        return self._all_answers.keys() | self.shown.keys()

    def _said(
        self, ids: Sequence[str], people: Mapping[str, bool], machine: Mapping[str, tuple[bool, float]]
    ) -> ScaleLabels | None:
        """What each label leaves possible. Examples and machines say yes or no, which leaves several."""
        scale = self.scale
        if scale is None:
            return None
        given = {i: d.given for i, d in self.answers.items() if d.decided}
        possible = [scale.possible(people[i] if i in people else machine[i][0], given.get(i)) for i in ids]
        return ScaleLabels(scale, np.array(possible, dtype=bool).reshape(len(ids), scale.options))

    @cached_property
    def _people(self) -> dict[str, bool]:
        answered = {i: d.value == "yes" for i, d in self.answers.items() if d.decided}
        return self.shown | answered

    @cached_property
    def _machine(self) -> tuple[dict[str, tuple[bool, float]], Agreement | None]:
        """Picture id → (yes, what it counts for) of what the annotators say together about pictures the
        person left, and the agreement that earned it."""
        # Of each annotator and revision, oldest first: what an older definition said may agree less.
        by_annotator: dict[tuple[str, int], dict[str, int]] = {}
        for said in self.ratings:
            if said.picture_id not in self.reserved:
                key = (said.fingerprint, said.definition_number)
                by_annotator.setdefault(key, {})[said.picture_id] = said.rating
        people, annotators = self._people, list(by_annotator.values())
        ids = list(dict.fromkeys([*people, *(i for said in annotators for i in said)]))
        ratings = np.array([[said.get(i, 0) for i in ids] for said in annotators], dtype=np.int8)
        person = np.array([0 if i not in people else 1 if people[i] else -1 for i in ids], dtype=np.int8)
        found = bounded(person, votes_of(ratings.reshape(len(annotators), len(ids))))
        labels = {
            ids[row]: (bool(found.positive[row]), float(found.weight[row]))
            for row in np.flatnonzero(found.labelled)
        }
        return labels, found.agreement


def training_data_of(concept: Concept, revision: int | None = None) -> TrainingData:
    """What a concept learns from, under its newest definition or another; read anew each time."""
    return TrainingData(concept, definition_of(concept, revision))
