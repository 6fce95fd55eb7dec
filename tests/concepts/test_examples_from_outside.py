"""A picture that is not of the library can be an example: learned from, searched with, and in no count."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from drawing import draw
from PIL import Image

from concepts.errors import BadPictureError, DiscernError
from concepts.library.outside_pictures import outside_thumbnail
from concepts.workbench import Workbench
from concepts.workbench.concept import Concept

NAME = "Round thing"


@pytest.fixture
def outside(tmp_path: Path) -> bytes:
    """A drawing that the library doesn't have."""
    path = tmp_path / "outside.png"
    draw("line", 4321).save(path)
    return path.read_bytes()


def test_it_is_learned_from_and_looked_for_and_never_asked_counted_or_measured(
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


def test_with_an_answer_beside_it_a_version_is_trained_and_the_library_ranked(
    concept: Concept, outside: bytes
) -> None:
    concept.examples.give(outside, counts=False, author="ana")
    (picture,) = concept.labels.next_pictures(1)
    concept.labels.give(picture.id, "yes", author="ana", key="1")
    concept.versions.train().wait()
    page = concept.scores.ranked("top", limit=200)
    assert page.by_look_alikes
    assert (page.total, page.listed, len(page.pictures)) == (91, 73, 73)  # 18 will measure it


def test_it_is_taken_back_by_its_id_and_by_an_older_definition_given_again(
    concept: Concept, outside: bytes
) -> None:
    given = concept.examples.give(outside, author="ana")
    assert concept.examples.give(outside, author="ana").revision == given.revision
    concept.examples.remove(given.id[:8], author="ana")
    assert (concept.examples.all(), concept.dataset().training.ids) == ([], [])
    concept.definition.restore(given.revision, author="ana", after=given.revision + 1)
    (example,) = concept.examples.all()
    assert (example.id, example.outside, example.used) == (given.id, True, True)


def test_of_several_the_one_that_is_named_is_taken_back(concept: Concept, outside: bytes) -> None:
    first = concept.examples.give(outside, author="ana")
    (picture,) = concept.examples.possible("a line", 1)
    concept.examples.choose(picture.id, author="ana")
    concept.examples.remove(picture.id, author="ana")
    assert [one.id for one in concept.examples.all()] == [first.id]


def test_a_file_of_a_picture_that_the_library_has_is_that_example(concept: Concept, pictures: Path) -> None:
    wanted = next(
        p for p in concept.labels.next_pictures(5) if not p.path.endswith(("twice.png", "0000.png"))
    )
    given = concept.examples.give_file(wanted.path, author="ana")
    assert (given.id, given.outside) == (wanted.id, False)
    assert [example.outside for example in concept.examples.all()] == [False]


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n half of one"])
def test_what_is_no_picture_is_an_error_and_changes_nothing(concept: Concept, content: bytes) -> None:
    with pytest.raises(BadPictureError):
        concept.examples.give(content, author="ana")
    assert len(concept.definition.revisions()) == 1


def test_one_that_looks_like_a_picture_that_measures_is_refused_and_never_drawn_later(
    concept: Concept,
) -> None:
    measuring = concept.labels.next_pictures(1, purpose="evaluation")[0]
    copy = io.BytesIO()
    Image.open(measuring.path).convert("RGB").save(copy, "JPEG", quality=80)
    with pytest.raises(DiscernError, match="is a test picture"):
        concept.examples.give(copy.getvalue(), author="ana")
    assert concept.context.collection.outside.embedded_otherwise("") == []  # nothing of it is kept
    concept.context.store.create("Later")
    document = {"name": "Later", "description": "Drawn after its example.", "examples": []}
    later = concept.context.concept("Later")
    concept.context.store.add_definition(later.id, document, "me", "begun")
    concept.bench.concept("Later").examples.give(copy.getvalue(), author="ana")
    assert measuring.id not in concept.context.dataset(later).evaluation


def test_a_near_copy_of_a_picture_of_the_library_is_in_its_group(concept: Concept) -> None:
    picture = concept.labels.next_pictures(1)[0]
    copy = io.BytesIO()
    Image.open(picture.path).convert("RGB").save(copy, "JPEG", quality=80)
    given = concept.examples.give(copy.getvalue(), author="ana")
    one, other = concept.dataset().groups([given.id, picture.id])
    assert one == other


def test_it_is_embedded_again_for_another_encoder_and_left_out_until_then(
    concept: Concept, outside: bytes
) -> None:
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
    from concepts.settings import Settings

    bench = Workbench(Settings(home=own_home, encoder=f"local-dir:{tiny_open_clip}"))
    bench.concepts.begin(NAME, "A filled ellipse.")
    bench.concept(NAME).examples.give(outside, author="ana")
    assert [example.used for example in bench.concept(NAME).examples.all()] == [False]
    bench.library.add([pictures / "line-0002.png"]).wait()
    assert [example.used for example in bench.concept(NAME).examples.all()] == [True]
