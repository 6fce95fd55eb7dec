"""What learns has no answer about a picture that measures, whichever way it asks."""

from __future__ import annotations

from concepts.labelling.dataset import ConceptDataset
from concepts.labelling.training_data import TrainingData
from concepts.workbench import Workbench

NAME = "Round thing"


def test_answers_that_measure_reach_measuring_and_no_lesson(answered_once: Workbench) -> None:
    bench = answered_once
    measuring = [picture.id for picture in bench.concept(NAME).labels.next_pictures(3, purpose="evaluation")]
    for picture in measuring:
        bench.concept(NAME).labels.give(picture, "yes", author="me")
    context = bench.context
    concept = context.concept(NAME)
    training_data = TrainingData(
        context.collection, context.store, context.log, concept, context.revision(concept)
    )
    assert len(training_data.answers) == 2
    assert not training_data.answers.keys() & training_data.reserved
    assert not set(training_data.training.ids) & set(measuring)
    assert set(measuring) <= context.dataset(concept).decisions.keys() & training_data.reserved


def test_only_material_has_what_measures() -> None:
    assert not {"decisions", "blind", "measuring", "evaluation", "evaluation_labels"} & set(dir(TrainingData))
    assert {"decisions", "blind", "measuring", "evaluation", "evaluation_labels"} <= set(dir(ConceptDataset))
