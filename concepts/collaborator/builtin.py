"""Annotates without a language model: classification by description (Menon & Vondrick, ICLR 2023).

A picture is compared with the words of the definition in the encoder's space. Cosines of different texts
aren't on one scale, so each is standardised against a random sample of the library: a z-score says how
much nearer a picture is to a text than the library's pictures usually are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from concepts.collaborator.base import (
    Annotation,
    CriterionEvidence,
    PictureInput,
    Result,
    Supplies,
    Verdict,
    max_rating,
    of_necessary,
)
from concepts.definition.document import Criterion, Definition, Revision
from concepts.encoders.base import Fingerprint, TextEncoder, Vectors
from concepts.errors import DiscernError
from concepts.jobs.engines import Task
from concepts.language.base import Message
from concepts.language.prompts import DEFAULTS, PromptFiles
from concepts.registry import Method

VERSION = 2
SMALLEST_BACKGROUND = 30  # below that, mean and spread of the library are guesses
MET, NOT_MET = 1.0, 0.0  # z-scores
RATINGS = (0.0, 0.5, 1.25, 2.0)  # combined z-score from which a picture is rated 2, 3, 4, 5
EXCLUDED_WEIGHT = 0.25


@dataclass(frozen=True)
class _Words:
    """The texts of a definition, in the rows of one matrix of z-scores."""

    topic: str
    criteria: tuple[str, ...]
    counts: tuple[str, ...]
    lookalikes: tuple[str, ...]

    @classmethod
    def of(cls, definition: Definition) -> _Words:
        return cls(
            f"{definition.name}: {definition.description}",
            tuple(criterion.text for criterion in definition.criteria),
            tuple(query.text for query in definition.queries if query.counts) or (definition.name,),
            tuple(query.text for query in definition.queries if not query.counts),
        )

    @property
    def texts(self) -> list[str]:
        return [self.topic, *self.criteria, *self.counts, *self.lookalikes]

    def split(self, z: Vectors) -> tuple[Vectors, Vectors, Vectors, Vectors]:
        """(n, texts) → topic (n, 1), criteria, queries that count, queries that don't."""
        topic, criteria, counts, lookalikes = np.split(
            z, np.cumsum([1, len(self.criteria), len(self.counts)]), axis=1
        )
        return topic, criteria, counts, lookalikes


class AsksNoModel:
    """What an annotator inherits that needs no endpoint."""

    @classmethod
    def asks(
        cls, definition: Definition, *, examples: bool, prompts: PromptFiles = DEFAULTS, part: bool = False
    ) -> list[list[Message]]:
        return []


class BuiltinAnnotator(AsksNoModel):
    """`background` (n, d): vectors of a random sample of the library, at least 30."""

    method: ClassVar[Method] = Method(
        name="builtin",
        what="Compares a picture with the words of the definition; explains itself, but guesses often.",
        source="Menon & Vondrick, Visual classification via description from LLMs, ICLR 2023",
        licence="",
        cost="nothing but the encoder",
        defaults={"ratings": RATINGS, "excluded_weight": EXCLUDED_WEIGHT},
    )
    name = "builtin"
    batch_size = 256

    def __init__(self, encoder: TextEncoder, background: Vectors) -> None:
        if len(background) < SMALLEST_BACKGROUND:
            raise DiscernError(
                f"The built-in annotator compares with {SMALLEST_BACKGROUND} pictures or more, and there are "
                f"{len(background)}. Add pictures, or name a model."
            )
        self._encoder = encoder
        self._background = background

    @classmethod
    def prepare(cls, supplies: Supplies) -> BuiltinAnnotator:
        return cls(supplies.encoder(), supplies.background())

    @property
    def fingerprint(self) -> str:
        """With the background: another sample of the library moves the z-scores."""
        sample = hashlib.sha256(np.ascontiguousarray(self._background).tobytes()).hexdigest()[:8]
        return f"builtin:{VERSION}:{self._encoder.fingerprint}:{sample}"

    def annotate(self, revision: Revision, pictures: Sequence[PictureInput]) -> list[Result]:
        """See `Annotator.annotate`. Costs nothing and fails no picture."""
        if not pictures:
            return []
        definition = revision.definition
        words = _Words.of(definition)
        z = self._standardised(words.texts, np.stack([picture.vector for picture in pictures]))
        scores = combine(definition, words, z)
        _, criteria, _, _ = words.split(z)
        annotations: list[Result] = []
        for row, picture in enumerate(pictures):
            verdicts = _verdicts(definition.criteria, criteria[row], float(scores[row]))
            evidence = tuple(
                CriterionEvidence(criterion.text, criterion.kind, verdict, round(float(value), 3))
                for criterion, verdict, value in zip(
                    definition.criteria, verdicts, criteria[row], strict=True
                )
            )
            highest, reason = max_rating(definition.criteria, verdicts)
            rating = min(1 + sum(float(scores[row]) >= edge for edge in RATINGS), highest)
            annotations.append(
                Annotation(picture.picture_id, rating, evidence, _rationale(words, z[row : row + 1], reason))
            )
        return annotations

    def task(self, revision: Revision) -> Task[PictureInput, list[Result]]:
        """`annotate` as a task for an engine of any kind, on pictures whose thumbnail isn't asked for. The
        vectors of the definition's words go along, so no encoder is loaded."""
        texts = _Words.of(revision.definition).texts
        encoded = _Encoded(self._encoder.fingerprint, tuple(texts), self._encoder.encode_texts(texts))
        return partial(BuiltinAnnotator(encoded, self._background).annotate, revision)

    def _standardised(self, texts: list[str], vectors: Vectors) -> Vectors:
        """z-scores (pictures, texts) of the cosines."""
        directions = self._encoder.encode_texts(texts)
        usual = self._background @ directions.T
        spread = np.maximum(usual.std(axis=0), 1e-6)
        return np.asarray((vectors @ directions.T - usual.mean(axis=0)) / spread, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class _Encoded:
    """A `TextEncoder` of a few texts, whose vectors it has."""

    fingerprint: Fingerprint | str
    texts: tuple[str, ...]
    vectors: Vectors  # (texts, d)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        return self.vectors[[self.texts.index(text) for text in texts]]


def combine(definition: Definition, words: _Words, z: Vectors) -> Vectors:
    """One z-score a picture (n,): the topic and what counts, less what looks similar. A picture is of one
    kind of those that count, so the nearest speaks for them."""
    topic, criteria, counts, lookalikes = words.split(z)
    kinds = np.array([criterion.kind for criterion in definition.criteria], dtype=object)
    included = criteria[:, kinds == "included"]
    nearest = included.max(axis=1, keepdims=True) if included.shape[1] else included
    speaking_for = [counts, criteria[:, kinds == "supporting"], nearest]
    against = np.concatenate([lookalikes, criteria[:, kinds == "excluding"]], axis=1)
    score = (topic[:, 0] + np.concatenate(speaking_for, axis=1).mean(axis=1)) / 2
    if against.shape[1]:
        score = score - EXCLUDED_WEIGHT * np.maximum(against.max(axis=1), 0.0)
    return np.asarray(score, dtype=np.float32)


def _verdicts(criteria: Sequence[Criterion], z: Vectors, score: float) -> list[Verdict]:
    """By the z-scores (criteria,) of a picture and the one they combine to. What speaks against a picture has
    to be nearer than all that speaks for it: pictures of one subject are near to most words about it."""
    signals = [  # of each, that of the nearest kind under it, or its own
        max(map(float, of_necessary(criterion, criteria, z)))
        for criterion in criteria
        if criterion.kind == "necessary"
    ]
    nearest = max(min(signals, default=0.0), score)
    verdicts: list[Verdict] = []
    for criterion, value in zip(criteria, z, strict=True):
        verdict: Verdict = "met" if value >= MET else "not met" if value < NOT_MET else "unclear"
        if criterion.kind in ("excluding", "undecided") and verdict == "met" and value <= nearest:
            verdict = "unclear"
        verdicts.append(verdict)
    return verdicts


def _rationale(words: _Words, z: Vectors, reason: str) -> str:
    """One sentence that names the strongest evidence."""
    _, _, counts, lookalikes = (part[0] for part in words.split(z))
    best = int(counts.argmax())
    sentence = f"Closest to “{words.counts[best]}” ({counts[best]:+.1f} SD against the library)"
    if len(lookalikes) and lookalikes.max() > counts[best]:
        worst = int(lookalikes.argmax())
        sentence = (
            f"Closer to “{words.lookalikes[worst]}” ({lookalikes[worst]:+.1f} SD), which doesn't count, "
            f"than to “{words.counts[best]}” ({counts[best]:+.1f} SD)"
        )
    return f"{sentence}; {reason}." if reason else f"{sentence}."
