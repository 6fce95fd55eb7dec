"""A file may be declared a random sample of the library: then its pictures measure, and all else trains."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterable
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from synthetic import add_made_up

from concepts.definition.editing import add_example
from concepts.labelling.dataset import dataset_of
from concepts.labelling.examples import edit_definition
from concepts.labelling.label_files import import_label_file
from concepts.labelling.labels import give_label, undo_labels
from concepts.labelling.waves import draw_more_test_pictures
from concepts.learning.waves import FIRST, SHARE
from concepts.library.collection import collection_of
from concepts.results.concepts import begin_concept
from concepts.results.measured_sample import sample
from concepts.use_cases import App, Concept

COUNT = 1000
IDS = sorted(hashlib.sha256(f"made up {number}".encode()).hexdigest() for number in range(COUNT))
COUNTING = set(IDS[::5])
Take = Callable[..., dict[str, Any]]


@pytest.fixture
def concept(open_bench: Callable[[], App]) -> Concept:
    bench = open_bench()
    add_made_up(bench, IDS, COUNTING)
    return begin_concept(bench, "A fifth of them", "Something that is seen now and then.")


@pytest.fixture
def take(concept: Concept, tmp_path: Path) -> Take:
    def take(
        ids: Iterable[str], splits: Iterable[str] = (), says: str = "", **options: bool
    ) -> dict[str, Any]:
        """Imports a file with what is true of these pictures, or what it `says` of all; the report."""
        truth = [(i, says or ("yes" if i in COUNTING else "no")) for i in ids]
        rows = [(*row, split) for row, split in zip_longest(truth, splits, fillvalue="")]
        with (tmp_path / "labels.csv").open("w", newline="") as stream:
            csv.writer(stream).writerows([("id", "label", "split"), *rows])
        return import_label_file(concept, tmp_path / "labels.csv", **options)

    return take


def drawn_elsewhere(concept: Concept, n: int, seed: int = 1) -> list[str]:
    """With equal chances, of pictures that aren't in the test set yet: so that tests can count."""
    taken = dataset_of(concept).evaluation
    free = [i for i in IDS if i not in taken]
    return [str(i) for i in np.random.default_rng(seed).permutation(free)[:n]]


def test_a_random_sample_measures_at_once_up_to_the_last_look(concept: Concept, take: Take) -> None:
    chosen = sorted(drawn_elsewhere(concept, 110), key=lambda i: i in COUNTING)
    report = take(chosen, random=True)
    assert (report["imported"], report["measuring"], report["kept_for_training"]) == (110, 110, 0)
    assert report["sample"].startswith("110 of 110 pictures join the test set, as a random sample of 1,0")
    dataset = dataset_of(concept)
    assert len(dataset.measuring) == 60
    assert set(dataset.measuring) < set(chosen)
    assert {i in COUNTING for i in dataset.measuring[:30]} == {True, False}  # whatever the order of the file
    assert len(dataset.evaluation) == 110 + FIRST
    assert dataset.to_next_figures == 120 - 110
    drawn = sample(dataset)
    assert drawn.covered == dataset.waves[1].frame  # near-duplicates count once
    found = drawn.counted.figure("yes")
    assert found.low < len(COUNTING) < found.high  # its figures speak for all there is to look in
    assert found.n == 60


def test_of_near_duplicates_only_the_first_can_be_drawn_and_then_none_trains(
    concept: Concept, take: Take
) -> None:
    first, left_out, drawn, twin = sorted(drawn_elsewhere(concept, 4))
    groups = {first: first, left_out: first, drawn: drawn, twin: drawn}
    collection_of(concept.app).library.set_near_groups(groups)
    others = [i for i in drawn_elsewhere(concept, 40, seed=2) if i not in groups]
    assert "1 can't join" in take([left_out, drawn, *others], random=True)["sample"]
    evaluation = dataset_of(concept).evaluation.keys()
    assert evaluation & groups.keys() == {drawn}
    take([twin, *drawn_elsewhere(concept, 40, seed=3)])
    trained = set(dataset_of(concept).training.ids)
    assert trained
    assert not trained & {drawn, twin, *others}


def test_what_was_seen_before_and_its_near_duplicates_stay_what_they_were(
    concept: Concept, take: Take
) -> None:
    waiting = next(iter(dataset_of(concept).evaluation))
    seen, others = (ids := drawn_elsewhere(concept, 44))[:4], ids[4:]
    labelled, example, *alike = sorted(seen)
    groups = {labelled: labelled, alike[0]: labelled, example: example, alike[1]: example}
    collection_of(concept.app).library.set_near_groups(groups)
    give_label(concept, labelled, "yes", author="me")
    edit_definition(concept, lambda d: add_example(d, example, counts=True), author="me", after=1)
    report = take([waiting, *seen, *others], random=True)
    assert (report["measuring"], report["kept_for_training"]) == (40, 4)
    assert "5 can't join: labelled before, examples, in it already" in report["sample"]
    dataset = dataset_of(concept)
    assert dataset.wave_of[waiting] == 1
    assert waiting in dataset.blind
    assert set(seen) <= set(dataset.training.ids)


def test_unsure_counts_as_answered_and_decides_nothing(concept: Concept, take: Take) -> None:
    chosen = drawn_elsewhere(concept, 30)
    take(chosen, random=True, says="unsure")
    dataset = dataset_of(concept)
    assert sorted(dataset.measuring) == sorted(chosen)
    assert dataset.evaluation_labels()[0] == []


def test_a_file_that_says_only_yes_and_one_that_nobody_calls_random_train(
    concept: Concept, take: Take
) -> None:
    before, ids = dataset_of(concept).evaluation, drawn_elsewhere(concept, 60)
    found = [i for i in ids if i in COUNTING]
    report = take(found, random=True)
    assert (report["measuring"], report["imported"]) == (0, len(found))
    assert "Every label is yes" in report["sample"]
    others = [i for i in ids if i not in COUNTING]
    report = take(others, splits=["evaluation"] * len(others))
    assert (report["measuring"], report["kept_for_training"]) == (0, len(others))
    assert dataset_of(concept).evaluation == before
    assert sorted(dataset_of(concept).training.ids) == sorted(ids)


def test_more_than_the_library_can_spare_trains(concept: Concept, take: Take) -> None:
    report = take(drawn_elsewhere(concept, COUNT), random=True)
    dataset = dataset_of(concept)
    assert len(dataset.evaluation) == int(SHARE * dataset.pictures)
    assert report["measuring"] == len(dataset.evaluation) - FIRST
    assert f"so {report['imported'] - report['measuring']} train" in report["sample"]
    assert len(dataset.training.ids) == report["imported"] - report["measuring"]


def test_rows_that_say_train_train_and_aim_the_next_wave(concept: Concept, take: Take) -> None:
    ids = drawn_elsewhere(concept, 160)
    report = take(ids, splits=["train"] * 100, random=True)
    assert (report["measuring"], report["kept_for_evaluation"]) == (60, 0)
    assert sorted(dataset_of(concept).training.ids) == sorted(ids[:100])
    draw_more_test_pictures(concept, at_least=FIRST + 1)
    assert [wave.weights is None for wave in dataset_of(concept).waves] == [True, True, False]


def test_the_same_sample_again_changes_nothing_and_undone_it_can_be_brought_again(
    concept: Concept, take: Take
) -> None:
    before, ids = list(dataset_of(concept).evaluation), drawn_elsewhere(concept, 40)
    take(ids, random=True, says="no")
    drawn = list(dataset_of(concept).evaluation)
    report = take(ids, random=True, says="no")
    assert (report["imported"], report["unchanged"], report["measuring"]) == (0, 40, 0)
    take(ids, says="no")
    assert list(dataset_of(concept).evaluation) == drawn
    assert len(undo_labels(concept, 40, author="me")) == 40
    assert dataset_of(concept).measuring == []
    take(ids, random=True)
    dataset = dataset_of(concept)
    assert len(dataset.measuring) == 30
    assert {i: d.value == "yes" for i, d in dataset.blind.items()} == {i: i in COUNTING for i in ids}
    undo_labels(concept, 40, author="me")
    assert take(ids)["kept_for_evaluation"] == 0  # it was declared by mistake, and trains
    assert list(dataset_of(concept).evaluation) == before
    assert sorted(dataset_of(concept).training.ids) == sorted(ids)
