"""Labels that come by file aim the draw of the test pictures, as labels given one by one do."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from synthetic import add_made_up

from concepts.labelling.dataset import dataset_of
from concepts.labelling.label_files import import_label_file
from concepts.labelling.labels import next_pictures
from concepts.learning.waves import FIRST
from concepts.library.collection import collection_of
from concepts.results.concepts import begin_concept
from concepts.results.library import library_info
from concepts.results.measured_sample import sample
from concepts.use_cases import App

NAME = "Rare thing"
COUNT, RARE = 2000, 50  # of the pictures made up here, 2.5 % count


@pytest.fixture
def bench(open_bench: Callable[[], App]) -> App:
    """A library of made-up vectors beside its drawings; what counts lies near one direction."""
    return filled(open_bench(), COUNT)


def filled(bench: App, count: int) -> App:
    add_made_up(bench, [made_up(number) for number in range(count)], RARE_IDS)
    begin_concept(bench, NAME, "Something that is seldom seen.")
    return bench


def made_up(number: int) -> str:
    return hashlib.sha256(f"made up {number}".encode()).hexdigest()


RARE_IDS = {made_up(number) for number in range(RARE)}


def import_labels(bench: App, folder: Path, ids: Iterable[str], split: str = "") -> None:
    file = folder / "labels.csv"
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "label", "split"])
        writer.writerows([i, "yes" if i in RARE_IDS else "no", split] for i in ids)
    import_label_file(bench.concept(NAME), file, simulated=True)


def drawn_pictures(bench: App) -> list[str]:
    return list(bench.store.evaluation_pictures(bench.concept(NAME).id))


def test_an_import_draws_nothing_more_and_aims_the_later_waves(bench: App, tmp_path: Path) -> None:
    assert len(drawn_pictures(bench)) == FIRST
    import_labels(bench, tmp_path, [made_up(number) for number in range(40, 80)])
    assert len(drawn_pictures(bench)) == FIRST
    for _ in range(2):
        asked = next_pictures(bench.concept(NAME), 60, purpose="evaluation")
        import_labels(bench, tmp_path, [picture.id for picture in asked], "evaluation")
    drawn = drawn_pictures(bench)[:120]
    assert len(RARE_IDS & set(drawn)) >= 15  # everything alike would give three


def test_a_label_for_everything_leaves_an_aimed_test_set(bench: App, tmp_path: Path) -> None:
    import_labels(bench, tmp_path, collection_of(bench).library.all_ids())
    drawn = drawn_pictures(bench)
    assert len(drawn) == 240
    assert len(RARE_IDS & set(drawn)) >= 12  # everything alike would give six
    dataset = dataset_of(bench.concept(NAME))
    taught = dataset.training.ids
    assert not set(drawn) & set(taught)
    assert len(taught) > library_info(bench).pictures // 2
    draws = sample(dataset).draws
    assert draws is not None
    assert len(draws.stratum) > 3
    could_be_drawn = [int((stratum >= 0).sum()) for stratum in draws.stratum]
    assert could_be_drawn == [wave.frame for wave in dataset.waves[: len(could_be_drawn)]]
    import_labels(bench, tmp_path, collection_of(bench).library.all_ids())
    assert drawn_pictures(bench) == drawn  # the same file again draws nothing more


def test_a_small_file_leaves_the_others_for_later(open_bench: Callable[[], App], tmp_path: Path) -> None:
    bench = filled(open_bench(), 110)
    before = drawn_pictures(bench)
    import_labels(bench, tmp_path, collection_of(bench).library.all_ids()[:1])
    assert len(before) == FIRST
    assert drawn_pictures(bench) == before
