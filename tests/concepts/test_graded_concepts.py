"""A concept that is answered by grades or classes, from the first answer to a version and its figures."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from answering import answered_all
from hypothesis import given
from hypothesis import strategies as st
from simulated_annotator import serving

from concepts.bundle.facts import OneOf
from concepts.bundle.load import load_bundle
from concepts.collaborator.annotations import annotate, annotations_to_review, opinion_of
from concepts.collaborator.suggestions import ReviewFilter, agreement_of_answers
from concepts.errors import ConflictError, DiscernError, NotEnoughLabelsError
from concepts.labelling.consensus import Decision, consensus
from concepts.labelling.dataset import dataset_of
from concepts.labelling.label_files import import_label_file, label_rows, write_labels
from concepts.labelling.labels import decisions_of, give_label, label_count, next_pictures, take_back_labels
from concepts.labelling.mining import mine
from concepts.labelling.rows import read_answer
from concepts.learning.scale import NONE, Scale
from concepts.learning.scaled import classes, cuts_of, grades
from concepts.library.collection import collection_of
from concepts.results.bundles import write_bundle
from concepts.results.concepts import begin_concept, concept_state, copy_concept, set_scale
from concepts.results.heads import head_of
from concepts.results.scores import begin_scoring, classifier, ranked_library
from concepts.results.trained import measure_again, train, version_quality
from concepts.results.training import linear_head
from concepts.use_cases import App, Concept
from storage.labels import Author, LabelEvent
from storage.tables import now

NAME = "Roundness"
FIVE = Scale.graded(5)
ROOMS = Scale.of_classes(["Kitchen", "Bath room"])


@pytest.fixture
def graded(open_bench: Callable[[], App]) -> Concept:
    return begin_concept(open_bench(), NAME, "How round it is.", scale=FIVE)


@pytest.fixture(scope="module")
def trained_on(made_library: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory):
    """A concept with an answer for each picture, by its path."""
    with ExitStack() as stack:

        def trained_on(name: str, scale: Scale, value_of: Callable[[str], str]) -> Concept:
            home = tmp_path_factory.mktemp("scales") / "home"
            shutil.copytree(made_library[0], home)
            return stack.enter_context(closing(answered_all(home, name, scale, value_of))).concept(name)

        yield trained_on


@pytest.fixture(scope="module")
def trained(trained_on) -> Concept:
    """Graded by the names of files, whatever is drawn in them."""
    return trained_on(NAME, FIVE, lambda path: str(1 + sum(map(ord, Path(path).name)) % 5))


def event(value: str, given: str | None, who: str = "ana") -> LabelEvent:
    return LabelEvent(1, "k", "p", value, Author(who), 1, "", now(), None, given=given)


def test_an_answer_is_kept_as_it_was_said_and_undo_says_which(graded):
    one, other = next_pictures(graded, 2)
    give_label(graded, one.id, "4", author="me")
    give_label(graded, other.id, "2.0", author="me")
    events = list(graded.app.log.events(graded.id))
    assert [(e.value, e.given, e.said) for e in events] == [("yes", "4", "4"), ("no", "2", "2")]
    (undone,) = take_back_labels(graded, author="me")
    assert (undone.picture, undone.value) == (other.id, "2")
    assert label_count(graded).answers == 1
    for word in ("0", "6", "maybe 3", "kitchen", "", "33"):
        with pytest.raises(DiscernError, match="1 to 5"):
            give_label(graded, one.id, word, author="me")


def test_a_training_needs_two_different_grades_which_may_both_count(graded):
    one, *others = next_pictures(graded, 4)
    give_label(graded, one.id, "4", author="me")
    with pytest.raises(NotEnoughLabelsError, match="two different"):
        graded.begin(train).wait()
    for picture, grade in zip(others, "355", strict=True):
        give_label(graded, picture.id, grade, author="me")
    graded.begin(train).wait()
    assert head_of(graded).details["said"] == {"1": 0, "2": 0, "3": 1, "4": 1, "5": 2}


def test_what_is_answered_can_be_changed_until_somebody_answers(graded):
    set_scale(graded, None)
    assert concept_state(graded.app.concept(NAME)).scale.kind == "yes or no"
    set_scale(graded, Scale.graded(7))
    of_seven = graded.app.concept(NAME)
    assert concept_state(of_seven).scale.words[-1] == "7"
    assert dataset_of(graded).scale == Scale.graded(7), "whoever looked it up before learns with it, too"
    picture = next_pictures(of_seven, 1)[0]
    give_label(of_seven, picture.id, "7", author="me")
    take_back_labels(of_seven, author="me")
    with pytest.raises(ConflictError):
        set_scale(of_seven, None)
    assert concept_state(graded.app.concept(NAME)).scale.kind == "graded"


def test_grades_leave_as_a_file_come_back_and_go_with_a_duplicate(graded, tmp_path):
    pictures, file = next_pictures(graded, 3), tmp_path / "grades.csv"
    for picture, grade in zip(pictures, "124", strict=True):
        give_label(graded, picture.id, grade, author="me")
    assert write_labels(graded, file) == 3
    other = begin_concept(graded.app, "Other", "How round it is.", scale=FIVE)
    assert import_label_file(other, file)["imported"] == 3
    assert import_label_file(other, file)["unchanged"] == 3
    again = copy_concept(graded.app, NAME, "Again", with_labels=True, author="me")
    assert concept_state(again).scale.words == tuple("12345")
    for copy in (other, again):
        assert sorted(row["label"] for row in label_rows(copy)) == ["1", "2", "4"]
    one = pictures[0].id
    file.write_text(f"id,label\n{one},4\n{one},5\n")
    with pytest.raises(DiscernError, match="says 4"):
        import_label_file(graded, file)
    free = next_pictures(graded, 1)[0].id
    file.write_text(f"id,label\n{free},yes\n")
    import_label_file(graded, file)
    assert decisions_of(graded)[free].given == ""


@given(st.lists(st.integers(1, 5), min_size=1, max_size=7))
def test_what_people_say_together_is_a_grade_that_goes_with_their_yes_or_no(said):
    events = [event("yes" if g >= 3 else "no", str(g), f"p{i}") for i, g in enumerate(said)]
    decision = consensus(events)["p"]
    if decision.value == "conflict":
        assert decision.given == ""
    else:
        assert FIVE.counts(int(decision.given) - 1) == (decision.value == "yes")
        assert min(said) <= int(decision.given) <= max(said)


def test_two_classes_named_as_often_are_no_class_and_still_a_yes():
    decision = consensus([event("yes", "kitchen"), event("yes", "bath", "ben")])["p"]
    assert (decision.value, decision.given) == ("yes", "")


def test_words_of_grades_and_classes_are_read_whatever_their_case():
    ten = Scale.graded(10, names=["not at all", "Very"])
    assert read_answer("10", ten) == read_answer("very", ten) == ("yes", "10")
    assert read_answer("not at all", ten) == ("no", "1")
    assert read_answer("11", ten) is None
    assert read_answer("bath  ROOM", ROOMS) == ("yes", "Bath room")
    assert read_answer("none of these", ROOMS) == read_answer("no", ROOMS) == ("no", NONE)
    assert read_answer("yes", ROOMS) == ("yes", None)
    assert read_answer("1", ROOMS) is None


@given(st.text(max_size=20))
def test_every_word_is_an_answer_of_the_scale_or_none(word):
    for scale in (FIVE, ROOMS):
        read = read_answer(word, scale)
        if read is not None and read[1] is not None:
            option = scale.option_of(read[1])
            assert read[0] == ("yes" if scale.counts(option) else "no")


def test_a_version_its_figures_its_bundle_and_the_library_have_grades(trained, tmp_path):
    head = head_of(trained)
    assert cuts_of(head.details)[1] == head.bias
    found = measure_again(trained).grades
    assert found.n >= 15
    assert found.exact.low < found.exact.value < found.exact.high
    assert sum(map(sum, found.table)) == found.n
    assert version_quality(trained).version.report.grades == found
    write_bundle(trained, tmp_path / "bundle")
    vectors = dataset_of(trained).index.vectors(collection_of(trained.app).library.all_ids())
    bundle = load_bundle(tmp_path / "bundle")
    assert bundle.facts.concepts[0].grades.counts_from == 3
    assert bundle.facts.concepts[0].metric("quadratic weighted kappa") is not None
    assert bundle.outputs(vectors).grade[:, 0] == pytest.approx(grades(linear_head(head), vectors))
    begin_scoring(trained.app, tmp_path / "bundle", [], tmp_path / "scores.csv").wait()
    lines = (tmp_path / "scores.csv").read_text().splitlines()
    assert lines[0].replace('"', "") == "id,path,score,decision,grade"
    assert all(1 <= float(line.rsplit(",", 1)[1]) <= 5 for line in lines[1:])
    page = ranked_library(trained, "top", limit=60)
    assert not page.by_look_alikes
    said = [picture.probability for picture in page.pictures]
    assert said == sorted(said, reverse=True)
    assert all(1 <= picture.grade <= 5 for picture in page.pictures)


# Classes


SHAPE, SHAPES = "Shape", Scale.of_classes(["ellipse", "rectangle"])


@pytest.fixture(scope="module")
def classed(trained_on) -> Concept:
    """By the names of files; lines are none of these."""
    named = {"rectangle": "rectangle", "line": "none"}
    return trained_on(SHAPE, SHAPES, lambda path: named.get(Path(path).name.split("-")[0], "ellipse"))


def test_an_answer_names_one_class_or_none_and_what_is_no_class_is_refused_with_what_there_is(open_bench):
    shapes = begin_concept(open_bench(), SHAPE, "Which shape it shows.", scale=SHAPES)
    one, other, last = next_pictures(shapes, 3)
    for picture, word in ((one, "Rectangle"), (other, "none of these"), (last, "unsure")):
        give_label(shapes, picture.id, word, author="me")
    events = list(shapes.app.log.events(shapes.id))
    assert [(e.value, e.said) for e in events] == [("yes", "rectangle"), ("no", "none"), ("unsure", "unsure")]
    with pytest.raises(DiscernError, match="ellipse, rectangle, none, unsure or skip"):
        give_label(shapes, one.id, "triangle", author="me")


def test_a_version_tells_the_classes_apart_is_measured_on_that_and_says_the_likeliest(classed):
    found = measure_again(classed).classes
    assert [one.name for one in found.classes] == ["none of these", "ellipse", "rectangle"]
    assert found.n >= 15
    assert found.accuracy.value > 0.5
    assert sum(map(sum, found.table)) == found.n
    page = ranked_library(classed, "top", limit=10)
    assert {picture.likeliest for picture in page.pictures} <= {"none of these", "ellipse", "rectangle"}
    assert page.pictures[0].said in ("ellipse", "rectangle", "none")


def test_its_file_has_a_column_for_each_class_of_which_one_is_right(classed, pictures, tmp_path):
    picture = min(pictures.glob("rectangle-*.png"))
    write_bundle(classed, tmp_path / "bundle")
    head = head_of(classed)
    index = dataset_of(classed).index
    vectors = index.vectors(list(index.ids))
    expected = classes(linear_head(head), vectors)
    bundle = load_bundle(tmp_path / "bundle")
    assert isinstance(bundle.facts.rule, OneOf)
    assert bundle.columns == ("ellipse", "rectangle")
    said = bundle.outputs(vectors)
    assert said.probability == pytest.approx(expected[:, 1:])
    assert (said.decision.sum(axis=1) <= 1).all()
    assert "At most one of them is right" in (tmp_path / "bundle" / "README.md").read_text()
    found = classifier(classed.app, [SHAPE])("one.png", picture.read_bytes)
    assert [said.concept for said in found.said] == ["ellipse", "rectangle"]
    assert sum(said.decision == "yes" for said in found.said) <= 1
    assert sum(said.probability for said in found.said) <= 1
    other = begin_concept(classed.app, "Round", "A filled ellipse.")
    for picture, value in zip(next_pictures(other, 2), ("yes", "no"), strict=True):
        give_label(other, picture.id, value, author="me")
    other.begin(train).wait()
    with pytest.raises(DiscernError, match="file of their own"):
        write_bundle(other, tmp_path / "two", also=[SHAPE])


# Grades that a machine gives: kept as its labels, shown on Review, compared with people's


def with_grades(bench: App) -> None:
    concept = begin_concept(bench, NAME, "How round it is.", scale=FIVE)
    concept.begin(mine).wait()
    concept.begin(annotate, limit=8).wait()


def test_a_machines_grade_is_its_label_and_is_compared_with_peoples(filled, monkeypatch):
    said = {"evidence": [], "rationale": "simulated", "rating": 4, "answer": "4"}
    with serving(monkeypatch, lambda request: said, model_concurrency="2"):
        concept = filled(with_grades).concept(NAME)
    rows = label_rows(concept)
    assert {(row["label"], row["author_kind"]) for row in rows} == {("4", "annotator")}
    page = annotations_to_review(concept, ReviewFilter())
    assert {item.opinion.given for item in page.items} == {"4"}
    said = opinion_of(concept, page.items[0].id)
    assert said is not None
    assert (said.value, said.given) == ("yes", "4")
    kept = {one.picture_id for one in concept.app.store.annotations(concept.id)}
    assert kept == {row["id"] for row in rows}  # of look-alikes, all of which were given one's grade, too
    training = dataset_of(concept).training  # it is told by yes and no, and its grade isn't learned from
    assert training.data.said is not None
    assert set(training.data.said.possible.sum(axis=1)) == {3}  # any grade that counts
    ids = [item.id for item in page.items]
    for picture, grade in zip(ids, ("4", "5", "1"), strict=False):
        give_label(concept, picture, grade, author="me")
    for picture in (ids[3], ids[2]):  # “Agree”, once in place of another
        give_label(concept, picture, "4", author="me", in_view=True)
    page = annotations_to_review(concept, ReviewFilter())
    assert "Same grade as your blind label for 1 of 3 pictures" in page.agreement
    assert "at most one away for 2" in page.agreement
    assert sorted(item.answer_given for item in page.items if item.answer) == ["4", "4", "4", "5"]


def test_agreement_on_classes_has_its_count_and_range_and_none_without_a_pair() -> None:
    rooms = Scale.of_classes(["kitchen", "bath"])
    answers = {
        "a": Decision("a", "yes", {"me": "yes"}, False, given="bath"),
        "b": Decision("b", "no", {"me": "no"}, False, given="none"),
        "c": Decision("c", "yes", {"me": "yes"}, False),
    }
    said = agreement_of_answers(rooms, {"a": "bath", "b": "kitchen", "c": "bath", "d": "bath"}, answers)
    assert said == ("Same class as your blind label for 1 of 2 pictures (9–91 %).")
    assert agreement_of_answers(rooms, {"d": "bath"}, answers) == ""
