"""A concept about a part of pictures: framed in a few, looked for in all, the same in the exported file."""

from __future__ import annotations

import csv
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from drawing import draw
from PIL import Image

from concepts.bundle.load import encoder_of, load_bundle
from concepts.classifier.measured_sample import sample
from concepts.errors import DiscernError, EncoderError
from concepts.library.parts import NoFrameError, OtherPartError
from concepts.settings import load_settings
from concepts.workbench import Workbench
from concepts.workbench.concept import Concept
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
    return {picture: part.box for picture, part in concept.parts.outlines(pictures).items()}


@pytest.fixture
def drawn(tmp_path: Path) -> tuple[Path, dict[str, tuple[bool, int]]]:
    folder = tmp_path / "small"
    return folder, draw_small_things(folder, 48)


@pytest.fixture
def bench(own_home: Path, drawn: tuple[Path, dict[str, tuple[bool, int]]]) -> Iterator[Workbench]:
    bench = Workbench(load_settings())
    bench.library.add([drawn[0]], encoder="embedded").wait()
    bench.concepts.begin(NAME, "A small ellipse.")
    yield bench
    bench.close()


@pytest.fixture
def labelled(bench: Workbench, drawn: tuple[Path, dict[str, tuple[bool, int]]]) -> Concept:
    """All that may be learned from has a label, four of the yes are framed, and it is trained on whole
    pictures."""
    concept, said = bench.concept(NAME), drawn[1]
    bench.context.draw_evaluation(concept.row)
    reserved = concept.dataset().reserved
    free = [i for i in said if i not in reserved]
    for picture in free:
        concept.labels.give(picture, "yes" if said[picture][0] else "no", author="me", key=f"k{picture}")
    for picture in [i for i in free if said[i][0]][:4]:
        concept.parts.frame(picture, **box_of(said[picture][1]), author="me")
    concept.versions.train().wait()
    return concept


def test_before_anything_is_framed_it_says_what_to_do(bench: Workbench) -> None:
    concept = bench.concept(NAME)
    with pytest.raises(NoFrameError, match="Three are enough"):
        concept.parts.look()
    assert not concept.parts.read().is_part


def test_the_last_frame_of_a_picture_stands_until_it_is_taken_away(
    bench: Workbench, drawn: tuple[Path, dict[str, tuple[bool, int]]]
) -> None:
    concept = bench.concept(NAME)
    picture = min(drawn[1].keys() - concept.dataset().reserved)
    for cell in (3, 9):
        concept.parts.frame(picture, **box_of(cell), author="me")
    (framed,) = concept.parts.read().framed
    assert (framed.picture, framed.box) == (picture, tuple(box_of(9).values()))
    concept.parts.frame(picture, remove=True, author="me")
    assert concept.parts.read().framed == []
    with pytest.raises(DiscernError, match="at least 2 %"):
        concept.parts.frame(picture, left=0.5, top=0.5, right=0.4, bottom=0.9, author="me")


def test_nothing_is_framed_in_a_picture_that_measures(labelled: Concept) -> None:
    picture = min(labelled.dataset().reserved)
    with pytest.raises(DiscernError, match="test picture"):
        labelled.parts.frame(picture, **box_of(0), author="me")


def test_it_looks_at_the_part_that_was_framed_and_back_at_whole_pictures(
    labelled: Concept, drawn: tuple[Path, dict[str, tuple[bool, int]]]
) -> None:
    whole = labelled.versions.head()
    assert labelled.parts.look().wait().pictures == len(drawn[1])
    with pytest.raises(OtherPartError, match="Version 1"):
        labelled.scores.ranked("top", limit=1)
    labelled.versions.train().wait()
    round_things = {i: cell for i, (counts, cell) in drawn[1].items() if counts}
    boxes = boxes_of(labelled, list(round_things))
    right = [boxes[i][:2] == (cell % 4 / 4, cell // 4 / 4) for i, cell in round_things.items()]
    assert np.mean(right) > 0.7
    (surest,) = labelled.scores.ranked("top", limit=1).pictures
    heat = labelled.scores.heat(surest.id, author="me")
    assert heat.box == boxes_of(labelled, [surest.id])[surest.id]
    assert heat.probability == pytest.approx(surest.probability, abs=0.01)
    assert surest.part is not None
    assert (surest.part.width, surest.part.height, surest.part.box) == (256, 192, heat.box)
    labelled.parts.look(whole=True).wait()
    assert boxes_of(labelled, list(round_things)) == {}
    labelled.versions.train().wait()
    assert labelled.versions.head().fingerprint == whole.fingerprint


def test_training_takes_in_new_frames_and_new_pictures(
    labelled: Concept, drawn: tuple[Path, dict[str, tuple[bool, int]]], tmp_path: Path
) -> None:
    labelled.parts.look().wait()
    first = labelled.context.collection.parts.fingerprint(labelled.id)
    come = draw_small_things(tmp_path / "more", 4, first=90)
    labelled.bench.library.add([tmp_path / "more"]).wait()
    said = drawn[1]
    framed = {one.picture for one in labelled.parts.read().framed}
    other = next(i for i in labelled.dataset().answers if said[i][0] and i not in framed)
    labelled.parts.frame(other, **box_of(said[other][1]), author="me")
    state = labelled.parts.read()
    assert (state.newer, state.missing) == (True, 0)
    assert boxes_of(labelled, list(come)).keys() == come.keys()
    labelled.versions.train().wait()
    state = labelled.parts.read()
    assert (state.newer, state.missing) == (False, 0)
    assert labelled.versions.head().fingerprint != first


def test_the_exported_file_says_of_new_pictures_what_the_app_says(
    labelled: Concept, drawn: tuple[Path, dict[str, tuple[bool, int]]], tmp_path: Path
) -> None:
    labelled.parts.look().wait()
    labelled.versions.train().wait()
    out = tmp_path / "out"
    labelled.exports.write(out)
    subprocess.run(
        [sys.executable, "classify.py", drawn[0], "--out", tmp_path / "said.csv"],
        cwd=out,
        check=True,
        capture_output=True,
    )
    with (tmp_path / "said.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    scores = labelled.context.library_scores(labelled.id, labelled.versions.head())
    assert scores is not None
    ids = {row["path"]: hashlib.sha256(Path(row["path"]).read_bytes()).hexdigest() for row in rows}
    expected = dict(scores.probability.of(list(ids.values())))
    for row in rows:
        assert float(row["score"]) == pytest.approx(expected[ids[row["path"]]], abs=1e-3)
    assert "the part most like what people framed" in (out / "README.md").read_text()
    with pytest.raises(EncoderError, match=r"classify\.py"):
        encoder_of(load_bundle(out), cache=tmp_path / "cache")


def test_a_rule_leaves_it_out_and_says_why(labelled: Concept) -> None:
    labelled.parts.look().wait()
    labelled.versions.train().wait()
    with pytest.raises(DiscernError, match="judges a part"):
        labelled.bench.rules.tried(f'"{NAME}"')


def test_what_is_erased_for_good_leaves_no_vectors_of_its_parts(labelled: Concept) -> None:
    labelled.parts.look().wait()
    collection = labelled.context.collection
    focus = collection.parts.focus(labelled.id)
    assert focus is not None
    picture = labelled.parts.read().framed[0].picture
    collection.purge_vectors([picture])
    assert collection.parts_index(focus.parts).snapshot().missing([picture]) == [picture]
    assert boxes_of(labelled, [picture]) == {}


def test_test_labels_go_on_measuring_and_what_is_framed_never_measures(
    bench: Workbench, drawn: tuple[Path, dict[str, tuple[bool, int]]]
) -> None:
    concept, said = bench.concept(NAME), drawn[1]

    def label(pictures: list[str]) -> None:
        for picture in pictures:
            concept.labels.give(picture, "yes" if said[picture][0] else "no", author="me", key=f"k{picture}")

    bench.context.draw_evaluation(concept.row)
    free = [i for i in said if i not in concept.dataset().reserved]
    label(free[:10])
    unlabelled = free[10]
    concept.parts.frame(unlabelled, **box_of(said[unlabelled][1]), author="me")
    concept.versions.train().wait()
    bench.context.draw_more(concept.row, at_least=len(said))  # by the head, as far as the library goes
    assert unlabelled not in concept.dataset().reserved
    label(sorted(concept.dataset().evaluation))
    before = set(sample(concept.dataset()).ids)
    with pytest.raises(NoFrameError):
        concept.parts.look()  # what is framed has no label
    framed = next(i for i in free[:10] if said[i][0])
    concept.parts.frame(framed, **box_of(said[framed][1]), author="me")
    concept.parts.look().wait()
    assert set(sample(concept.dataset()).ids) == before
    parts, now = bench.context.collection.parts, concept.dataset().fingerprint
    whole = bench.context.collection.recorded().fingerprint
    assert [parts.has_been(concept.id, seen) for seen in (whole, now, "another")] == [True, True, False]
    assert parts.reader_of(concept.id, whole).dimension == parts.reader_of(concept.id, now).dimension
