"""The map of vectors: what looks alike is near, and what is erased leaves it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from synthetic import in_memory, picture_ids

from storage.vectors import map as maps
from storage.vectors.graph import built
from storage.vectors.map import KeptMap, Map, drawn
from storage.vectors.reader import VectorReader

KINDS = 6


def unheard(done: int, of: int) -> None:
    pass


def no_step(done: int, of: int) -> None:
    raise AssertionError("nothing has changed")


def kinds(count: int) -> tuple[VectorReader, NDArray[np.int64]]:
    """So many pictures of six kinds, and of which kind each is."""
    kind = np.arange(count) % KINDS
    centres = np.random.default_rng(5).standard_normal((KINDS, 24))
    raw = centres[kind] + 0.3 * np.random.default_rng(6).standard_normal((count, 24))
    vectors = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    order = np.argsort(ids := np.array(picture_ids(count)))
    return in_memory(ids[order].tolist(), vectors[order]), kind[order]


def of_one_kind(found: Map, kind: NDArray[np.int64]) -> float:
    """Of how many pictures the nearest on the map is of the same kind."""
    far = ((found.places[:, None] - found.places[None]) ** 2).sum(axis=2)
    np.fill_diagonal(far, np.inf)
    return float((kind[far.argmin(axis=1)] == kind).mean())


@pytest.mark.parametrize(
    ("sampled", "near"), [(maps.SAMPLED, 0.98), (60, 0.95)], ids=["all", "begun by a part"]
)
def test_pictures_that_look_alike_are_near_each_other(
    monkeypatch: pytest.MonkeyPatch, sampled: int, near: float
) -> None:
    monkeypatch.setattr(maps, "SAMPLED", sampled)
    copy, kind = kinds(240)
    found = drawn(copy, built(copy, unheard), unheard)
    assert of_one_kind(found, kind) > near
    assert np.abs(found.places).max() == pytest.approx(1)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 17, 40])
def test_any_number_of_pictures_has_places_on_the_map(count: int) -> None:
    copy, _ = kinds(count)
    found = drawn(copy, built(copy, unheard), unheard)
    assert found.places.shape == (count, 2)
    assert np.isfinite(found.places).all()
    assert count == 0 or np.abs(found.places).max() <= 1


def test_it_is_kept_purged_and_drawn_again_where_it_is_damaged(tmp_path: Path) -> None:
    copy, _ = kinds(60)
    graph, kept = built(copy, unheard), KeptMap(tmp_path / "x.map")
    assert kept.newest() is None
    first = kept.draw(copy, graph, unheard)
    assert len(first.ids) == 60
    assert kept.bytes == (tmp_path / "x.map").stat().st_size
    again = KeptMap(tmp_path / "x.map")
    assert (again.draw(copy, graph, no_step).places == first.places).all()
    gone = first.ids[7].decode()
    again.purge([gone])
    left = KeptMap(tmp_path / "x.map").newest()
    assert left is not None
    assert gone.encode() not in set(left.ids.tolist())
    assert gone.encode() not in (tmp_path / "x.map").read_bytes()
    (tmp_path / "x.map").write_bytes(b"damaged")
    assert KeptMap(tmp_path / "x.map").newest() is None
    assert len(KeptMap(tmp_path / "x.map").draw(copy, graph, unheard).ids) == 60
