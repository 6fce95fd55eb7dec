"""Captions that a library's own encoder writes, as an annotator. The CoCa model is real, small, untrained."""

import dataclasses

import pytest
from tiny_open_clip import make_tiny_open_clip

from concepts.collaborator import asks_no_model
from concepts.collaborator.base import FailedAnnotation, Supplies
from concepts.encoders import load_encoder
from concepts.errors import SettingsError
from study.coca import CaptionAnnotator


def test_it_needs_no_model_and_an_encoder_that_writes(captioner, encoder, background, tmp_path):
    assert asks_no_model("captions")
    writes = Supplies(lambda: captioner, lambda: background, lambda: None, concurrency=1)
    assert CaptionAnnotator.prepare(writes).name == "captions"
    clip = load_encoder(f"local-dir:{make_tiny_open_clip(tmp_path / 'clip')}", cache=tmp_path)
    for other in (clip, encoder):
        with pytest.raises(SettingsError, match="writes no captions"):
            CaptionAnnotator.prepare(dataclasses.replace(writes, encoder=lambda other=other: other))


def test_the_words_of_the_caption_decide_and_stand_in_the_rationale(captioner, revision, pictures):
    said = iter(["a brown dog running in a park", "a red car parked on a street", ""])
    annotator = CaptionAnnotator(captioner, lambda pixels: [next(said)])
    dog, car, empty = annotator.annotate(revision, pictures("x", "y", "z"))
    assert (dog.value, car.value) == ("yes", "no")
    assert dog.rationale.startswith("Caption: “a brown dog running in a park”. ")
    assert isinstance(empty, FailedAnnotation)
