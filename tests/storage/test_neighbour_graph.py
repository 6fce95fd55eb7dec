"""The neighbour graph says what comparing all pictures says; on the map, what looks alike is near."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from synthetic import in_memory, picture_ids, unit_vectors

from storage.errors import StorageError
from storage.vectors import graph as graphs
from storage.vectors import map as maps
from storage.vectors.graph import Graph, KeptGraph, built, clustered, highest
from storage.vectors.ids import PictureIds
from storage.vectors.map import KeptMap, Map, drawn
from storage.vectors.reader import VectorReader
from storage.vectors.stored import StoredIndex

DIMENSION = 24
RECALL = 0.9  # at least, of pictures in clusters that are compared with some clusters only
SLACK = 1e-6  # of a float32 product of unit vectors


def unheard(done: int, of: int) -> None:
    pass


def alike(count: int, kinds: int = 40, seed: int = 0) -> NDArray[np.float32]:
    """(count, DIMENSION) pictures of so many kinds."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((kinds, DIMENSION))
    raw = centres[rng.integers(kinds, size=count)] + 0.5 * rng.standard_normal((count, DIMENSION))
    return (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float16).astype(np.float32)


@pytest.fixture
def too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs, "EXACTLY", 100)
    monkeypatch.setattr(graphs, "A_CLUSTER", 50)
    monkeypatch.setattr(graphs, "PROBED", 8)


def assert_true(graph: Graph, vectors: NDArray[np.float32], at_least: int) -> None:
    """The lists are the beginnings of those of comparing all with all, each at least so long."""
    products = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    np.fill_diagonal(products, -np.inf)
    true = -np.sort(-products, axis=1)
    for row, (rows, said) in enumerate(zip(graph.rows, graph.products, strict=True)):
        length = int((rows >= 0).sum())
        assert length >= at_least
        assert len(set(rows[:length])) == length
        np.testing.assert_allclose(products[row, rows[:length]], said[:length], atol=SLACK)
        np.testing.assert_allclose(said[:length], true[row, :length], atol=SLACK)


# Comparing


@given(st.integers(1, 12), st.integers(1, 30), st.integers(0, 2**31), st.booleans())
def test_the_highest_are_those_of_sorting(m: int, c: int, seed: int, ties: bool) -> None:
    products = np.random.default_rng(seed).standard_normal((m, c)).astype(np.float32)
    if ties:
        products = np.round(products)
    for k in (1, c // 2 + 1, c):
        columns, values = highest(products, k)
        expected = np.argsort(-products, axis=1, kind="stable")[:, :k]
        np.testing.assert_array_equal(columns, expected)
        np.testing.assert_array_equal(values, np.take_along_axis(products, expected, axis=1))


@pytest.mark.parametrize("count", [0, 1, 2, 12, 300])
def test_a_graph_is_that_of_comparing_all_pictures_with_all(count: int) -> None:
    copy = in_memory(picture_ids(count), unit_vectors(count, dimension=DIMENSION))
    graph = built(copy, unheard)
    assert graph.recall == 1
    assert_true(graph, copy.vectors(list(copy.ids)), min(count - 1, graphs.KEPT))
    found, exact = graph.among(copy.ids, 10), copy.neighbours(10)
    assert found.rows.shape == exact.rows.shape
    np.testing.assert_allclose(found.products, exact.products, atol=SLACK)
    others = (found.rows != exact.rows).sum()  # of equally near ones either may be first
    assert others <= found.rows.size / 1000


def test_of_many_pictures_most_neighbours_are_found_how_many_is_measured_and_the_same_each_time(
    too_large: None,
) -> None:
    copy = in_memory(picture_ids(1500), alike(1500))
    graph = built(copy, unheard)
    exact = copy.neighbours(graphs.KEPT)
    true = np.mean([len(set(a) & set(b)) / graphs.KEPT for a, b in zip(graph.rows, exact.rows, strict=True)])
    assert true > RECALL
    assert graph.recall == pytest.approx(true, abs=0.02)
    again = built(copy, unheard)
    np.testing.assert_array_equal(again.rows, graph.rows)
    np.testing.assert_array_equal(again.products, graph.products)


def test_every_picture_is_in_the_cluster_whose_centre_is_nearest() -> None:
    copy = in_memory(picture_ids(500), alike(500))
    centres, of = clustered(copy, 20, unheard)
    np.testing.assert_array_equal(of, (copy.vectors(list(copy.ids)) @ centres.T).argmax(axis=1))


# Coming and going


def test_what_is_left_out_is_nobodys_neighbour_and_a_new_picture_stands_for_itself() -> None:
    ids, vectors = picture_ids(200), alike(200)
    copy = in_memory(ids, vectors)
    graph = built(copy, unheard)
    some = copy.ids.without(ids[:20])
    found = graph.among(some, 10)
    exact = in_memory(ids[20:], vectors[20:]).neighbours(10)
    np.testing.assert_allclose(found.products, exact.products, atol=SLACK)
    new = graph.among(PictureIds.of([*ids, "f" * 64]), 10)
    assert (new.rows[-1].tolist(), new.products[-1].tolist()) == ([200] * 10, [0] * 10)
    assert 200 not in new.rows[:-1]
    few = graph.among(PictureIds.of(ids[:30]), 20)  # so few that lists are too short
    itself = few.rows == np.arange(30)[:, None]
    assert itself.any()
    assert (few.products[itself] == 0).all()


# On disk


def test_a_graph_is_there_after_a_restart_and_follows_the_vectors(tmp_path: Path) -> None:
    ids, vectors = picture_ids(220), alike(220)
    index = StoredIndex(tmp_path, "enc-1", DIMENSION)
    index.write(ids[:200], vectors[:200])
    assert index.graph.newest() is None
    index.graph.bring_up_to_date(unheard)
    index.write(ids[200:], vectors[200:])
    index.delete(ids[:3])
    again = StoredIndex(tmp_path, "enc-1", DIMENSION)
    old = again.graph.newest()
    assert len(old.ids) == 200
    graph, made = again.graph.bring_up_to_date(unheard), again.graph.made()
    assert (made.version, made.pictures) == (again.version, 217)
    snapshot = again.snapshot()
    assert_true(graph, snapshot.vectors(list(snapshot.ids)), graphs.KEPT)


FILES = ["ids.npy", "rows.npy", "products.npy", "made"]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("place", [0, 0.5, 1])
def test_sixteen_changed_bytes_have_it_made_again(tmp_path: Path, name: str, place: float) -> None:
    copy = in_memory(picture_ids(50), alike(50))
    whole = built(copy, unheard)
    KeptGraph(tmp_path / "enc-1.graph", lambda: copy).bring_up_to_date(unheard)
    (file,) = tmp_path.glob(f"*/*/{name}")
    with file.open("r+b") as content:
        content.seek(int((file.stat().st_size - 16) * place))
        content.write(b"sixteen of bytes")
    again = KeptGraph(tmp_path / "enc-1.graph", lambda: copy)
    assert again.newest() is None
    np.testing.assert_array_equal(again.bring_up_to_date(unheard).rows, whole.rows)


def test_purging_leaves_nothing_of_a_picture_on_disk(tmp_path: Path) -> None:
    ids, vectors = picture_ids(120), alike(120)
    index = StoredIndex(tmp_path, "enc-1", DIMENSION)
    index.write(ids, vectors)
    index.graph.bring_up_to_date(unheard)
    assert (index.purge(ids[:1]), index.purge(ids[:1])) == (1, 0)
    assert not any(ids[0].encode() in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


def test_stopping_leaves_the_graph_of_before(tmp_path: Path) -> None:
    copies = [in_memory(picture_ids(n), alike(n), version=str(n)) for n in (50, 5000)]
    kept = KeptGraph(tmp_path / "enc-1.graph", lambda: copies[0])
    kept.bring_up_to_date(unheard)

    def stop(done: int, of: int) -> None:
        raise StorageError("stopped")

    again = KeptGraph(tmp_path / "enc-1.graph", lambda: copies[1])
    with pytest.raises(StorageError):
        again.bring_up_to_date(stop)
    graph = again.newest()
    assert graph.version == "50"


KILLED = f"""
import os, sys
from pathlib import Path
from storage.vectors import graph, stored
graph.Made = lambda **made: os.kill(os.getpid(), 9)  # before what says that all are whole
stored.StoredIndex(Path(sys.argv[1]), "enc-1", {DIMENSION}).graph.bring_up_to_date(print)
"""


def test_killed_in_the_middle_of_writing_the_next_one_makes_it(tmp_path: Path) -> None:
    ids, vectors = picture_ids(300), alike(300)
    index = StoredIndex(tmp_path, "enc-1", DIMENSION)
    index.write(ids, vectors)
    index.snapshot()
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=Path(__file__).parents[2])
    assert killed.returncode == -signal.SIGKILL
    assert index.graph.newest() is None
    graph = index.graph.bring_up_to_date(unheard)
    snapshot = index.snapshot()
    assert_true(graph, snapshot.vectors(list(snapshot.ids)), graphs.KEPT)
    assert len(list((tmp_path / "enc-1.graph").iterdir())) == 1  # what the killed one left is gone


# The map


def no_step(done: int, of: int) -> None:
    raise AssertionError("nothing has changed")


def kinds(count: int) -> tuple[VectorReader, NDArray[np.int64]]:
    """So many pictures of six kinds, and of which kind each is."""
    kind = np.arange(count) % 6
    centres = np.random.default_rng(5).standard_normal((6, DIMENSION))
    raw = centres[kind] + 0.3 * np.random.default_rng(6).standard_normal((count, DIMENSION))
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


@pytest.mark.parametrize("count", [0, 1, 2, 3, 17])
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
    assert gone.encode() not in set(left.ids.tolist())
    assert gone.encode() not in (tmp_path / "x.map").read_bytes()
    (tmp_path / "x.map").write_bytes(b"damaged")
    assert KeptMap(tmp_path / "x.map").newest() is None
    assert len(KeptMap(tmp_path / "x.map").draw(copy, graph, unheard).ids) == 60
