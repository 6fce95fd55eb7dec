"""Captions that a library's own encoder writes, as an annotator. The CoCa model is real, small, untrained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tiny_open_clip import make_tiny_open_clip

from concepts.collaborator.base import Annotation, FailedAnnotation
from concepts.collaborator.captions import CaptionAnnotator
from concepts.encoders import load_encoder
from concepts.errors import EncoderError


def test_a_coca_checkpoint_encodes_and_writes_the_same_captions_each_time(captioner):
    pixels = np.random.default_rng(0).normal(size=(3, 3, 32, 32)).astype(np.float32)
    assert captioner.encode_pictures(pixels).shape == (3, captioner.dimension)
    captions = captioner.captions(pixels)
    assert len(captions) == 3
    assert all(captions)
    assert captioner.captions(pixels) == captions
    assert captioner.captions(pixels[1:2]) == captions[1:2]


def test_a_model_that_only_compares_says_so(tmp_path):
    folder = make_tiny_open_clip(tmp_path / "clip")
    encoder = load_encoder(f"local-dir:{folder}", cache=tmp_path / "cache")
    with pytest.raises(EncoderError, match="writes none"):
        encoder.captions(np.zeros((1, 3, 32, 32), np.float32))


def test_the_words_of_the_caption_decide_and_stand_in_the_rationale(captioner, revision, pictures):
    said = {"dog": "a brown dog running in a park", "car": "a red car parked on a street"}
    captions = iter([said["dog"], said["car"], ""])
    annotator = CaptionAnnotator(captioner, lambda pixels: [next(captions)])
    dog, car, empty = annotator.annotate(revision, pictures("x", "y", "z"))
    assert isinstance(dog, Annotation)
    assert isinstance(car, Annotation)
    assert (dog.value, car.value) == ("yes", "no")
    assert dog.rationale.startswith("Caption: “a brown dog running in a park”. ")
    assert isinstance(empty, FailedAnnotation)


def test_a_picture_that_can_not_be_read_fails_alone(captioner, revision, pictures):
    good, bad = pictures("a dog", "a cat")
    annotator = CaptionAnnotator(captioner, captioner.captions)
    first, second = annotator.annotate(revision, [replace(bad, thumbnail=lambda: b"no picture"), good])
    assert isinstance(first, FailedAnnotation)
    assert isinstance(second, Annotation)
