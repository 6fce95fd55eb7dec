"""Vectors held by a device of PyTorch's, for which the processor stands in: no GPU was to be had. That
searches and scores are the same there is tested with all other ways to read (`test_vector_index.py`)."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from synthetic import DIMENSION, picture_ids, unit_vectors

from storage.vectors import products
from storage.vectors.lance import LanceIndex
from storage.vectors.products import OnGpu, multiplied
from storage.vectors.stored import StoredIndex

ROOM = 2**40


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many vectors came to the device, each time."""
    found: list[int] = []
    real = torch.from_numpy

    def from_numpy(array: Any) -> torch.Tensor:
        if array.dtype == np.float16:
            found.append(len(array))
        return real(array)

    monkeypatch.setattr(torch, "from_numpy", from_numpy)
    return found


def held(room: int = ROOM) -> OnGpu:
    return OnGpu(lambda: torch.device("cpu"), lambda device: room)


def halves(count: int, seed: int = 0) -> Any:
    return unit_vectors(count, seed=seed).astype(np.float16)


def exact(vectors: Any, weights: Any) -> Any:
    return vectors.astype(np.float64) @ weights


def test_each_vector_is_sent_once_however_often_the_file_grows(sent: list[int]) -> None:
    vectors, weights = halves(300), unit_vectors(1)[0]
    multiply = held().of("vectors-1")
    for count in (100, 100, 250, 180, 300):  # who still reads an older version asks for fewer
        found = multiply(vectors[:count], weights)
        np.testing.assert_allclose(found, exact(vectors[:count], weights), atol=1e-6)
    assert sent == [100, 150, 50]


def test_another_file_takes_the_place_of_the_one_before(sent: list[int]) -> None:
    gpu, weights = held(), unit_vectors(3).T.copy()
    for name, seed in (("vectors-1", 0), ("vectors-2", 1)):
        vectors = halves(100, seed)
        found = gpu.of(name)(vectors, weights, slice(20, 90))
        np.testing.assert_allclose(found, exact(vectors[20:90], weights), atol=1e-6)
    assert sent == [100, 100]


@pytest.mark.parametrize(("too_few", "stays"), [(0, False), (1, True)])
def test_vectors_that_would_take_more_than_half_of_its_room_stay_here(
    monkeypatch: pytest.MonkeyPatch, too_few: int, stays: bool
) -> None:
    here: list[int] = []

    def on_processor(vectors: Any, columns: Any, rows: Any = None) -> Any:
        here.append(len(vectors))
        return multiplied(vectors, columns)

    monkeypatch.setattr(products, "on_processor", on_processor)
    vectors, weights = halves(100), unit_vectors(1)[0]
    multiply = held(2 * vectors.nbytes - too_few).of("vectors-1")
    np.testing.assert_allclose(multiply(vectors, weights), exact(vectors, weights), atol=1e-6)
    assert bool(here) == stays


def test_where_its_memory_is_full_the_processor_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried: list[int] = []

    def full(*_: Any, **__: Any) -> torch.Tensor:
        tried.append(1)
        raise torch.OutOfMemoryError("CUDA out of memory.")

    vectors, weights = halves(100), unit_vectors(1)[0]
    multiply = held().of("vectors-1")
    monkeypatch.setattr(products, "_products", full)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert np.array_equal(multiply(vectors, weights), multiplied(vectors, weights))
    assert tried == [1]
    assert "on the processor" in caplog.text


def test_an_index_that_is_written_to_goes_on_with_what_is_there(tmp_path: Path, sent: list[int]) -> None:
    index = LanceIndex(tmp_path, "enc-1", DIMENSION)
    index._matrix._gpu = held()
    ids, vectors, weights = picture_ids(120), unit_vectors(120), unit_vectors(1, seed=3)[0]
    for part in (slice(0, 80), slice(80, 120)):
        index.write(ids[part], vectors[part])
        scores = index.snapshot().scores(weights)
        expected = dict(zip(ids, vectors.astype(np.float64) @ weights, strict=True))
        np.testing.assert_allclose(scores.values, [expected[i] for i in scores.ids], atol=1e-5)
    index.delete(ids[:10])
    assert list(index.snapshot().scores(weights).ids) == sorted(ids[10:])
    assert sum(sent) == 120


@pytest.mark.parametrize("opened", [LanceIndex, StoredIndex])
def test_what_is_gone_for_good_is_held_no_longer(
    tmp_path: Path, opened: type[LanceIndex] | type[StoredIndex]
) -> None:
    ids = picture_ids(60)
    StoredIndex(tmp_path, "enc-1", DIMENSION).write(ids, unit_vectors(60))
    StoredIndex(tmp_path, "enc-1", DIMENSION).snapshot()
    index = opened(tmp_path, "enc-1", DIMENSION)
    gpu = index._matrix._gpu = held()
    index.snapshot().scores(unit_vectors(1)[0])
    assert gpu._held is not None
    index.purge(ids[:10])
    assert gpu._held is None
    assert list(index.snapshot().scores(unit_vectors(1)[0]).ids) == sorted(ids[10:])
