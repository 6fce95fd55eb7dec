"""A synthetic library with vectors, kinds of pictures and an encoder that knows words for them.

Rows are `benchmarks.limits.synthetic`'s. What a picture shows follows from its id: a shape in a colour. The
encoder is an untrained open_clip checkpoint of 512 numbers; the vectors of a kind lie around what it makes of
the kind's words, beyond what all words have in common, so that a search for words finds their kind and a
concept can be learned. Of files there are two drawings a kind, which stand in for those of all its pictures.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from benchmarks.limits import synthetic as made
from benchmarks.limits.rows import seconds_of
from concepts.encoders import load_encoder
from concepts.encoders.base import Encoder, unit
from concepts.labelling.labels import decisions_of
from concepts.labelling.mining import mine
from concepts.labelling.waves import draw_more_test_pictures
from concepts.library.collection import collection_of
from concepts.results.concepts import begin_concept
from concepts.rooms import open_app
from concepts.settings import load_settings
from storage.labels import Author, NewLabel
from storage.library import LibraryEncoder

COLOURS = {
    "red": (200, 40, 40),
    "orange": (235, 130, 30),
    "yellow": (240, 210, 40),
    "green": (40, 150, 60),
    "cyan": (40, 180, 190),
    "blue": (40, 80, 200),
    "purple": (130, 50, 170),
    "pink": (240, 130, 180),
    "brown": (120, 75, 40),
    "black": (25, 25, 25),
}
SHAPES = ("circle", "square", "triangle", "star", "cross", "ring", "bar", "arrow")
KINDS = [f"{colour} {shape}" for colour in COLOURS for shape in SHAPES]
VARIANTS = 2  # drawings of a kind
SIZES = {"small": (320, 240), "large": (1280, 960)}
DIMENSION = 512
NEAR = 0.5  # how far a vector is drawn towards its kind's; what is its own has the length 1
CONCEPT, COUNTS = "Stars", "star"
SENTENCE = "A star of any colour; not a cross and not an arrow."
AUTHOR = Author("simulation", "simulated")
MEASURE = 200  # pictures that are drawn to measure with, at least
A_WRITE = 20_000  # rows
CONCEPTS, ANSWERS_EACH = 100, 10  # about nothing in particular; of each that many pictures one is answered
TAUGHT = 2000  # answers about what pictures show


def kind_of(picture_id: str) -> int:
    return int(picture_id[:8], 16) % len(KINDS)


def drawing_of(home: Path, picture_id: str, size: str) -> Path:
    """The file that stands in for the picture; `size`: one of `SIZES`."""
    return home / "drawn" / f"{size}-{kind_of(picture_id)}-{int(picture_id[8:12], 16) % VARIANTS}.webp"


def counts(picture_id: str) -> bool:
    """What the simulated person says of a picture."""
    return KINDS[kind_of(picture_id)].endswith(COUNTS)


def library(folder: Path, pictures: int) -> Path:
    """The home in a folder; with a library of `pictures` and its answers, built unless one is there."""
    home = folder / "home"
    if not (home / "whole").exists():

        def make() -> None:
            build(home, pictures)
            answer(home, TAUGHT)
            (home / "whole").touch()

        print(f"A library of {pictures:,} pictures was built in {seconds_of(make):.0f} s.", file=sys.stderr)
    return home


def build(home: Path, pictures: int) -> None:
    """Into a home that is empty. Besides the concepts one is about what pictures show, without answers."""
    bench = open_app(load_settings(home=home))
    try:
        encoder = load_encoder(f"local-dir:{checkpoint(home / 'encoder')}", cache=home / "cache")
        _draw(home)
        made.build(bench.database, pictures, CONCEPTS, pictures // ANSWERS_EACH)
        fingerprint = encoder.fingerprint
        known = LibraryEncoder(encoder.name, str(fingerprint), encoder.dimension)
        collection_of(bench).library.set_encoder(known)
        index = collection_of(bench).stored()
        for ids, vectors in vectors_of(encoder, pictures):
            index.write(ids, vectors)
        begin_concept(bench, CONCEPT, SENTENCE)
    finally:
        bench.close()


def vectors_of(encoder: Encoder, pictures: int) -> Iterator[tuple[list[str], NDArray[np.float16]]]:
    """Ids and vectors (n, d) of unit length, some at a time."""
    words = encoder.encode_texts(KINDS)
    towards = NEAR * unit(words - words.mean(axis=0))
    rng = np.random.default_rng(0)
    for start in range(0, pictures, A_WRITE):
        ids = [made.picture_id(number) for number in range(start, min(start + A_WRITE, pictures))]
        own = rng.standard_normal((len(ids), encoder.dimension), dtype=np.float32)
        own /= np.linalg.norm(own, axis=1, keepdims=True)
        own += towards[[kind_of(picture_id) for picture_id in ids]]
        yield ids, unit(own).astype(np.float16)


def answer(home: Path, answers: int) -> None:
    """Simulated answers to that many pictures of the concept: all that measure, and others at random, a
    quarter of which count."""
    bench = open_app(load_settings(home=home))
    try:
        concept = bench.concept(CONCEPT).row
        draw_more_test_pictures(bench.concept_of(concept.id), at_least=MEASURE)
        bench.concept(CONCEPT).begin(mine).wait()
        apart = bench.store.kept_apart(concept.id)
        done = decisions_of(bench.concept(CONCEPT)).keys()
        ids = collection_of(bench).index().ids
        drawn = ids.at(np.random.default_rng(1).permutation(len(ids))[: 20 * answers])
        new = [picture_id for picture_id in drawn if picture_id not in apart | done]
        yes = [picture_id for picture_id in new if counts(picture_id)][: answers // 4]
        no = [picture_id for picture_id in new if not counts(picture_id)][: answers - len(yes)]
        given = [*sorted(apart - done), *np.random.default_rng(2).permutation([*yes, *no]).tolist()]
        labels = [
            NewLabel(f"made-up-{picture}", picture, "yes" if counts(picture) else "no", AUTHOR, 1)
            for picture in given
        ]
        bench.log.append(concept.id, labels)
        draw_more_test_pictures(bench.concept_of(concept.id))  # as the app does behind whoever answers
    finally:
        bench.close()


def checkpoint(folder: Path) -> Path:
    """A real open_clip model, small and untrained."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    side = 32
    config = {
        "embed_dim": DIMENSION,
        "vision_cfg": {
            "image_size": side,
            "layers": 1,
            "width": 64,
            "patch_size": 8,
            "head_width": 16,
        },
        # The vocabulary of the built-in tokenizer, which needs no file.
        "text_cfg": {"context_length": 24, "vocab_size": 49408, "width": 64, "heads": 4, "layers": 1},
    }
    middle = [0.5] * 3
    preprocessing = {"size": side, "mean": middle, "std": middle, "interpolation": "bilinear"}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = open_clip.CLIP(**config)
        # Words alone say something: what all captions share, and where a word stands, says nothing.
        with torch.no_grad():
            model.token_embedding.weight.normal_()
            model.token_embedding.weight[open_clip.SimpleTokenizer()("a photo of")[0]] = 0
            model.positional_embedding.zero_()
    folder.mkdir(parents=True, exist_ok=True)
    written = json.dumps({"model_cfg": config, "preprocess_cfg": preprocessing}, indent=1)
    (folder / "open_clip_config.json").write_text(written)
    weights = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(weights, folder / "open_clip_model.safetensors")
    return folder


def _draw(home: Path) -> None:
    (home / "drawn").mkdir(parents=True, exist_ok=True)
    for kind, name in enumerate(KINDS):
        for variant in range(VARIANTS):
            drawing = _drawing(name, kind * VARIANTS + variant)
            for size, pixels in SIZES.items():
                content = io.BytesIO()
                drawing.resize(pixels, Image.Resampling.BILINEAR).save(content, "WEBP", quality=75, method=0)
                (home / "drawn" / f"{size}-{kind}-{variant}.webp").write_bytes(content.getvalue())


def _drawing(name: str, seed: int) -> Image.Image:
    """The kind's colour and its shape's name over noise, so that to decode it takes as long as a photo."""
    rng = np.random.default_rng(seed)
    colour, shape = name.split()
    image = Image.fromarray(rng.integers(150, 250, (240, 320, 3), dtype=np.uint8)).resize(SIZES["large"])
    pen, side = ImageDraw.Draw(image), int(rng.integers(300, 560))
    left, top = int(rng.integers(40, 1240 - side)), int(rng.integers(40, 920 - side))
    pen.ellipse((left, top, left + side, top + side), fill=COLOURS[colour])
    pen.text((left + side // 4, top + side // 3), shape, fill="white", font_size=side // 5)
    return image
