"""An example is a yes wherever it is given: learned from and not asked about. It may be a picture that the
library doesn't have: learned from, searched with, and in no count."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from drawing import draw
from PIL import Image

from concepts.errors import BadPictureError, DiscernError
from concepts.library.outside_pictures import outside_thumbnail
from concepts.settings import Settings
from concepts.workbench import Concept, Workbench

NAME, LINE = "Round thing", "Line"


@pytest.fixture
def outside(tmp_path: Path) -> bytes:
    """A drawing that the library doesn't have."""
    path = tmp_path / "outside.png"
    draw("line", 4321).save(path)
    return path.read_bytes()


def test_one_from_outside_teaches_and_is_never_asked_or_counted(concept: Concept, outside: bytes) -> None:
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
    concept.labels.give(asked[0].id, "no", author="ana", key="1")
    concept.versions.train().wait()
    page = concept.scores.ranked("top", limit=200)
    assert page.by_look_alikes
    assert (page.total, page.listed, len(page.pictures)) == (91, 73, 73)  # 18 will measure it


def test_it_is_taken_back_restored_with_a_definition_and_embedded(concept: Concept, outside: bytes) -> None:
    for content in (b"", b"no picture", b"\x89PNG\r\n\x1a\n half of one"):
        with pytest.raises(BadPictureError):
            concept.examples.give(content, author="ana")
    assert len(concept.definition.revisions()) == 1
    given = concept.examples.give(outside, author="ana")
    assert concept.examples.give(outside, author="ana").revision == given.revision
    concept.examples.remove(given.id[:8], author="ana")
    assert (concept.examples.all(), concept.dataset().training.ids) == ([], [])
    concept.definition.restore(given.revision, author="ana", after=given.revision + 1)
    (example,) = concept.examples.all()
    assert (example.id, example.outside, example.used) == (given.id, True, True)

    kept = concept.context.collection.outside
    (one,) = kept.of(concept.id, [given.id])
    kept.embed({given.id: one.vector * 0}, "another-encoder")
    assert [example.used for example in concept.examples.all()] == [False]
    assert concept.dataset().training.ids == []
    concept.bench.library.add([]).wait()
    assert [example.used for example in concept.examples.all()] == [True]


def copy_of(path: str) -> bytes:
    """A near-duplicate."""
    copy = io.BytesIO()
    Image.open(path).convert("RGB").save(copy, "JPEG", quality=80)
    return copy.getvalue()


def test_one_that_looks_like_a_test_picture_is_refused_and_never_drawn_later(concept: Concept) -> None:
    measuring = concept.labels.next_pictures(1, purpose="evaluation")[0]
    with pytest.raises(DiscernError, match="is a test picture"):
        concept.examples.give(copy_of(measuring.path), author="ana")
    assert measuring.id not in {p.id for p in concept.examples.possible("a shape", 90)}
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


def test_before_the_library_has_pictures_it_waits_for_its_encoder(
    own_home: Path, tiny_open_clip: Path, outside: bytes, pictures: Path
) -> None:
    bench = Workbench(Settings(home=own_home, encoder=f"local-dir:{tiny_open_clip}"))
    bench.concepts.begin(NAME, "A filled ellipse.")
    bench.concept(NAME).examples.give(outside, author="ana")
    assert [example.used for example in bench.concept(NAME).examples.all()] == [False]
    bench.library.add([pictures / "line-0002.png"]).wait()
    assert [example.used for example in bench.concept(NAME).examples.all()] == [True]


def test_examples_are_learned_from_as_answers_are_and_not_asked_about(bench: Workbench) -> None:
    paths = {picture.id: picture.path for picture in bench.library.pictures(limit=90).pictures}
    lines, others = (sorted(i for i in paths if kind in paths[i])[:2] for kind in ("line", "rectangle"))
    begun = bench.context.store.create(LINE)
    document = {"name": LINE, "description": "Drawn.", "examples": lines, "counterexamples": others}
    bench.context.store.add_definition(begun.id, document, "me", "begun")
    bench.context.draw_evaluation(begun)
    concept = bench.concept(LINE)

    def learned() -> dict[str, bool]:
        training = concept.dataset().training
        assert set(training.kinds) == {"person"}
        return dict(zip(training.ids, training.data.positive.tolist(), strict=True))

    assert learned() == dict.fromkeys(lines, True) | dict.fromkeys(others, False)
    asked = [picture.id for picture in concept.labels.next_pictures(100)]
    groups = bench.context.collection.library.near_groups([*lines, *asked])
    assert asked
    assert not set(groups[:2]) & set(groups[2:])
    assert concept.versions.train().wait().kind != "text"
    concept.labels.give(lines[0], "no", author="me", key="changed-my-mind")
    assert learned()[lines[0]] is False
