"""From training data to a version that is kept, and what every use of a version asks of it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np

from concepts import __version__
from concepts.encoders.base import Vectors
from concepts.errors import OTHER_PART, FingerprintMismatchError, NotEnoughLabelsError
from concepts.labelling.training_data import Training, TrainingData
from concepts.learning.base import FAMILIAR_FROM, PASSED_OVER, Floats, LinearHead, Prototypes
from concepts.learning.fitting import SEED, train_head
from concepts.learning.heads import HEADS
from concepts.learning.nearness import familiar_from
from concepts.learning.report import WIDE, AuthorKind, LabelCount
from concepts.learning.target import Target
from concepts.library.collection import Collection
from storage.heads import HeadFacts, HeadStore, StoredHead
from storage.tables import now

BY_HAND = "a threshold set by hand"  # instead of a target
LEARNED_FROM = "learned_from"  # the detail that says by what a training would only repeat a version
DRAWN = 1000  # pictures that say how near to a label the library's pictures usually are
OF_COPY = ("copy_of", "chosen_by")  # details of a version that is an older one again
AUTHORS: dict[AuthorKind, str] = {
    "person": "you",
    "simulated": "a simulated person",
    "annotator": "the machine",
}


def train(
    training_data: TrainingData,
    heads: HeadStore,
    label_sequence: int,
    target: str,
    way: str = "auto",
) -> tuple[str, ...]:
    """Fits the head called `way`, calibrates and keeps it as the next version; returns notes on it.

    Raises `NotEnoughLabelsError` without a yes and a no, and where the head that was asked for needs more.
    """
    require_both(training_data)
    training = training_data.training
    words, unlabelled = training_data.text_direction, partial(_unlabelled, training_data)
    head = train_head(training.data, words, SEED, Target.parse(target), way, unlabelled)
    counts = label_counts(training)
    notes = [f"{count.yes} yes and {count.no} no from {AUTHORS[count.author_kind]}" for count in counts]
    passed = training.kinds.count("passed over")
    details = head.details | {"labels": [count.model_dump() for count in counts], "passed_over": passed}
    details[LEARNED_FROM] = learned_from(training_data, target, way)
    if passed:
        notes.append(f"{passed} passed over on contact sheets, which teach a little")
    if head.prototypes:
        details[FAMILIAR_FROM] = familiar_from(head, _new_to(training_data))
    if training_data.scale:
        assert training.data.said is not None
        possible = training.data.said.possible[training.data.weight > 0]
        named = possible[possible.sum(axis=1) == 1].sum(axis=0)
        details["said"] = dict(zip(training_data.scale.words_of_options(), map(int, named), strict=True))
    if training.agreement:
        details["machine"] = vars(training.agreement)
        notes.append(training.agreement.sentence)
    heads.add(
        training_data.concept_id,
        StoredHead(
            concept_id=training_data.concept_id,
            number=0,
            kind=head.kind,
            fingerprint=training_data.fingerprint,
            definition_number=training_data.revision.number,
            label_sequence=label_sequence,
            weights=np.ascontiguousarray(head.weights, dtype="<f8").tobytes(),
            bias=head.bias,
            threshold=head.threshold,
            details=details,
            created=now(),
            classes=None if head.classes is None else np.ascontiguousarray(head.classes, "<f8").tobytes(),
            prototypes=head.prototypes.kept() if head.prototypes else None,
        ),
    )
    return (*notes, *about_target(head))


def learned_from(training_data: TrainingData, target: str, way: str) -> str:
    """A digest of all that decides what a training makes: what it learns from, the definition, the encoder,
    the wish and this Discern; with a target also the library, which sets the threshold then."""
    training, wish = training_data.training, Target.parse(target)
    data, order = training.data, np.argsort(training.ids)
    facts = [
        __version__,
        way,
        str(wish),
        training_data.revision.number,
        training_data.fingerprint,
        training_data.index.version if wish.kind != "f1" else "",
        *(training.ids[row] for row in order),
    ]
    found = hashlib.sha256(json.dumps(facts).encode())
    for labels in (data.positive, data.weight, *([data.said.possible] if data.said else [])):
        found.update(np.ascontiguousarray(labels[order]).tobytes())
    return found.hexdigest()


def _unlabelled(training_data: TrainingData, head: LinearHead) -> Floats:
    """(n,) the logits of what the concept looks in, without what people labelled for training. Test pictures
    are among them, for no label of theirs is read: without them the likeliest would be missing."""
    training = training_data.training
    labelled = [i for i, w in zip(training.ids, training.data.weight, strict=True) if w >= 1]
    scores = head.scores(training_data.index)
    places = scores.ids.places(labelled)
    return np.asarray(np.delete(scores.values, places[places >= 0]), np.float64)


def _new_to(training_data: TrainingData) -> Vectors:
    """(≤ `DRAWN`, d) drawn at random from where the concept looks, without what prototypes are made of,
    copies of that, and test pictures."""
    index, training = training_data.index, training_data.training
    taught = [i for i, w in zip(training.ids, training.data.weight, strict=True) if w >= PASSED_OVER]
    places = np.random.default_rng(SEED).permutation(len(index.ids))[: DRAWN + len(taught)]
    drawn = index.ids.at(np.sort(places))
    groups = training_data.groups([*taught, *drawn])
    known = set(groups[: len(taught)].tolist())
    new = zip(drawn, groups[len(taught) :].tolist(), strict=True)
    reserved = training_data.reserved
    return index.vectors([i for i, group in new if group not in known and i not in reserved][:DRAWN])


def about_target(head: LinearHead) -> list[str]:
    """How likely the threshold reaches its target, in words; nothing where none was asked for."""
    target, found = Target.parse(str(head.details["target"])), head.details.get("expected")
    if target.kind == "f1":
        return []
    if found is None:  # no picture without a label
        if head.details.get("within_reach") is not False:
            return []
        reached = head.details["held_out"]["precision"]
        return [
            f"{str(target).capitalize()} is not reached at any threshold: the highest precision on held-out "
            f"labels is {reached:.2f}, and that threshold was taken."
        ]
    name, flags = target.kind.capitalize(), f"{found['flagged']:,} of {found['of']:,} unlabelled pictures"
    if found["value"] is None:
        return [f"The threshold flags none of the {found['of']:,} unlabelled pictures. Label more."]
    span = f"{found['low']:.2f} to {found['high']:.2f}"
    likely = f"{name} about {found['value']:.2f} ({span}), target {target.at_least:g}"
    if found["high"] - found["low"] > WIDE:
        likely = f"Too early to say what {target.kind} it reaches: {span}, target {target.at_least:g}"
    notes = [
        f"{likely}. This is an estimate from scores. The threshold flags {flags}. Test labels measure it."
    ]
    if not head.details["within_reach"]:
        notes.append("No threshold is likely to reach the target, so the strictest was taken. Label more.")
    return notes


def require_both(training_data: TrainingData) -> None:
    """Raises `NotEnoughLabelsError` where there is no yes or no no to learn from, or of a scale not two
    different answers: a version that has learned nothing calls every picture a yes."""
    said = training_data.training.data.said
    if said is not None:
        if said.distinct < 2:
            what = "grade" if said.scale.is_graded else "class"
            raise NotEnoughLabelsError(
                f"“{training_data.revision.definition.name}” can't be trained yet: its labels name "
                f"{said.distinct} {what}, and it takes two different ones.",
                needed=2 - said.distinct,
            )
        return
    counts = label_counts(training_data.training)
    yes, no = sum(count.yes for count in counts), sum(count.no for count in counts)
    if not yes or not no:
        raise NotEnoughLabelsError(
            f"“{training_data.revision.definition.name}” can't be trained yet: there are {yes} yes and "
            f"{no} no to learn from, and it takes one of each.",
            needed=(not yes) + (not no),
        )


def way_of(stored: HeadFacts) -> str:
    """The name of the head that was asked for; "auto" also where the package that brought it is gone."""
    way = str(stored.details.get("head", "auto"))
    return way if way in list(HEADS) else "auto"


def linear_head(stored: StoredHead) -> LinearHead:
    weights, classes = np.frombuffer(stored.weights, dtype="<f8"), None
    if stored.classes is not None:
        classes = np.frombuffer(stored.classes, "<f8").reshape(-1, len(weights) + 1)
    beside = Prototypes.read(stored.prototypes)
    return LinearHead(stored.kind, weights, stored.bias, stored.threshold, stored.details, classes, beside)


def probabilities_of(head: StoredHead, data: TrainingData, ids: Sequence[str]) -> dict[str, float]:
    """Of those of these pictures that have a vector."""
    known = data.with_vectors(ids)
    if not known:
        return {}
    return dict(zip(known, linear_head(head).probabilities(data.vectors(known)).tolist(), strict=True))


def check_fingerprint(head: HeadFacts, collection: Collection) -> None:
    """Raises `FingerprintMismatchError` where the library was re-embedded since the head was trained, and
    `ConflictError` where the concept looks at another part of the pictures now."""
    expected = collection.parts.fingerprint(head.concept_id)
    if head.fingerprint != expected:
        if collection.parts.has_been(head.concept_id, head.fingerprint):
            raise OTHER_PART(version=head.number)
        raise FingerprintMismatchError(f"Version {head.number}", expected, head.fingerprint)


def label_counts(training: Training) -> tuple[LabelCount, ...]:
    """How many yes and no of each kind of author a head learned from; labels of weight 0 don't count."""
    used = np.flatnonzero(training.data.weight > 0)
    return count_by_kind([training.kinds[row] for row in used], training.data.positive[used])


def count_by_kind(kinds: Sequence[str], yes: Iterable[bool]) -> tuple[LabelCount, ...]:
    """How many yes and no of each kind of author."""
    counts = Counter(zip(kinds, map(bool, yes), strict=True))
    return tuple(
        LabelCount(author_kind=kind, yes=counts[kind, True], no=counts[kind, False])
        for kind in AUTHORS
        if counts[kind, True] or counts[kind, False]
    )
