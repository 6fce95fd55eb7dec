"""What every registered annotator keeps."""

from dataclasses import replace

import pytest
from fake_openai import MODEL
from simulated_annotator import judge

from concepts.collaborator import ANNOTATORS
from concepts.collaborator.base import Annotation, Annotator, Supplies
from concepts.collaborator.by_model import DecomposedAnnotator, VlmAnnotator
from concepts.collaborator.setups import choose_annotator
from concepts.errors import SettingsError
from concepts.learning.scale import Scale


@pytest.fixture
def supplies(encoder, background, server, make_model) -> Supplies:
    server.answer = judge
    return Supplies(lambda: encoder, lambda: background, make_model, concurrency=4)


@pytest.fixture(params=ANNOTATORS)
def annotator(request, supplies):
    if request.param == "captions":  # of the laboratory, by an encoder that writes
        supplies = replace(supplies, encoder=lambda: request.getfixturevalue("captioner"))
    return ANNOTATORS[request.param].prepare(supplies)


def test_it_is_an_annotator_with_a_name_a_fingerprint_and_a_batch_size(annotator):
    assert isinstance(annotator, Annotator)
    assert annotator.name
    assert 0 < len(annotator.fingerprint) <= 200
    assert annotator.batch_size >= 1


def test_it_rates_each_picture_from_1_to_5_with_evidence_for_each_criterion_and_a_rationale(
    annotator, revision, pictures
):
    asked = pictures("a dog", "a car", "a cat", "a tree", "a dog in a park")
    results = annotator.annotate(revision, asked)
    assert [result.picture_id for result in results] == [picture.picture_id for picture in asked]
    for result in results:
        assert isinstance(result, Annotation)
        assert 1 <= result.rating <= 5
        assert [(e.criterion, e.kind) for e in result.evidence] == [
            (criterion.text, criterion.kind) for criterion in revision.definition.criteria
        ]
        assert result.rationale
    assert annotator.annotate(revision, []) == []


@pytest.mark.parametrize("examples", [False, True])
def test_what_it_asks_is_known_without_asking(annotator, supplies, revision, pictures, server, examples):
    asked = type(annotator).asks(revision.definition, examples=examples)
    annotator.annotate(revision, pictures("a dog"))
    assert len(asked) == len(server.requests)
    assert [len(messages[-1].pictures) > 0 for messages in asked] == [
        bool(r.pictures) for r in server.requests
    ]


def test_asked_again_it_says_the_same_and_asks_nobody(annotator, server, revision, pictures):
    asked = pictures("a dog", "a car")
    first, paid = annotator.annotate(revision, asked), len(server.requests)
    assert annotator.annotate(revision, asked) == first
    assert len(server.requests) == paid


def test_another_model_scale_size_part_or_way_of_asking_is_another_annotator(make_model):
    scales = (
        Scale.graded(5),
        Scale.graded(5, names=["asleep", "wild"]),
        Scale.of_classes(["terrier", "Great Dane"]),
    )
    ways = [{"repeats": True}, {"counts": True}, {"part": "a"}, {"part": "b"}]
    models = [make_model(), make_model(side=300), make_model(model="other"), make_model(model="m" * 200)]
    made = [
        *(VlmAnnotator(model, concurrency=1) for model in models),
        *(VlmAnnotator(models[0], concurrency=1, **way) for way in ways),
        *(VlmAnnotator(models[0], concurrency=1, scale=scale) for scale in scales),
        DecomposedAnnotator(models[0], concurrency=1),
    ]
    fingerprints = {annotator.fingerprint for annotator in made}
    assert len(fingerprints) == len(made)
    assert max(map(len, fingerprints)) <= 200
    assert VlmAnnotator(models[0], concurrency=4).fingerprint == made[0].fingerprint


def test_auto_takes_the_model_that_sees_where_there_is_one_else_the_built_in_annotator(supplies):
    assert choose_annotator("auto", supplies).name == MODEL
    blind = replace(supplies, model=lambda: None)
    assert choose_annotator("auto", blind).name == "builtin"
    with pytest.raises(SettingsError, match="is set"):
        choose_annotator("vlm", blind)
