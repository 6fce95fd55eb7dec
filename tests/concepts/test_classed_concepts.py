"""A concept of exclusive classes, from the first answer to a version, its figures and its file."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from answering import answered_all

from concepts.bundle.facts import OneOf
from concepts.bundle.load import load_bundle
from concepts.classifier.training import linear_head
from concepts.errors import DiscernError
from concepts.learning.scale import Scale
from concepts.learning.scaled import classes
from concepts.workbench import Concept, Workbench

NAME = "Shape"
SHAPES = Scale.of_classes(["ellipse", "rectangle"])


@pytest.fixture
def shapes(open_bench: Callable[[], Workbench]) -> Concept:
    return open_bench().concepts.begin(NAME, "Which shape it shows.", scale=SHAPES)


@pytest.fixture(scope="module")
def trained(made_library: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Concept]:
    home = tmp_path_factory.mktemp("classes") / "home"
    shutil.copytree(made_library[0], home)
    bench = answered_all(home, NAME, SHAPES, shape_of)
    yield bench.concept(NAME)
    bench.close()


def shape_of(path: str) -> str:
    """By the name of the file; lines are none of these."""
    name = Path(path).name.split("-")[0]
    return name if name == "rectangle" else "none" if name == "line" else "ellipse"


def test_an_answer_names_one_class_or_none(shapes):
    one, other, last = shapes.labels.next_pictures(3)
    for picture, word in ((one, "Rectangle"), (other, "none of these"), (last, "unsure")):
        shapes.labels.give(picture.id, word, author="me")
    events = list(shapes.context.log.events(shapes.id))
    assert [(e.value, e.said) for e in events] == [("yes", "rectangle"), ("no", "none"), ("unsure", "unsure")]


def test_what_is_no_class_is_refused_with_what_there_is(shapes):
    picture = shapes.labels.next_pictures(1)[0]
    with pytest.raises(DiscernError, match="ellipse, rectangle, none, unsure or skip"):
        shapes.labels.give(picture.id, "triangle", author="me")


def test_a_version_tells_the_classes_apart_and_is_measured_on_that(trained):
    found = trained.versions.measure().classes
    assert [one.name for one in found.classes] == ["none of these", "ellipse", "rectangle"]
    assert found.n >= 15
    assert found.accuracy.value > 0.5
    assert sum(map(sum, found.table)) == found.n


def test_its_file_has_a_column_for_each_class_of_which_one_is_right(trained, tmp_path):
    trained.exports.write(tmp_path / "bundle")
    head = trained.context.head(trained.row, None)
    index = trained.context.dataset(trained.row).index
    vectors = index.vectors(list(index.ids))
    expected = classes(linear_head(head), vectors)
    bundle = load_bundle(tmp_path / "bundle")
    assert isinstance(bundle.facts.rule, OneOf)
    assert bundle.columns == ("ellipse", "rectangle")
    said = bundle.outputs(vectors)
    assert said.probability == pytest.approx(expected[:, 1:])
    assert (said.decision.sum(axis=1) <= 1).all()
    assert "At most one of them is right" in (tmp_path / "bundle" / "README.md").read_text()


def test_classes_fill_a_file_of_their_own(trained, tmp_path):
    other = trained.bench.concepts.begin("Round", "A filled ellipse.")
    for picture, value in zip(other.labels.next_pictures(2), ("yes", "no"), strict=True):
        other.labels.give(picture.id, value, author="me")
    other.versions.train().wait()
    with pytest.raises(DiscernError, match="file of their own"):
        other.exports.write(tmp_path / "bundle", also=[NAME])


def test_pictures_are_classified_by_class_as_the_file_does_it(trained, pictures):
    file = next(iter(sorted(pictures.glob("rectangle-*.png"))))
    found = trained.bench.scoring.classifier([NAME])("one.png", file.read_bytes)
    assert [said.concept for said in found.said] == ["ellipse", "rectangle"]
    assert sum(said.decision == "yes" for said in found.said) <= 1
    assert sum(said.probability for said in found.said) <= 1


def test_the_library_says_the_likeliest_class(trained):
    page = trained.scores.ranked("top", limit=10)
    assert {picture.likeliest for picture in page.pictures} <= {"none of these", "ellipse", "rectangle"}
    assert page.pictures[0].said in ("ellipse", "rectangle", "none")
