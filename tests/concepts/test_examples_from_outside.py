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

NAME = "Round thing"


@pytest.fixture
def outside(tmp_path: Path) -> bytes:
    """A drawing that the library doesn't have."""
    path = tmp_path / "outside.png"
    draw("line", 4321).save(path)
    return path.read_bytes()


def dataset(bench: Workbench):  # type: ignore[no-untyped-def]
    return bench.context.dataset(bench.context.concept(NAME))


def test_it_is_learned_from_and_looked_for_and_never_asked_counted_or_measured(
    bench: Workbench, outside: bytes
) -> None:
    pictures, evaluation = bench.library.info().pictures, dict(dataset(bench).evaluation)
    given = bench.concept(NAME).examples.give(outside, author="ana")
    assert given.outside
    training = dataset(bench).training
    assert (training.ids, training.data.positive.tolist()) == ([given.id], [True])
    assert training.data.weight.tolist() == [1]
    asked = bench.concept(NAME).labels.next_pictures(100)
    assert asked[0].reason == "like a yes"
    assert given.id not in [picture.id for picture in asked]
    assert bench.library.info().pictures == pictures
    assert dict(dataset(bench).evaluation) == evaluation
    assert outside_thumbnail(bench.context.collection, given.id)[8:12] == b"WEBP"
    bench.concept(NAME).definition.mine().wait()
    assert "example" in {by for names in dataset(bench).candidates.values() for by in names}


def test_with_an_answer_beside_it_a_version_is_trained_and_the_library_ranked(
    bench: Workbench, outside: bytes
) -> None:
    bench.concept(NAME).examples.give(outside, counts=False, author="ana")
    (picture,) = bench.concept(NAME).labels.next_pictures(1)
    bench.concept(NAME).labels.give(picture.id, "yes", author="ana", key="1")
    bench.concept(NAME).versions.train().wait()
    page = bench.concept(NAME).scores.ranked("top", limit=200)
    assert page.by_look_alikes
    assert (page.total, page.listed, len(page.pictures)) == (91, 73, 73)  # 18 will measure it


def test_it_is_taken_back_by_its_id_and_by_an_older_definition_given_again(
    bench: Workbench, outside: bytes
) -> None:
    given = bench.concept(NAME).examples.give(outside, author="ana")
    assert bench.concept(NAME).examples.give(outside, author="ana").revision == given.revision
    bench.concept(NAME).examples.remove(given.id[:8], author="ana")
    assert (bench.concept(NAME).examples.all(), dataset(bench).training.ids) == ([], [])
    bench.concept(NAME).definition.restore(given.revision, author="ana", after=given.revision + 1)
    (example,) = bench.concept(NAME).examples.all()
    assert (example.id, example.outside, example.used) == (given.id, True, True)


def test_a_file_of_a_picture_that_the_library_has_is_that_example(bench: Workbench, pictures: Path) -> None:
    wanted = next(
        p
        for p in bench.concept(NAME).labels.next_pictures(5)
        if not p.path.endswith(("twice.png", "0000.png"))
    )
    given = bench.concept(NAME).examples.give_file(wanted.path, author="ana")
    assert (given.id, given.outside) == (wanted.id, False)
    assert [example.outside for example in bench.concept(NAME).examples.all()] == [False]


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n half of one"])
def test_what_is_no_picture_is_an_error_and_changes_nothing(bench: Workbench, content: bytes) -> None:
    with pytest.raises(BadPictureError):
        bench.concept(NAME).examples.give(content, author="ana")
    assert len(bench.concept(NAME).definition.revisions()) == 1


def test_one_that_looks_like_a_picture_that_measures_is_refused_and_never_drawn_later(
    bench: Workbench,
) -> None:
    measuring = bench.concept(NAME).labels.next_pictures(1, purpose="evaluation")[0]
    copy = io.BytesIO()
    Image.open(measuring.path).convert("RGB").save(copy, "JPEG", quality=80)
    with pytest.raises(DiscernError, match="set aside to measure with"):
        bench.concept(NAME).examples.give(copy.getvalue(), author="ana")
    assert bench.context.collection.outside.embedded_otherwise("") == []  # nothing of it is kept
    bench.context.store.create("Later")
    document = {"name": "Later", "description": "Drawn after its example.", "examples": []}
    later = bench.context.concept("Later")
    bench.context.store.add_definition(later.id, document, "me", "begun")
    bench.concept("Later").examples.give(copy.getvalue(), author="ana")
    assert measuring.id not in bench.context.dataset(later).evaluation


def test_a_near_copy_of_a_picture_of_the_library_is_in_its_group(bench: Workbench) -> None:
    picture = bench.concept(NAME).labels.next_pictures(1)[0]
    copy = io.BytesIO()
    Image.open(picture.path).convert("RGB").save(copy, "JPEG", quality=80)
    given = bench.concept(NAME).examples.give(copy.getvalue(), author="ana")
    one, other = dataset(bench).groups([given.id, picture.id])
    assert one == other


def test_it_is_embedded_again_for_another_encoder_and_left_out_until_then(
    bench: Workbench, outside: bytes
) -> None:
    given = bench.concept(NAME).examples.give(outside, author="ana")
    (kept,) = bench.context.collection.outside.of(bench.context.concept(NAME).id, [given.id])
    bench.context.collection.outside.embed({given.id: kept.vector * 0}, "another-encoder")
    assert [example.used for example in bench.concept(NAME).examples.all()] == [False]
    assert dataset(bench).training.ids == []
    bench.library.add([]).wait()
    assert [example.used for example in bench.concept(NAME).examples.all()] == [True]


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
