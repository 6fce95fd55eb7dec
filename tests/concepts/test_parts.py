"""Where a version is weak: parts of what measured, and the one that is surely worse."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from concepts.results.slices import LibraryPart, first_folders, measure_parts, nearest_queries


def part(name: str, rows: np.ndarray) -> LibraryPart:
    return LibraryPart("folder", name, rows)


def test_a_part_has_its_counts_with_exact_intervals() -> None:
    truth = np.arange(40) < 20
    predicted = (np.arange(40) % 20) < 12  # 12 of the 20 that count, and 12 of the others
    (found,) = measure_parts([part("Milk", np.arange(40) < 30)], truth, predicted).found
    assert (found.n, found.precision.n, found.recall.n) == (30, 22, 20)
    assert found.precision.value == pytest.approx(12 / 22)
    assert found.recall.value == pytest.approx(12 / 20)
    assert (found.recall.low, found.recall.high) == pytest.approx((0.3605, 0.8088), abs=1e-4)


def test_few_answers_and_the_whole_are_no_part_and_a_share_of_nothing_is_none() -> None:
    parts = [part("few", np.arange(40) < 9), part("ten", np.arange(40) < 10), part("all", np.arange(40) < 40)]
    found = measure_parts(parts, np.arange(40) < 20, np.arange(40) < 20).found
    assert [one.name for one in found] == ["ten"]
    none, missed = np.zeros(40, dtype=bool), np.arange(40) < 5
    (found,) = measure_parts([part("missed", np.arange(40) < 20)], missed, none).found
    assert (found.precision.value, found.recall.value) == (None, 0)
    assert measure_parts([part("empty", np.arange(40) >= 20)], missed, none).found == ()


def test_a_weak_part_is_named_with_its_interval() -> None:
    truth = np.arange(200) < 100
    predicted = truth.copy()
    predicted[:14] = False  # of 20 that count in the first folder it misses 14
    parts = [part(f"<{i}>", np.arange(200) // 20 == i) for i in range(10)]
    worst = measure_parts(parts, truth, predicted).worst
    assert worst == (
        "Weakest in the folder “<0>”: of 20 that count, it finds 6 (12 to 54 of 100), elsewhere 100 of 100."
    )


def test_among_many_parts_luck_seldom_names_one() -> None:
    rng = np.random.default_rng(0)
    named = 0
    for _ in range(40):
        truth, predicted, folder = rng.random(200) < 0.4, rng.random(200) < 0.5, rng.integers(0, 10, 200)
        parts = [part(str(i), folder == i) for i in range(10)]
        named += bool(measure_parts(parts, truth, predicted).worst)
    assert named <= 4


@pytest.mark.parametrize(
    ("paths", "folders"),
    [
        (["/a/b/x/1.png", "/a/b/x/y/2.png", "/a/b/z/3.png"], ["x", "x", "z"]),
        (["/a/b/1.png", "/a/b/x/2.png"], ["", "x"]),
        (["/a/b/1.png", "/a/b/2.png"], ["", ""]),
        (["/a/x/1.png", ""], ["", ""]),
        (["/a.zip!/x/1.png", "/a.zip!/y/2.png"], ["x", "y"]),
    ],
)
def test_a_folder_is_the_first_below_the_one_that_holds_all(paths: list[str], folders: list[str]) -> None:
    ids = [str(i) for i in range(len(paths))]
    assert first_folders(dict(zip(ids, paths, strict=True)), ids) == folders


def test_a_picture_belongs_to_the_words_that_would_bring_it_first() -> None:
    """Though everything is nearer to the second text: its cosines are higher throughout."""
    texts = {"milk": [1.0, 0, 0], "fruit": [0, 1.0, 0.9]}
    pictures = np.array([[0.5, 0.3, 0.5], [0.1, 0.5, 0.5], [0.0, 0.6, 0.5]])

    def asked(*queries: str) -> list[str]:
        definition = SimpleNamespace(queries=[SimpleNamespace(text=text) for text in queries])
        collection = SimpleNamespace(text_vectors=lambda names: np.array([texts[n] for n in names]))
        revision = SimpleNamespace(definition=definition)
        dataset: Any = SimpleNamespace(revision=revision, collection=collection)
        return nearest_queries(dataset, pictures)

    assert asked("milk", "fruit") == ["milk", "fruit", "fruit"]
    assert asked("milk") == ["", "", ""]


@given(st.lists(st.text(alphabet="/ab.!", max_size=12), max_size=5))
def test_any_path_has_a_folder_or_none(paths: list[str]) -> None:
    ids = [str(i) for i in range(len(paths))]
    assert len(first_folders(dict(zip(ids, paths, strict=True)), ids)) == len(ids)
