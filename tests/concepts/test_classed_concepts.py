"""A concept of exclusive classes, from the first answer to a version, its figures and its file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from concepts.bundle.facts import OneOf
from concepts.bundle.load import load_bundle
from concepts.classifier.training import linear_head
from concepts.errors import DiscernError
from concepts.learning.scale import Scale
from concepts.learning.scaled import classes
from concepts.workbench import Workbench
from concepts.workbench.labels import GivenLabel
from storage.labels import Author

NAME = "Shape"


@pytest.fixture
def shapes(open_bench: Callable[[], Workbench]) -> Workbench:
    bench = open_bench()
    scale = Scale.of_classes(["ellipse", "rectangle"])
    bench.concepts.begin(NAME, "Which shape it shows.", scale=scale)
    return bench


@pytest.fixture
def answered(shapes: Workbench) -> Workbench:
    """Every picture by its file's name, those that measure in their order; lines are none of these."""
    context = shapes.context
    context.draw_more(context.concept(NAME), at_least=30)
    order = dict.fromkeys([*context.to_answer(context.concept(NAME)), *context.collection.library.all_ids()])
    paths = context.collection.paths(list(order))
    given = {f"answer {i}": GivenLabel(picture=i, value=shape_of(paths[i])) for i in order}
    shapes.concept(NAME).labels.commit(given, Author("me"))
    return shapes


def shape_of(path: str) -> str:
    name = Path(path).name.split("-")[0]
    return name if name == "rectangle" else "none" if name == "line" else "ellipse"


def test_an_answer_names_one_class_or_none(shapes):
    concept = shapes.concept(NAME)
    one, other, last = concept.labels.next_pictures(3)
    for picture, word in ((one, "Rectangle"), (other, "none of these"), (last, "unsure")):
        concept.labels.give(picture.id, word, author="me")
    events = list(shapes.context.log.events(concept.id))
    assert [(e.value, e.said) for e in events] == [("yes", "rectangle"), ("no", "none"), ("unsure", "unsure")]


def test_what_is_no_class_is_refused_with_what_there_is(shapes):
    picture = shapes.concept(NAME).labels.next_pictures(1)[0]
    with pytest.raises(DiscernError, match="ellipse, rectangle, none, unsure or skip"):
        shapes.concept(NAME).labels.give(picture.id, "triangle", author="me")


def test_a_version_tells_the_classes_apart_and_is_measured_on_that(answered):
    answered.concept(NAME).versions.train().wait()
    found = answered.concept(NAME).versions.measure().classes
    assert [one.name for one in found.classes] == ["none of these", "ellipse", "rectangle"]
    assert found.n >= 15
    assert found.accuracy.value > 0.5
    assert sum(map(sum, found.table)) == found.n


def test_its_file_has_a_column_for_each_class_of_which_one_is_right(answered, tmp_path):
    concept = answered.concept(NAME)
    concept.versions.train().wait()
    concept.exports.write(tmp_path / "bundle")
    head = answered.context.head(concept.row, None)
    index = answered.context.dataset(concept.row).index
    vectors = index.vectors(list(index.ids))
    expected = classes(linear_head(head), vectors)
    bundle = load_bundle(tmp_path / "bundle")
    assert isinstance(bundle.facts.rule, OneOf)
    assert bundle.columns == ("ellipse", "rectangle")
    said = bundle.outputs(vectors)
    assert said.probability == pytest.approx(expected[:, 1:])
    assert (said.decision.sum(axis=1) <= 1).all()
    assert "At most one of them is right" in (tmp_path / "bundle" / "README.md").read_text()


def test_classes_fill_a_file_of_their_own(answered, tmp_path):
    answered.concept(NAME).versions.train().wait()
    answered.concepts.begin("Round", "A filled ellipse.")
    for picture, value in zip(answered.concept("Round").labels.next_pictures(2), ("yes", "no"), strict=True):
        answered.concept("Round").labels.give(picture.id, value, author="me")
    answered.concept("Round").versions.train().wait()
    with pytest.raises(DiscernError, match="file of their own"):
        answered.concept("Round").exports.write(tmp_path / "bundle", also=[NAME])


def test_int8_of_classes_is_refused_with_why_before_anything_is_measured(answered, tmp_path):
    concept = answered.concept(NAME)
    concept.versions.train().wait()
    for ask in (
        lambda: concept.exports.measure_int8().wait(),
        lambda: concept.exports.measure_int8().id,
        lambda: concept.exports.bundle(1, int8=True),
    ):
        with pytest.raises(DiscernError, match=r"no int8 form of these.*Take it without int8"):
            ask()
    assert not answered.context.jobs.store.newest_first(["measure int8"], concept.id)


def test_pictures_are_classified_by_class_as_the_file_does_it(answered, pictures):
    answered.concept(NAME).versions.train().wait()
    file = next(iter(sorted(pictures.glob("rectangle-*.png"))))
    found = answered.scoring.classify([("one.png", file.read_bytes())], [NAME]).pictures[0]
    assert [said.concept for said in found.said] == ["ellipse", "rectangle"]
    assert sum(said.decision == "yes" for said in found.said) <= 1
    assert sum(said.probability for said in found.said) <= 1


def test_the_library_says_the_likeliest_class(answered):
    answered.concept(NAME).versions.train().wait()
    page = answered.concept(NAME).scores.ranked("top", limit=10)
    assert {picture.likeliest for picture in page.pictures} <= {"none of these", "ellipse", "rectangle"}
    assert page.pictures[0].said in ("ellipse", "rectangle", "none")
