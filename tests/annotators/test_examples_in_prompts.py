"""Answered pictures beside the one that is judged: which, in which order, and what of them goes out."""

import io
from dataclasses import replace

import pytest
import simulated_annotator
from PIL import Image

from concepts.collaborator.base import Example
from concepts.collaborator.by_model import DecomposedAnnotator, VlmAnnotator
from concepts.collaborator.prompt_parts import PromptExamples

SAID = {
    "a dog in a park": (True, "Plays outdoors."),
    "a puppy on grass": (True, ""),
    "a dog on the beach": (True, "Sand is outdoors too."),
    "a dog on a sofa": (False, "Indoors."),
    "a cat in a garden": (False, ""),
    "a wolf in the wild": (False, "No pet."),
}


@pytest.fixture
def answered(pictures):
    return [
        Example(replace(picture, group=picture.picture_id), *said)
        for picture, said in zip(pictures(*SAID), SAID.values(), strict=True)
    ]


@pytest.fixture
def seen(pictures, encoder):
    """A picture that is like the dogs on the beach and on the sofa."""
    (picture,) = pictures("a dog in a park")
    vector = encoder.encode_texts(["a dog on a sofa near the beach"])[0]
    return replace(picture, picture_id="f" * 64, group="f" * 64, vector=vector)


@pytest.fixture
def judge(make_model, server, revision, answered, seen):
    """Has the picture judged beside examples that are read so."""

    def judge(read):
        server.answer = simulated_annotator.judge
        annotator = VlmAnnotator(
            make_model(), concurrency=1, read_picture=read, examples=PromptExamples(answered)
        )
        return annotator.annotate(revision, [seen])[0]

    return judge


def square(side):
    file = io.BytesIO()
    Image.new("RGB", (side, side)).save(file, "JPEG")
    return file.getvalue()


def test_the_most_similar_ones_are_chosen_as_many_that_count_as_do_not(answered, seen):
    shown = PromptExamples(answered).like(seen)
    assert [example.counts for example in shown] == [True, False, True, False]
    assert [example.comment for example in shown[2:]] == ["Sand is outdoors too.", "Indoors."]
    looks_the_same = replace(seen, group=answered[3].picture.group)
    others = PromptExamples(answered).like(looks_the_same)
    assert [example.counts for example in others] == [True, False, True, False]
    assert "Indoors." not in [example.comment for example in others]
    few = PromptExamples([*answered[:3], answered[4]]).like(seen)
    assert [example.counts for example in few] == [True, False]
    for of_one_kind in ([], [example for example in answered if example.counts]):
        assert PromptExamples(of_one_kind).like(seen) == ()


def test_they_go_out_small_and_before_the_picture_with_their_answers_and_remarks(judge, server, answered):
    assert judge(lambda picture, side: square(side)).rating == 4
    (asked,) = server.requests
    assert [Image.open(io.BytesIO(shown)).size[0] for shown in asked.pictures] == [256] * 4 + [768]
    assert "Picture 3: counts. The person's remark: Sand is outdoors too." in asked.text
    assert "Picture 4: doesn't count. The person's remark: Indoors." in asked.text


def test_in_steps_they_are_told_and_described_once_however_many_pictures_they_are_like(
    make_model, server, revision, answered, pictures
):
    server.answer = simulated_annotator.judge
    annotator = DecomposedAnnotator(make_model(), concurrency=4, examples=PromptExamples(answered))
    annotator.annotate(revision, pictures(*SAID, *SAID)[6:])
    captions = [request.pictures[0] for request in server.requests if request.schema_name == "Caption"]
    assert 6 < len(captions) == len(set(captions))
    verdict = next(request for request in server.requests if request.schema_name == "Conclusion")
    assert "The person's remark: Indoors. What it shows: A shape" in verdict.text
    assert verdict.pictures == []


def test_other_answers_make_another_fingerprint(make_model, answered):
    def fingerprint(examples):
        return VlmAnnotator(make_model(), concurrency=1, examples=examples).fingerprint

    remarked = [replace(answered[0], comment="Another remark."), *answered[1:]]
    turned = [replace(answered[0], counts=False), *answered[1:]]
    pools = [PromptExamples(pool) for pool in (answered, remarked, turned, answered[1:])]
    assert len({fingerprint(pool) for pool in (None, *pools)}) == 5
    assert fingerprint(PromptExamples(answered[::-1])) == fingerprint(PromptExamples(answered))


def test_an_example_that_can_not_be_read_is_left_out(judge, server, answered):
    def read(picture, side):
        if picture.picture_id == answered[3].picture.picture_id:
            raise OSError("gone")
        return square(side)

    assert judge(read).rating == 4
    assert len(server.requests[0].pictures) == 4
