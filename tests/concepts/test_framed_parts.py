"""Parts of pictures: where a score comes from, and a concept about one: framed in a few, looked for in all,
the same in the exported file."""

from __future__ import annotations

import csv
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
import pytest
from drawing import draw
from PIL import Image

from concepts.bundle.load import encoder_of, load_bundle
from concepts.errors import ConflictError, DiscernError, EncoderError
from concepts.labelling.dataset import dataset_of
from concepts.labelling.framed_parts import frame_part, framed_parts, look_at_parts, part_outlines
from concepts.labelling.labels import decisions_of, give_label
from concepts.labelling.waves import draw_more_test_pictures
from concepts.library.collection import collection_of
from concepts.results.bundles import write_bundle
from concepts.results.concepts import begin_concept
from concepts.results.heads import head_of, scores_of
from concepts.results.library import import_pictures
from concepts.results.measured_sample import sample
from concepts.results.rules import pictures_by_rule
from concepts.results.scores import heat_of, ranked_library
from concepts.results.scores import said_of_heat as said_of
from concepts.results.trained import train
from concepts.rooms import open_app
from concepts.settings import load_settings
from concepts.use_cases import App, Concept
from storage.parts import Box

NAME = "Small round thing"


def draw_small_things(folder: Path, count: int, first: int = 0) -> dict[str, tuple[bool, int]]:
    """Noise with a small ellipse (every other one) or rectangle in one of 16 cells. Picture id → whether it
    is an ellipse, and the cell."""
    folder.mkdir(parents=True, exist_ok=True)
    said = {}
    for number in range(first, first + count):
        rng = np.random.default_rng(number)
        cell, counts = int(rng.integers(16)), number % 2 == 0
        noise = rng.normal(170, 25, (192, 256, 3)).clip(0, 255).astype(np.uint8)
        picture = Image.fromarray(noise)
        thing = draw("ellipse" if counts else "rectangle", number).resize((58, 44))
        picture.paste(thing, (64 * (cell % 4) + 3, 48 * (cell // 4) + 2))
        file = folder / f"{number:03}.png"
        picture.save(file)
        said[hashlib.sha256(file.read_bytes()).hexdigest()] = (counts, cell)
    return said


def box_of(cell: int) -> dict[str, float]:
    left, top = cell % 4 / 4, cell // 4 / 4
    return {"left": left, "top": top, "right": left + 0.25, "bottom": top + 0.25}


def boxes_of(concept: Concept, pictures: list[str]) -> dict[str, Box]:
    return {picture: part.box for picture, part in part_outlines(concept, pictures).items()}


Said = dict[str, tuple[bool, int]]
Drawn = tuple[Path, Said]


def label(concept: Concept, said: Said, pictures: Iterable[str]) -> None:
    for picture in pictures:
        give_label(concept, picture, "yes" if said[picture][0] else "no", author="me", key=f"k{picture}")


def frame(concept: Concept, said: Said, *pictures: str) -> None:
    for picture in pictures:
        frame_part(concept, picture, **box_of(said[picture][1]), author="me")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    folder = tmp_path_factory.mktemp("small")
    return folder, draw_small_things(folder, 48)


@pytest.fixture(scope="module")
def made(drawn: Drawn, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Homes: "begun"; "labelled", where all that may be learned from has a label, four of the yes are framed
    and it is trained on whole pictures; and "looking" at the part, trained again."""
    root, (folder, said) = tmp_path_factory.mktemp("homes"), drawn
    with closing(open_app(load_settings(home=root / "home"))) as bench:
        import_pictures(bench, [folder], encoder="embedded").wait()
        concept = begin_concept(bench, NAME, "A small ellipse.")
        shutil.copytree(root / "home", root / "begun")
        free = [i for i in said if i not in dataset_of(concept).reserved]
        label(concept, said, free)
        frame(concept, said, *[i for i in free if said[i][0]][:4])
        concept.begin(train).wait()
        shutil.copytree(root / "home", root / "labelled")
        concept.begin(look_at_parts).wait()
        concept.begin(train).wait()
        shutil.copytree(root / "home", root / "looking")
    return root.joinpath


@pytest.fixture
def opened(own_home: Path, made: Callable[[str], Path]) -> Iterator[Callable[[str], Concept]]:
    """The concept in a copy of a home, by its name."""
    with ExitStack() as stack:

        def opened(name: str) -> Concept:
            shutil.copytree(made(name), own_home)
            return stack.enter_context(closing(open_app(load_settings()))).concept(NAME)

        yield opened


Opened = Callable[[str], Concept]


@pytest.mark.slow
def test_the_last_frame_of_a_picture_stands_until_it_is_taken_away(opened: Opened, drawn: Drawn) -> None:
    begun = opened("begun")
    with pytest.raises(ConflictError, match="Three are enough"):
        begun.begin(look_at_parts)
    reserved = dataset_of(begun).reserved
    with pytest.raises(DiscernError, match="test picture"):
        frame_part(begun, min(reserved), **box_of(0), author="me")
    assert not framed_parts(begun).is_part
    picture = min(drawn[1].keys() - reserved)
    for cell in (3, 9):
        frame_part(begun, picture, **box_of(cell), author="me")
    (framed,) = framed_parts(begun).framed
    assert (framed.picture, framed.box) == (picture, tuple(box_of(9).values()))
    frame_part(begun, picture, remove=True, author="me")
    assert framed_parts(begun).framed == []
    with pytest.raises(DiscernError, match="at least 2 %"):
        frame_part(begun, picture, left=0.5, top=0.5, right=0.4, bottom=0.9, author="me")


def test_it_looks_at_the_part_that_was_framed_and_back(opened: Opened, drawn: Drawn) -> None:
    labelled = opened("labelled")
    whole = head_of(labelled)
    assert labelled.begin(look_at_parts).wait().pictures == len(drawn[1])
    with pytest.raises(ConflictError, match="Version 1"):
        ranked_library(labelled, "top", limit=1)
    labelled.begin(train).wait()
    round_things = {i: cell for i, (counts, cell) in drawn[1].items() if counts}
    boxes = boxes_of(labelled, list(round_things))
    right = [boxes[i][:2] == (cell % 4 / 4, cell // 4 / 4) for i, cell in round_things.items()]
    assert np.mean(right) > 0.7
    (surest,) = ranked_library(labelled, "top", limit=1).pictures
    heat = heat_of(labelled, surest.id, author="me")
    assert heat.box == boxes_of(labelled, [surest.id])[surest.id]
    assert heat.probability == pytest.approx(surest.probability, abs=0.01)
    assert surest.part is not None
    assert (surest.part.width, surest.part.height, surest.part.box) == (256, 192, heat.box)
    labelled.begin(look_at_parts, whole=True).wait()
    assert boxes_of(labelled, list(round_things)) == {}
    labelled.begin(train).wait()
    assert head_of(labelled).fingerprint == whole.fingerprint


def test_training_takes_in_new_frames_and_new_pictures(opened: Opened, drawn: Drawn, tmp_path: Path) -> None:
    looking = opened("looking")
    first = collection_of(looking.app).parts.fingerprint(looking.id)
    come = draw_small_things(tmp_path / "more", 4, first=90)
    import_pictures(looking.app, [tmp_path / "more"]).wait()
    said = drawn[1]
    framed = {one.picture for one in framed_parts(looking).framed}
    other = next(i for i in dataset_of(looking).answers if said[i][0] and i not in framed)
    frame(looking, said, other)
    state = framed_parts(looking)
    assert (state.newer, state.missing) == (True, 0)
    assert boxes_of(looking, list(come)).keys() == come.keys()
    looking.begin(train).wait()
    state = framed_parts(looking)
    assert (state.newer, state.missing) == (False, 0)
    assert head_of(looking).fingerprint != first
    collection = collection_of(looking.app)
    focus = collection.parts.focus(looking.id)
    assert focus is not None
    collection.purge_vectors([other])  # erased for good, it leaves no vectors of its parts
    assert collection.parts_index(focus.parts).snapshot().missing([other]) == [other]
    assert boxes_of(looking, [other]) == {}


@pytest.mark.slow
def test_the_exported_file_says_what_the_app_says(opened: Opened, drawn: Drawn, tmp_path: Path) -> None:
    looking, out, said = opened("looking"), tmp_path / "out", tmp_path / "said.csv"
    with pytest.raises(DiscernError, match="judges a part"):
        pictures_by_rule(looking.app, f'"{NAME}"')
    write_bundle(looking, out)
    classify = [sys.executable, "classify.py", drawn[0], "--out", said]
    subprocess.run(classify, cwd=out, check=True, capture_output=True)
    rows = list(csv.DictReader(said.read_text().splitlines()))
    scores = scores_of(looking, head_of(looking))
    assert scores is not None
    ids = {row["path"]: hashlib.sha256(Path(row["path"]).read_bytes()).hexdigest() for row in rows}
    expected = dict(scores.probability.of(list(ids.values())))
    for row in rows:
        assert float(row["score"]) == pytest.approx(expected[ids[row["path"]]], abs=1e-3)
    assert "the part most like what people framed" in (out / "README.md").read_text()
    with pytest.raises(EncoderError, match=r"classify\.py"):
        encoder_of(load_bundle(out), cache=tmp_path / "cache")


@pytest.mark.slow
def test_test_labels_go_on_measuring_and_what_is_framed_never_measures(opened: Opened, drawn: Drawn) -> None:
    concept, said = opened("begun"), drawn[1]
    free = [i for i in said if i not in dataset_of(concept).reserved]
    label(concept, said, free[:10])
    unlabelled = free[10]
    frame(concept, said, unlabelled)
    concept.begin(train).wait()
    draw_more_test_pictures(concept, at_least=len(said))  # by the head, as far as the library goes
    assert unlabelled not in dataset_of(concept).reserved
    label(concept, said, sorted(dataset_of(concept).evaluation))
    before = set(sample(dataset_of(concept)).ids)
    with pytest.raises(ConflictError, match="with a frame"):
        concept.begin(look_at_parts)  # what is framed has no label
    frame(concept, said, next(i for i in free[:10] if said[i][0]))
    concept.begin(look_at_parts).wait()
    assert set(sample(dataset_of(concept)).ids) == before
    parts, now = collection_of(concept.app).parts, dataset_of(concept).fingerprint
    whole = collection_of(concept.app).recorded().fingerprint
    assert [parts.has_been(concept.id, seen) for seen in (whole, now, "another")] == [True, True, False]
    assert parts.reader_of(concept.id, whole).dimension == parts.reader_of(concept.id, now).dimension


def test_parts_and_rest_add_up_to_the_score_that_the_library_has(trained: App) -> None:
    concept = trained.concept("Round thing")
    (surest,) = ranked_library(concept, "top", limit=1).pictures
    heat = heat_of(concept, surest.id, author="me")
    assert sum(map(sum, heat.parts)) + heat.rest == pytest.approx(heat.score, abs=1e-3)
    assert heat.probability == pytest.approx(surest.probability, abs=0.01)
    assert heat.flagged == (heat.probability >= heat.threshold)
    assert f"each square is about 1/{len(heat.parts) * len(heat.parts[0])} of the picture" in heat.words
    waiting = trained.store.kept_apart(concept.id) - decisions_of(concept).keys()
    with pytest.raises(ConflictError, match="test picture"):  # nothing before this person has answered
        heat_of(concept, min(waiting), author="me")


def test_words_say_in_which_ninth_most_of_it_lies_if_anywhere() -> None:
    parts = np.full((8, 8), -0.1)
    parts[6:, 6:] = 1.0
    assert said_of(parts) == "Most of what raised the score is at the bottom right."
    assert "No part" in said_of(-np.ones((8, 8)))
    assert said_of(np.ones((7, 7))).endswith("is spread over the picture.")
