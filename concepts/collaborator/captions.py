"""Annotates by a caption that the library's own encoder writes of a picture, where it is one that can (CoCa,
Yu et al., TMLR 2022): the caption's words are compared with those of the definition, as the built-in
annotator does with pictures. Untried with real weights.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np

from concepts.collaborator.base import Annotation, FailedAnnotation, PictureInput, Result, Supplies
from concepts.collaborator.builtin import BuiltinAnnotator
from concepts.collaborator.prompt_parts import UNREADABLE
from concepts.definition.document import Definition, Revision, one_line
from concepts.definition.vocabulary import shipped_vectors
from concepts.encoders.base import Encoder, Pixels, Vectors
from concepts.encoders.sentences import MINILM_SHA256, SentenceEncoder
from concepts.errors import SettingsError
from concepts.language.base import Message
from concepts.language.prompts import DEFAULTS, PromptFiles
from concepts.registry import Method
from storage.pictures.decoding import decoded

VERSION = 1
BACKGROUND = 2000  # nouns that a caption is usually as near to as to what is not in the picture


@runtime_checkable
class Describing(Protocol):
    """An encoder that may also say what pictures show."""

    def captions(self, batch: Pixels) -> list[str]:
        """Of (n, 3, H, W). Raises `EncoderError` where this model only compares."""


class _Sentences:
    fingerprint = MINILM_SHA256[:12]

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        return SentenceEncoder().encode(texts)


class CaptionAnnotator:
    method: ClassVar[Method] = Method(
        name="captions",
        what="Has the library's encoder describe each picture, where it is a CoCa model, and compares words.",
        source="Yu et al., CoCa: Contrastive captioners are image-text foundation models, TMLR 2022",
        licence="that of the model",
        cost="about a second a picture without a GPU",
    )
    name = "captions"
    batch_size = 16

    def __init__(self, encoder: Encoder, describe: Callable[[Pixels], list[str]]) -> None:
        self._encoder, self._describe = encoder, describe
        rows = np.random.default_rng(0).choice(len(shipped_vectors()), BACKGROUND, replace=False)
        self._by_words = BuiltinAnnotator(_Sentences(), shipped_vectors()[rows])

    @classmethod
    def prepare(cls, supplies: Supplies) -> CaptionAnnotator:
        encoder = supplies.looking() if supplies.looking else None
        if not isinstance(encoder, Describing):
            raise SettingsError("This library's encoder writes no captions. A CoCa model of open_clip does.")
        return cls(encoder, encoder.captions)

    @classmethod
    def asks(
        cls, definition: Definition, *, examples: bool, prompts: PromptFiles = DEFAULTS, part: bool = False
    ) -> list[list[Message]]:
        return []

    @property
    def fingerprint(self) -> str:
        parts = f"{VERSION} {self._encoder.fingerprint} {self._by_words.fingerprint}"
        return f"captions:{self._encoder.name[:100]}:{hashlib.sha256(parts.encode()).hexdigest()[:12]}"

    def annotate(self, revision: Revision, pictures: Sequence[PictureInput]) -> list[Result]:
        """See `Annotator.annotate`. Raises `EncoderError` where the encoder only compares."""
        return [self._judge(revision, picture) for picture in pictures]

    def _judge(self, revision: Revision, picture: PictureInput) -> Result:
        try:
            with decoded(picture.thumbnail(), short_side=self._encoder.decode_size) as found:
                pixels = self._encoder.prepare(found.image)
        except UNREADABLE as error:
            return FailedAnnotation(picture.picture_id, f"The picture can't be read: {error}")
        caption = one_line(self._describe(pixels[None])[0])
        if not caption:
            return FailedAnnotation(picture.picture_id, "The model wrote an empty caption.")
        (vector,) = _Sentences().encode_texts([caption])
        (said,) = self._by_words.annotate(revision, [replace(picture, vector=vector)])
        assert isinstance(said, Annotation)
        return replace(said, rationale=f"Caption: “{caption}”. {said.rationale}")
