"""An example is a yes wherever it is given: learned from and not asked about. It may be a picture that the
library doesn't have: learned from, searched with, and in no count."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path

import pytest
from drawing import draw
from PIL import Image

from concepts.definition.editing import add_example
from concepts.errors import BadPictureError, DiscernError
from concepts.library.outside_pictures import outside_thumbnail
from concepts.settings import Settings
from concepts.workbench import Workbench
from concepts.workbench.concept import Concept

NAME, LINE = "Round thing", "Line"


@pytest.fixture
def outside(tmp_path: Path) -> bytes:
    """A drawing that the library doesn't have."""
    path = tmp_path / "outside.png"
    draw("line", 4321).save(path)
    return path.read_bytes()


def test_one_from_outside_is_learned_from_and_never_asked_or_counted(
    concept: Concept, outside: bytes
) -> None:
    pictures, evaluation = concept.bench.library.info().pictures, dict(concept.dataset().evaluation)
    given = concept.examples.give(outside, author="ana")
    assert given.outside
    training = concept.dataset().training
    assert (training.ids, training.data.positive.tolist()) == ([given.id], [True])
    assert training.data.weight.tolist() == [1]
    asked = concept.labels.next_pictures(100)
    assert asked[0].reason == "like a yes"
    assert given.id not in [picture.id for picture in asked]
    assert concept.bench.library.info().pictures == pictures
    assert dict(concept.dataset().evaluation) == evaluation
    assert outside_thumbnail(concept.context.collection, given.id)[8:12] == b"WEBP"
    concept.definition.mine().wait()
    assert "example" in {by for names in concept.dataset().candidates.values() for by in names}


def test_with_an_answer_beside_it_a_version_is_trained_and_ranks(concept: Concept, outside: bytes) -> None:
    concept.examples.give(outside, counts=False, author="ana")
    (picture,) = concept.labels.next_pictures(1)
    concept.labels.give(picture.id, "yes", author="ana", key="1")
    concept.versions.train().wait()
    page = concept.scores.ranked("top", limit=200)
    assert page.by_look_alikes
    assert (page.total, page.listed, len(page.pictures)) == (91, 73, 73)  # 18 will measure it


def test_it_is_taken_back_by_its_id_and_restored_with_a_definition(concept: Concept, outside: bytes) -> None:
    given = concept.examples.give(outside, author="ana")
    assert concept.examples.give(outside, author="ana").revision == given.revision
    concept.examples.remove(given.id[:8], author="ana")
    assert (concept.examples.all(), concept.dataset().training.ids) == ([], [])
    concept.definition.restore(given.revision, author="ana", after=given.revision + 1)
    (example,) = concept.examples.all()
    assert (example.id, example.outside, example.used) == (given.id, True, True)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n half of one"])
def test_what_is_no_picture_is_an_error_and_changes_nothing(concept: Concept, content: bytes) -> None:
    with pytest.raises(BadPictureError):
        concept.examples.give(content, author="ana")
    assert len(concept.definition.revisions()) == 1


def copy_of(path: str) -> bytes:
    """A near-duplicate."""
    copy = io.BytesIO()
    Image.open(path).convert("RGB").save(copy, "JPEG", quality=80)
    return copy.getvalue()


def test_one_that_looks_like_a_test_picture_is_refused_and_never_drawn_later(concept: Concept) -> None:
    measuring = concept.labels.next_pictures(1, purpose="evaluation")[0]
    with pytest.raises(DiscernError, match="is a test picture"):
        concept.examples.give(copy_of(measuring.path), author="ana")
    assert concept.context.collection.outside.embedded_otherwise("") == []  # nothing of it is kept
    concept.context.store.create("Later")
    document = {"name": "Later", "description": "Drawn after its example.", "examples": []}
    later = concept.context.concept("Later")
    concept.context.store.add_definition(later.id, document, "me", "begun")
    concept.bench.concept("Later").examples.give(copy_of(measuring.path), author="ana")
    assert measuring.id not in concept.context.dataset(later).evaluation


def test_a_picture_of_the_library_is_that_example_and_a_near_copy_in_its_group(concept: Concept) -> None:
    picture = next(
        p for p in concept.labels.next_pictures(5) if not p.path.endswith(("twice.png", "0000.png"))
    )
    near = concept.examples.give(copy_of(picture.path), author="ana")
    one, other = concept.dataset().groups([near.id, picture.id])
    assert one == other
    given = concept.examples.give_file(picture.path, author="ana")
    assert (given.id, given.outside) == (picture.id, False)
    concept.examples.remove(near.id, author="ana")
    assert [(example.id, example.outside) for example in concept.examples.all()] == [(picture.id, False)]


def test_it_is_left_out_until_it_is_embedded_by_the_encoder_in_use(concept: Concept, outside: bytes) -> None:
    given = concept.examples.give(outside, author="ana")
    (kept,) = concept.context.collection.outside.of(concept.id, [given.id])
    concept.context.collection.outside.embed({given.id: kept.vector * 0}, "another-encoder")
    assert [example.used for example in concept.examples.all()] == [False]
    assert concept.dataset().training.ids == []
    concept.bench.library.add([]).wait()
    assert [example.used for example in concept.examples.all()] == [True]


def test_before_the_library_has_pictures_it_waits_for_its_encoder(
    own_home: Path, tiny_open_clip: Path, outside: bytes, pictures: Path
) -> None:
    bench = Workbench(Settings(home=own_home, encoder=f"local-dir:{tiny_open_clip}"))
    bench.concepts.begin(NAME, "A filled ellipse.")
    bench.concept(NAME).examples.give(outside, author="ana")
    assert [example.used for example in bench.concept(NAME).examples.all()] == [False]
    bench.library.add([pictures / "line-0002.png"]).wait()
    assert [example.used for example in bench.concept(NAME).examples.all()] == [True]


def by_kind(bench: Workbench, kind: str) -> list[str]:
    pictures = bench.library.pictures(limit=90).pictures
    return sorted(picture.id for picture in pictures if kind in picture.path)


def begun(bench: Workbench, **examples: list[str]) -> None:
    concept = bench.context.store.create(LINE)
    document = {"name": LINE, "description": "Something drawn.", **examples}
    bench.context.store.add_definition(concept.id, document, "me", "begun")
    bench.context.draw_evaluation(concept)


def test_examples_and_counterexamples_are_learned_from_as_answers_are(bench: Workbench) -> None:
    lines, others = by_kind(bench, "line")[:2], by_kind(bench, "rectangle")[:2]
    begun(bench, examples=lines, counterexamples=others)
    training = bench.context.dataset(bench.context.concept(LINE)).training
    said = dict(zip(training.ids, training.data.positive.tolist(), strict=True))
    assert said == dict.fromkeys(lines, True) | dict.fromkeys(others, False)
    assert set(training.kinds) == {"person"}
    head = bench.concept(LINE).versions.train().wait()
    assert head.kind != "text"


@pytest.fixture
def line(bench: Workbench) -> str:
    """The one example of the concept."""
    line = by_kind(bench, "line")[0]
    begun(bench, examples=[line])
    return line


def test_an_answer_about_an_example_counts_instead_of_it(bench: Workbench, line: str) -> None:
    bench.concept(LINE).labels.give(line, "no", author="me", key="changed-my-mind")
    training = bench.context.dataset(bench.context.concept(LINE)).training
    assert dict(zip(training.ids, training.data.positive.tolist(), strict=True)) == {line: False}


def test_neither_an_example_nor_a_near_copy_of_it_is_asked_about(bench: Workbench, line: str) -> None:
    asked = [picture.id for picture in bench.concept(LINE).labels.next_pictures(100)]
    groups = bench.context.collection.library.near_groups([line, *asked])
    assert asked
    assert groups[0] not in groups[1:]


def test_after_one_example_what_is_like_it_is_asked_first(bench: Workbench, line: str) -> None:
    found = bench.concept(LINE).labels.next_pictures(5)
    assert {picture.reason for picture in found} == {"like a yes"}
    index = bench.context.collection.index()
    nearest = index.search(index.vectors([line]), 40)[0]
    assert found[0].id in [picture_id for picture_id, _ in nearest[:12]]


def test_a_picture_of_the_evaluation_set_can_be_no_example(concept: Concept) -> None:
    measuring = concept.labels.next_pictures(1, purpose="evaluation")[0].id
    add = partial(add_example, picture_id=measuring, counts=True)
    with pytest.raises(DiscernError, match="is a test picture"):
        concept.definition.edit(add, author="ana", after=1)
    assert measuring not in {p.id for p in concept.examples.possible("a shape", 90)}
