"""Labels that come by file aim the draw of the test pictures, as labels given one by one do."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from concepts.learning.waves import FIRST
from concepts.workbench import Workbench
from storage.library import PictureFacts
from storage.pictures.files import Source

NAME = "Rare thing"
COUNT, RARE = 2000, 50  # of the pictures made up here, 2.5 % count


@pytest.fixture
def bench(open_bench: Callable[[], Workbench]) -> Workbench:
    """A library of made-up vectors beside its drawings; what counts lies near one direction."""
    bench = open_bench()
    index = bench.context.collection.index()
    dimension, rng = index.snapshot().dimension, np.random.default_rng(0)
    vectors = rng.standard_normal((COUNT, dimension)).astype(np.float32)
    vectors[:RARE] += 2 * np.sqrt(dimension) * np.eye(dimension, dtype=np.float32)[0]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = [made_up(number) for number in range(COUNT)]
    facts = [(Source(f"/made-up/{i}.jpg", 1, 1), PictureFacts(i, 1, "JPEG", 64, 48, None)) for i in ids]
    bench.context.collection.library.adding.record(facts, [], index.fingerprint)
    index.write(ids, vectors)
    bench.definitions.create_concept(NAME, "Something that is seldom seen.")
    return bench


def made_up(number: int) -> str:
    return hashlib.sha256(f"made up {number}".encode()).hexdigest()


RARE_IDS = {made_up(number) for number in range(RARE)}


def import_labels(bench: Workbench, folder: Path, ids: Iterable[str], split: str = "") -> None:
    file = folder / "labels.csv"
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "label", "split"])
        writer.writerows([i, "yes" if i in RARE_IDS else "no", split] for i in ids)
    bench.label_files.import_labels(NAME, file, simulated=True)


def drawn_pictures(bench: Workbench) -> list[str]:
    return list(bench.context.store.evaluation_pictures(bench.context.concept(NAME).id))


def test_an_import_draws_no_more_than_the_first_wave(bench: Workbench, tmp_path: Path) -> None:
    assert len(drawn_pictures(bench)) == FIRST
    import_labels(bench, tmp_path, [made_up(number) for number in range(40, 80)])
    assert len(drawn_pictures(bench)) == FIRST


def test_the_waves_after_an_import_are_aimed_by_what_the_file_taught(
    bench: Workbench, tmp_path: Path
) -> None:
    import_labels(bench, tmp_path, [made_up(number) for number in range(40, 80)])
    for _ in range(2):
        asked = bench.answers.next_pictures(NAME, 60, purpose="evaluation")
        import_labels(bench, tmp_path, [picture.id for picture in asked], "evaluation")
    drawn = drawn_pictures(bench)[:120]
    assert len(RARE_IDS & set(drawn)) >= 15  # everything alike would give three


def test_a_file_with_a_label_for_everything_leaves_an_aimed_test_set(
    bench: Workbench, tmp_path: Path
) -> None:
    everything = bench.context.collection.library.all_ids()
    import_labels(bench, tmp_path, everything)
    drawn = drawn_pictures(bench)
    assert len(drawn) == 240
    assert len(RARE_IDS & set(drawn)) >= 12  # everything alike would give six
    lessons = bench.context.material(bench.context.concept(NAME))
    assert not set(drawn) & set(lessons.training.ids)
    assert len(lessons.training.ids) > len(everything) // 2


def test_the_same_file_again_draws_nothing_more(bench: Workbench, tmp_path: Path) -> None:
    everything = bench.context.collection.library.all_ids()
    import_labels(bench, tmp_path, everything)
    before = drawn_pictures(bench)
    import_labels(bench, tmp_path, everything)
    assert drawn_pictures(bench) == before
