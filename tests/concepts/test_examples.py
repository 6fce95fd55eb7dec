"""An example is a yes wherever it is given: learned from and not asked about. It may be a picture that the
library doesn't have: learned from, searched with, and in no count."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from drawing import draw
from PIL import Image

from concepts.definition.revisions import restore_definition, revisions
from concepts.errors import BadPictureError, DiscernError
from concepts.labelling.dataset import dataset_of
from concepts.labelling.examples import (
    examples_of,
    give_example,
    give_example_file,
    possible_examples,
    remove_example,
)
from concepts.labelling.labels import give_label, next_pictures
from concepts.labelling.mining import mine
from concepts.labelling.waves import draw_test_pictures
from concepts.library.collection import collection_of
from concepts.library.outside_pictures import outside_thumbnail
from concepts.results.concepts import begin_concept
from concepts.results.library import browse, import_pictures, library_info
from concepts.results.scores import ranked_library
from concepts.results.trained import train
from concepts.rooms import open_app
from concepts.settings import Settings
from concepts.use_cases import App, Concept

NAME, LINE = "Round thing", "Line"


@pytest.fixture
def outside(tmp_path: Path) -> bytes:
    """A drawing that the library doesn't have."""
    path = tmp_path / "outside.png"
    draw("line", 4321).save(path)
    return path.read_bytes()


def test_one_from_outside_teaches_and_is_never_asked_or_counted(concept: Concept, outside: bytes) -> None:
    pictures, evaluation = library_info(concept.app).pictures, dict(dataset_of(concept).evaluation)
    given = give_example(concept, outside, author="ana")
    assert given.outside
    training = dataset_of(concept).training
    assert (training.ids, training.data.positive.tolist()) == ([given.id], [True])
    assert training.data.weight.tolist() == [1]
    asked = next_pictures(concept, 100)
    assert asked[0].reason == "like a yes"
    assert given.id not in [picture.id for picture in asked]
    assert library_info(concept.app).pictures == pictures
    assert dict(dataset_of(concept).evaluation) == evaluation
    assert outside_thumbnail(collection_of(concept.app), given.id)[8:12] == b"WEBP"
    concept.begin(mine).wait()
    assert "example" in {by for names in dataset_of(concept).candidates.values() for by in names}
    give_label(concept, asked[0].id, "no", author="ana", key="1")
    concept.begin(train).wait()
    page = ranked_library(concept, "top", limit=200)
    assert page.by_look_alikes
    assert (page.total, page.listed, len(page.pictures)) == (91, 73, 73)  # 18 will measure it


def test_it_is_taken_back_restored_with_a_definition_and_embedded(concept: Concept, outside: bytes) -> None:
    for content in (b"", b"no picture", b"\x89PNG\r\n\x1a\n half of one"):
        with pytest.raises(BadPictureError):
            give_example(concept, content, author="ana")
    assert len(revisions(concept)) == 1
    given = give_example(concept, outside, author="ana")
    assert give_example(concept, outside, author="ana").revision == given.revision
    remove_example(concept, given.id[:8], author="ana")
    assert (examples_of(concept), dataset_of(concept).training.ids) == ([], [])
    restore_definition(concept, given.revision, author="ana", after=given.revision + 1)
    (example,) = examples_of(concept)
    assert (example.id, example.outside, example.used) == (given.id, True, True)

    kept = collection_of(concept.app).outside
    (one,) = kept.of(concept.id, [given.id])
    kept.embed({given.id: one.vector * 0}, "another-encoder")
    assert [example.used for example in examples_of(concept)] == [False]
    assert dataset_of(concept).training.ids == []
    import_pictures(concept.app, []).wait()
    assert [example.used for example in examples_of(concept)] == [True]


def copy_of(path: str) -> bytes:
    """A near-duplicate."""
    copy = io.BytesIO()
    Image.open(path).convert("RGB").save(copy, "JPEG", quality=80)
    return copy.getvalue()


def test_one_that_looks_like_a_test_picture_is_refused_and_never_drawn_later(concept: Concept) -> None:
    measuring = next_pictures(concept, 1, purpose="evaluation")[0]
    with pytest.raises(DiscernError, match="is a test picture"):
        give_example(concept, copy_of(measuring.path), author="ana")
    assert measuring.id not in {p.id for p in possible_examples(concept, "a shape", 90)}
    assert collection_of(concept.app).outside.embedded_otherwise("") == []  # nothing of it is kept
    concept.app.store.create("Later")
    document = {"name": "Later", "description": "Drawn after its example.", "examples": []}
    later = concept.app.concept("Later").row
    concept.app.store.add_definition(later.id, document, "me", "begun")
    give_example(concept.app.concept("Later"), copy_of(measuring.path), author="ana")
    assert measuring.id not in dataset_of(concept.app.concept_of(later.id)).evaluation


def test_a_picture_of_the_library_is_that_example_and_a_near_copy_in_its_group(concept: Concept) -> None:
    picture = next(p for p in next_pictures(concept, 5) if not p.path.endswith(("twice.png", "0000.png")))
    near = give_example(concept, copy_of(picture.path), author="ana")
    one, other = dataset_of(concept).groups([near.id, picture.id])
    assert one == other
    given = give_example_file(concept, picture.path, author="ana")
    assert (given.id, given.outside) == (picture.id, False)
    remove_example(concept, near.id, author="ana")
    assert [(example.id, example.outside) for example in examples_of(concept)] == [(picture.id, False)]


def test_before_the_library_has_pictures_it_waits_for_its_encoder(
    own_home: Path, tiny_open_clip: Path, outside: bytes, pictures: Path
) -> None:
    bench = open_app(Settings(home=own_home, encoder=f"local-dir:{tiny_open_clip}"))
    begin_concept(bench, NAME, "A filled ellipse.")
    give_example(bench.concept(NAME), outside, author="ana")
    assert [example.used for example in examples_of(bench.concept(NAME))] == [False]
    import_pictures(bench, [pictures / "line-0002.png"]).wait()
    assert [example.used for example in examples_of(bench.concept(NAME))] == [True]


def test_examples_are_learned_from_as_answers_are_and_not_asked_about(bench: App) -> None:
    paths = {picture.id: picture.path for picture in browse(bench, limit=90).pictures}
    lines, others = (sorted(i for i in paths if kind in paths[i])[:2] for kind in ("line", "rectangle"))
    begun = bench.store.create(LINE)
    document = {"name": LINE, "description": "Drawn.", "examples": lines, "counterexamples": others}
    bench.store.add_definition(begun.id, document, "me", "begun")
    draw_test_pictures(bench.concept_of(begun.id))
    concept = bench.concept(LINE)

    def learned() -> dict[str, bool]:
        training = dataset_of(concept).training
        assert set(training.kinds) == {"person"}
        return dict(zip(training.ids, training.data.positive.tolist(), strict=True))

    assert learned() == dict.fromkeys(lines, True) | dict.fromkeys(others, False)
    asked = [picture.id for picture in next_pictures(concept, 100)]
    groups = collection_of(bench).library.near_groups([*lines, *asked])
    assert asked
    assert not set(groups[:2]) & set(groups[2:])
    assert concept.begin(train).wait().kind != "text"
    give_label(concept, lines[0], "no", author="me", key="changed-my-mind")
    assert learned()[lines[0]] is False
