"""An annotator that has the library's own encoder describe each picture, where it is a CoCa model (Yu et al.,
TMLR 2022), and compares the caption with the definition. Untried with real weights."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np

from concepts.collaborator.base import Annotation, FailedAnnotation, PictureInput, Result, Supplies
from concepts.collaborator.builtin import AsksNoModel, BuiltinAnnotator
from concepts.collaborator.prompt_parts import UNREADABLE
from concepts.definition.document import Revision, one_line
from concepts.definition.vocabulary import shipped_vectors
from concepts.encoders.base import Pixels, Vectors
from concepts.encoders.sentences import MINILM_SHA256, SentenceEncoder
from concepts.errors import SettingsError
from concepts.library.text_vectors import TextVectors
from concepts.registry import Method
from storage.pictures.decoding import decoded

if TYPE_CHECKING:
    from concepts.encoders.openclip import OpenClipEncoder

BACKGROUND = 2000  # nouns: how near a caption usually is to what isn't in the picture
START, END = 49406, 49407  # of a caption, to open_clip's own tokenizer
SHORTEST, LONGEST = 4, 30  # tokens of a caption


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

    def __init__(self, encoder: OpenClipEncoder, describe: Callable[[Pixels], list[str]]) -> None:
        self._encoder, self._describe = encoder, describe
        nouns = np.random.default_rng(0).choice(shipped_vectors(), BACKGROUND, replace=False)
        self._by_words = BuiltinAnnotator(_Sentences(), nouns)

    @classmethod
    def prepare(cls, supplies: Supplies) -> CaptionAnnotator:
        """Raises `SettingsError` where the library's encoder writes no captions."""
        words = supplies.encoder()
        encoder = words.encoder if isinstance(words, TextVectors) else words
        if not hasattr(getattr(encoder, "model", None), "text_decoder"):
            raise SettingsError("This library's encoder writes no captions. A CoCa model of open_clip does.")
        found = cast("OpenClipEncoder", encoder)
        return cls(found, partial(captions, found))

    @property
    def fingerprint(self) -> str:
        parts = f"{self._encoder.fingerprint} {self._by_words.fingerprint}"
        return f"captions:{self._encoder.name[:100]}:{hashlib.sha256(parts.encode()).hexdigest()[:12]}"

    def annotate(self, revision: Revision, pictures: Sequence[PictureInput]) -> list[Result]:
        """See `Annotator.annotate`."""
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


def captions(encoder: OpenClipEncoder, batch: Pixels) -> list[str]:
    """A sentence for each picture, likeliest word by likeliest word: open_clip's own `generate` needs a part
    that newer versions of transformers don't have."""
    import open_clip  # here, as an installation without PyTorch lists this annotator, too
    import torch

    model = encoder.model
    with torch.inference_mode():
        latent, cells = model._encode_image(torch.from_numpy(batch).to(encoder.device))
        words = torch.full((len(batch), 1), START, device=encoder.device)
        for place in range(LONGEST):
            said = model(None, words, image_latent=latent, image_embs=cells, output_labels=False)
            chances = said["logits"][:, -1]
            if place < SHORTEST:
                chances[:, END] = -torch.inf
            following = torch.where((words == END).any(1), END, chances.argmax(1))
            words = torch.cat([words, following[:, None]], 1)
            if bool((following == END).all()):
                break
    texts = [open_clip.decode(row[1:]).partition("<end_of_text>")[0] for row in words.cpu()]
    return [text.replace("<start_of_text>", "").strip(" .") for text in texts]
