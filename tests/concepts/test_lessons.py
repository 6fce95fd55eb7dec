"""What learns has no answer about a picture that measures, whichever way it asks."""

from __future__ import annotations

from concepts.labelling.dataset import Material
from concepts.labelling.training_data import Lessons
from concepts.workbench import Workbench
from storage.labels import Author

NAME = "Round thing"


def test_answers_that_measure_reach_measuring_and_no_lesson(answered_once: Workbench) -> None:
    bench = answered_once
    measuring = [picture.id for picture in bench.answers.next_pictures(NAME, 3, purpose="evaluation")]
    for picture in measuring:
        bench.answers.label(NAME, picture, "yes", author=Author("me"), key=f"measures {picture}")
    context = bench.context
    concept = context.concept(NAME)
    lessons = Lessons(context.collection, context.store, context.log, concept.id, context.revision(concept))
    assert len(lessons.answers) == 2
    assert not lessons.answers.keys() & lessons.reserved
    assert not set(lessons.training.ids) & set(measuring)
    assert set(measuring) <= context.material(concept).decisions.keys() & lessons.reserved


def test_only_material_has_what_measures() -> None:
    assert not {"decisions", "blind", "measuring", "evaluation", "evaluation_labels"} & set(dir(Lessons))
    assert {"decisions", "blind", "measuring", "evaluation", "evaluation_labels"} <= set(dir(Material))
