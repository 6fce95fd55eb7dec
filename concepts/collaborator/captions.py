"""Annotates by a caption that the library's own encoder writes of a picture, where it is one that can (CoCa,
Yu et al., TMLR 2022): the caption is compared with the definition, as the built-in annotator does with
pictures. Untried with real weights."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np

from concepts.collaborator.base import Annotation, FailedAnnotation, PictureInput, Result, Supplies
from concepts.collaborator.builtin import AsksNoModel, BuiltinAnnotator
from concepts.collaborator.prompt_parts import UNREADABLE
from concepts.definition.document import Revision, one_line
from concepts.definition.vocabulary import shipped_vectors
from concepts.encoders.base import Encoder, Pixels, Vectors
from concepts.encoders.sentences import MINILM_SHA256, SentenceEncoder
from concepts.errors import SettingsError
from concepts.registry import Method
from storage.pictures.decoding import decoded

BACKGROUND = 2000  # nouns: how near a caption usually is to what isn't in the picture


class _Sentences:
    fingerprint = MINILM_SHA256[:12]

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        return SentenceEncoder().encode(texts)


class CaptionAnnotator(AsksNoModel):
    method: ClassVar[Method] = Method(
        name="captions",
        what="Has the library's encoder describe each picture, where it is a CoCa model, and compares words.",
        source="Yu et al., CoCa: Contrastive captioners are image-text foundation models, TMLR 2022",
        licence="that of the model",
        cost="the encoder, about thirty times a picture",
    )
    name = "captions"
    batch_size = 16

    def __init__(self, encoder: Encoder, describe: Callable[[Pixels], list[str]]) -> None:
        self._encoder, self._describe = encoder, describe
        nouns = np.random.default_rng(0).choice(shipped_vectors(), BACKGROUND, replace=False)
        self._by_words = BuiltinAnnotator(_Sentences(), nouns)

    @classmethod
    def prepare(cls, supplies: Supplies) -> CaptionAnnotator:
        encoder = supplies.looking() if supplies.looking else None
        if encoder is None or not hasattr(encoder, "captions"):
            raise SettingsError("This library's encoder writes no captions. A CoCa model of open_clip does.")
        return cls(encoder, encoder.captions)

    @property
    def fingerprint(self) -> str:
        parts = f"{self._encoder.fingerprint} {self._by_words.fingerprint}"
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
        described = replace(picture, vector=_Sentences().encode_texts([caption])[0])
        (said,) = self._by_words.annotate(revision, [described])
        assert isinstance(said, Annotation)
        return replace(said, rationale=f"Caption: “{caption}”. {said.rationale}")
