import io
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tiny_open_clip import make_tiny_open_clip

from concepts.collaborator.base import PictureInput
from concepts.collaborator.by_model import VlmAnnotator
from concepts.definition.document import Criterion, Definition, Query, Revision
from concepts.encoders import load_encoder
from concepts.encoders.base import Encoder, Vectors
from concepts.encoders.sentences import SentenceEncoder
from concepts.language.openai_compatible import OpenAICompatibleModel
from storage.blobs import FolderBlobs
from storage.pictures.thumbnails import ThumbnailStore


class WordsOnly:
    """The sentence encoder as an encoder: in these tests a picture is the vector of its caption."""

    name = "words"
    fingerprint = "words-0123"
    encode = SentenceEncoder().encode

    def encode_texts(self, texts) -> Vectors:
        return self.encode(texts)


@pytest.fixture(scope="session")
def encoder() -> WordsOnly:
    return WordsOnly()


CAPTIONS = (
    "an orange; a car; a rainy street; a chair; two cats asleep; a mountain lake; a violin; bread; "
    "a city at night; a bicycle; a horse in a field; an office desk; a soccer match; an old church; a rose; "
    "a train station; a baby; a laptop; a bottle of wine; a wooden bridge; a kitchen; a parrot; a spider; "
    "a pair of boots; a snowy road; a tractor; a bookshelf; a lighthouse; a pizza; a wedding cake; a sofa; "
    "an airplane; a hospital bed; a swimming pool; a clock; a garden hose; a guitar player; a bus stop; "
    "a desert; a hammer"
)


@pytest.fixture(scope="session")
def background(encoder: WordsOnly) -> Vectors:
    return encoder.encode_texts(CAPTIONS.split("; "))


@pytest.fixture
def revision() -> Revision:
    definition = Definition(
        name="dogs outside",
        description="dogs playing outdoors",
        criteria=(
            Criterion(kind="necessary", text="a dog"),
            Criterion(kind="supporting", text="grass or a park"),
            Criterion(kind="excluding", text="a cat"),
        ),
        queries=(Query(text="a dog running in a park"), Query(text="a wolf in the wild", counts=False)),
    )
    return Revision(number=1, definition=definition, author="test", note="", created=datetime.now(UTC))


@pytest.fixture
def described(revision: Revision) -> Callable[..., Revision]:
    """The revision with another definition."""

    def described(*criteria: Criterion, name: str = "x", description: str = "x") -> Revision:
        definition = Definition(name=name, description=description, criteria=criteria)
        return revision.model_copy(update={"definition": definition})

    return described


@pytest.fixture
def pictures(tmp_path: Path, encoder: WordsOnly) -> Callable[..., list[PictureInput]]:
    """Real thumbnails of one colour each, with the vectors of their captions."""

    def make(*captions: str) -> list[PictureInput]:
        thumbnails, made = ThumbnailStore(FolderBlobs(tmp_path / "thumbnails")), []
        for number, vector in enumerate(encoder.encode_texts(captions)):
            picture_id, file = f"{number:064d}", io.BytesIO()
            Image.new("RGB", (32, 24), (7 * number % 256, 0, 0)).save(file, "WEBP", lossless=True)
            thumbnails.write(picture_id, file.getvalue())
            read = partial(thumbnails.read, picture_id)
            made.append(PictureInput(picture_id, read, np.asarray(vector)))
        return made

    return make


@pytest.fixture(scope="session")
def captioner(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    """A real CoCa model of open_clip, small and untrained."""
    folder = make_tiny_open_clip(tmp_path_factory.mktemp("coca"), coca=True)
    return load_encoder(f"local-dir:{folder}", cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture
def make_vlm(make_model: Callable[..., OpenAICompatibleModel]) -> Callable[..., VlmAnnotator]:
    def make(*, concurrency: int = 4, **changes: Any) -> VlmAnnotator:
        return VlmAnnotator(make_model(**changes), concurrency=concurrency)

    return make
