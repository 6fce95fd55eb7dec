"""Captions that a library's own encoder writes, as an annotator. The CoCa model is real, small, untrained."""

import numpy as np
import pytest
from tiny_open_clip import make_tiny_open_clip

from concepts.collaborator.base import FailedAnnotation
from concepts.collaborator.captions import CaptionAnnotator
from concepts.encoders import load_encoder
from concepts.errors import EncoderError


def test_a_coca_checkpoint_writes_the_same_captions_each_time_and_a_clip_checkpoint_none(captioner, tmp_path):
    pixels = np.random.default_rng(0).normal(size=(3, 3, 32, 32)).astype(np.float32)
    captions = captioner.captions(pixels)
    assert len(captions) == 3
    assert all(captions)
    assert captioner.captions(pixels[1:2]) == captions[1:2]
    clip = load_encoder(f"local-dir:{make_tiny_open_clip(tmp_path / 'clip')}", cache=tmp_path)
    with pytest.raises(EncoderError, match="writes none"):
        clip.captions(pixels)


def test_the_words_of_the_caption_decide_and_stand_in_the_rationale(captioner, revision, pictures):
    captions = iter(["a brown dog running in a park", "a red car parked on a street", ""])
    annotator = CaptionAnnotator(captioner, lambda pixels: [next(captions)])
    dog, car, empty = annotator.annotate(revision, pictures("x", "y", "z"))
    assert (dog.value, car.value) == ("yes", "no")
    assert dog.rationale.startswith("Caption: “a brown dog running in a park”. ")
    assert isinstance(empty, FailedAnnotation)
