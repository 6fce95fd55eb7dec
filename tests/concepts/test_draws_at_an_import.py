"""Labels that come by file aim the draw of the test pictures, as labels given one by one do."""

from __future__ import annotations

import csv
import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from concepts.classifier.measured_sample import sample
from concepts.learning.waves import FIRST
from concepts.settings import load_settings
from concepts.workbench import Workbench
from storage.library import PictureFacts
from storage.pictures.files import Source

NAME = "Rare thing"
COUNT, RARE = 2000, 50  # of the pictures made up here, 2.5 % count


@pytest.fixture
def bench(open_bench: Callable[[], Workbench]) -> Workbench:
    """A library of made-up vectors beside its drawings; what counts lies near one direction."""
    return filled(open_bench(), COUNT)


def filled(bench: Workbench, count: int) -> Workbench:
    index = bench.context.collection.stored()
    dimension, rng = index.dimension, np.random.default_rng(0)
    vectors = rng.standard_normal((count, dimension)).astype(np.float32)
    vectors[:RARE] += 2 * np.sqrt(dimension) * np.eye(dimension, dtype=np.float32)[0]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = [made_up(number) for number in range(count)]
    facts = [(Source(f"/made-up/{i}.jpg", 1, 1), PictureFacts(i, 1, "JPEG", 64, 48, None)) for i in ids]
    bench.context.collection.library.adding.record(facts, [], index.fingerprint)
    index.write(ids, vectors)
    bench.concepts.begin(NAME, "Something that is seldom seen.")
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
    bench.concept(NAME).label_files.import_file(file, simulated=True)


def drawn_pictures(bench: Workbench) -> list[str]:
    return list(bench.context.store.evaluation_pictures(bench.context.concept(NAME).id))


@pytest.fixture(scope="module")
def imported(
    made_library: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workbench]:
    """After a file with a label for everything."""
    folder = tmp_path_factory.mktemp("imported")
    shutil.copytree(made_library[0], folder / "home")
    bench = filled(Workbench(load_settings(home=folder / "home")), COUNT)
    import_labels(bench, folder, bench.context.collection.library.all_ids())
    yield bench
    bench.close()


def test_an_import_draws_no_more_than_the_first_wave(bench: Workbench, tmp_path: Path) -> None:
    assert len(drawn_pictures(bench)) == FIRST
    import_labels(bench, tmp_path, [made_up(number) for number in range(40, 80)])
    assert len(drawn_pictures(bench)) == FIRST


def test_the_waves_after_an_import_are_aimed_by_what_the_file_taught(
    bench: Workbench, tmp_path: Path
) -> None:
    import_labels(bench, tmp_path, [made_up(number) for number in range(40, 80)])
    for _ in range(2):
        asked = bench.concept(NAME).labels.next_pictures(60, purpose="evaluation")
        import_labels(bench, tmp_path, [picture.id for picture in asked], "evaluation")
    drawn = drawn_pictures(bench)[:120]
    assert len(RARE_IDS & set(drawn)) >= 15  # everything alike would give three


def test_a_file_with_a_label_for_everything_leaves_an_aimed_test_set(imported: Workbench) -> None:
    drawn = drawn_pictures(imported)
    assert len(drawn) == 240
    assert len(RARE_IDS & set(drawn)) >= 12  # everything alike would give six
    taught = imported.context.dataset(imported.context.concept(NAME)).training.ids
    assert not set(drawn) & set(taught)
    assert len(taught) > imported.library.info().pictures // 2


def test_what_was_drawn_at_an_import_speaks_for_as_many_pictures_as_it_was_drawn_from(
    imported: Workbench,
) -> None:
    dataset = imported.context.dataset(imported.context.concept(NAME))
    draws = sample(dataset).draws
    assert draws is not None
    assert len(draws.stratum) > 3
    could_be_drawn = [int((stratum >= 0).sum()) for stratum in draws.stratum]
    assert could_be_drawn == [wave.frame for wave in dataset.waves[: len(could_be_drawn)]]


def test_a_small_file_leaves_a_small_library_its_test_pictures_for_later(
    open_bench: Callable[[], Workbench], tmp_path: Path
) -> None:
    bench = filled(open_bench(), 110)
    before = drawn_pictures(bench)
    import_labels(bench, tmp_path, bench.context.collection.library.all_ids()[:1])
    assert len(before) == FIRST
    assert drawn_pictures(bench) == before


def test_the_same_file_again_draws_nothing_more(imported: Workbench, tmp_path: Path) -> None:
    before = drawn_pictures(imported)
    import_labels(imported, tmp_path, imported.context.collection.library.all_ids())
    assert drawn_pictures(imported) == before
