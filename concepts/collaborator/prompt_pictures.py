"""How pictures are shown to a model: small where that will do, larger where something is to be read."""

from __future__ import annotations

import re

from concepts.collaborator.base import PictureInput
from concepts.definition.document import Definition
from storage.pictures import sources
from storage.pictures.decoding import decode
from storage.pictures.resizing import model_jpeg

VERSION = "jpeg-85"  # how pictures are made smaller, for fingerprints
EXAMPLE_SIDE = 256  # px; an example shows what kind of picture it is
LOOKING_SIDE = 768  # where OpenAI's tiles and Qwen's patches cost 750 to 800 tokens
READING_SIDE = 1024  # letters of a shelf label are 6 px high at 768 px; 1.8 times the tokens

# What is about writing in a picture. A word too many costs some tokens, one too few costs the verdict.
_READING = re.compile(
    r"\b(text|words?|letters?|letterings?|writing|written|reads?|readable|legible|labels?|labelled|labeled|logos?"
    r"|brands?|prices?|numbers?|digits?|signs?|captions?|titles?|headlines?|says|watermarks?|inscriptions?|dates?"
    r"|handwriting|handwritten|printed|barcodes?)\b",
    re.IGNORECASE,
)


def side_for(definition: Definition) -> int:
    """The longest side at which to look at pictures for a definition, in px."""
    texts = [definition.name, definition.description, *(criterion.text for criterion in definition.criteria)]
    return READING_SIDE if any(_READING.search(text) for text in texts) else LOOKING_SIDE


def read_picture(picture: PictureInput, side: int) -> bytes:
    """From the original, where there is one; a model sees details that a thumbnail has lost.

    Raises `OSError`, `BadPictureError` or `UnknownPictureError` where it can't be read.
    """
    data = sources.read(picture.source) if picture.source else picture.thumbnail()
    return model_jpeg(decode(data, short_side=side).image, side)
