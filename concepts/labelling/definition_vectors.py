"""The words of a definition as vectors: all of them as one direction, and each text alone."""

from __future__ import annotations

from concepts.definition.document import Definition
from concepts.encoders.base import Vectors, unit
from concepts.learning.base import SingleTexts, Texts
from concepts.library.collection import Collection

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


def texts_of(definition: Definition, collection: Collection) -> Texts:
    """A definition as scorers hear it. What counts is the sentence, the criteria and the queries, each with
    the name before it (Menon & Vondrick 2023)."""
    return Texts(_direction(definition, collection), lambda: _each(definition, collection))


def _direction(definition: Definition, collection: Collection) -> Vectors:
    """(d,) unit: towards the name, the sentence, the queries and the kinds that count, a little away from the
    queries that don't. What nobody has decided on pulls nowhere."""
    counting = [q.text for q in definition.queries if q.counts]
    included = [c.text for c in definition.of_kind("included")]
    towards = [definition.name, definition.description, *counting, *included]
    away = [q.text for q in definition.queries if not q.counts]
    direction = unit(collection.text_vectors(towards).mean(axis=0))
    if away:
        direction = unit(direction - NEGATIVE_SHARE * unit(collection.text_vectors(away).mean(axis=0)))
    return direction


def _each(definition: Definition, collection: Collection) -> SingleTexts:
    prompts = [template.format(definition.name) for template in TEMPLATES]
    counts = _distinct(
        [
            definition.description,
            *(c.text for c in definition.criteria if c.kind not in ("excluding", "undecided")),
            *(q.text for q in definition.queries if q.counts and _plain(q.text) != _plain(definition.name)),
        ]
    )
    against = _distinct(
        [
            *(c.text for c in definition.of_kind("excluding")),
            *(q.text for q in definition.queries if not q.counts),
        ]
    )
    counts = [f"{definition.name}: {text}" for text in counts]
    vectors = collection.text_vectors([definition.name, *prompts, *counts, *against])
    ends = [1 + len(prompts), 1 + len(prompts) + len(counts)]
    return SingleTexts(vectors[0], vectors[1 : ends[0]], vectors[ends[0] : ends[1]], vectors[ends[1] :])


def _distinct(texts: list[str]) -> list[str]:
    """Without those that differ in case or in the full stop alone."""
    return list({_plain(text): text for text in reversed(texts)}.values())[::-1]


def _plain(text: str) -> str:
    return text.strip(" .").casefold()
