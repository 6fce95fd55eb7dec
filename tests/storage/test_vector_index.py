"""The vector index keeps its promises in any place; exact search and scores are those of brute force."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from s3_service import Service
from synthetic import DIMENSION, contents, in_memory, picture_ids, unit_vectors

from storage.errors import UnknownError
from storage.vectors import reader as readers
from storage.vectors.ids import PictureIds
from storage.vectors.reader import VectorReader
from storage.vectors.stored import StoredIndex
from storage.vectors.tables import BucketTables

IN_BUCKET = "in a bucket"  # too slow a place for the many examples of the tests against brute force


def index_in(folder: Path, dimension: int, bucket: BucketTables | None = None) -> StoredIndex:
    return StoredIndex(folder, "enc-1", dimension, bucket)


def new_bucket(request: pytest.FixtureRequest) -> BucketTables:
    service: Service = request.getfixturevalue("s3")
    return BucketTables(f"s3://{service.new_bucket()}/vectors", lambda name: nullcontext())


@pytest.fixture(params=["in a folder", IN_BUCKET])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> StoredIndex:
    return index_in(tmp_path, DIMENSION, new_bucket(request) if request.param == IN_BUCKET else None)


# Writing


def test_an_id_is_kept_once_with_the_vector_that_was_written_last(index: StoredIndex) -> None:
    ids, vectors = picture_ids(50), unit_vectors(50)
    index.write(ids, vectors)
    before = contents(index)
    index.write(ids[::-1], vectors[::-1])
    assert contents(index) == before
    new, later = picture_ids(1, start=50), unit_vectors(4, seed=2)
    index.write([*new, ids[0], *new, ids[0]], later)
    assert len(index.snapshot().ids) == 51
    found = index.snapshot().vectors([*new, *ids])
    np.testing.assert_array_equal(found, [*later[[2, 3]], *vectors[1:]])


def test_deleted_ids_are_gone_and_unknown_ones_passed_over(index: StoredIndex) -> None:
    ids = picture_ids(10)
    index.write(ids, unit_vectors(10))
    index.delete([*ids[:4], "f" * 64])
    assert list(index.snapshot().ids) == sorted(ids[4:])
    assert not {i for i, _ in index.snapshot().search(unit_vectors(1), 99)[0]} & set(ids[:4])
    before = index.version
    index.delete([])
    assert index.version == before


@pytest.mark.parametrize(
    ("ids", "vectors"),
    [
        (picture_ids(2), unit_vectors(3)),
        (picture_ids(2), unit_vectors(2, dimension=7)),
        (picture_ids(1), np.full((1, DIMENSION), np.nan, np.float32)),
        (picture_ids(1), np.full((1, DIMENSION), 1e6, np.float32)),
    ],
    ids=["rows", "dimension", "nan", "overflow"],
)
def test_what_cannot_be_kept_is_refused(
    index: StoredIndex, ids: list[str], vectors: NDArray[np.float32]
) -> None:
    with pytest.raises(ValueError, match=r"vector|picture id"):
        index.write(ids, vectors)
    assert not len(index.snapshot().ids)


def test_a_snapshot_stays_as_it_was_and_the_version_tells_of_every_change(index: StoredIndex) -> None:
    ids = picture_ids(6)
    versions = [index.version]
    index.write(ids[:5], unit_vectors(5))
    before = index.snapshot()
    assert before.version == index.version == index.snapshot().version
    for change in (
        lambda: index.write(ids[:1], unit_vectors(1, seed=4)),
        lambda: index.write(ids[5:], unit_vectors(1)),
        lambda: index.delete(ids[:2]),
    ):
        versions.append(index.version)
        change()
    assert len({*versions, index.version}) == 5
    assert index.snapshot().version == index.version
    assert contents(before) == contents(in_memory(ids[:5], unit_vectors(5)))
    assert len(index.snapshot().ids) == 4


# Reading: of an index, of arrays in memory, and of a part of either

Fill = Callable[[Path, Sequence[str], NDArray[np.float32]], VectorReader]


def grown(
    folder: Path, ids: Sequence[str], vectors: NDArray[np.float32], bucket: BucketTables | None = None
) -> VectorReader:
    """Written in three pieces, the last first, beside others that are gone, and one of them twice."""
    index = index_in(folder, vectors.shape[1], bucket)
    others = picture_ids(3, start=10_000)
    index.write([*others, *ids[:1]], np.ones((len(others) + len(ids[:1]), vectors.shape[1]), np.float32))
    for part in (slice(len(ids) // 2, None), slice(0, len(ids) // 4), slice(len(ids) // 4, len(ids) // 2)):
        index.write(ids[part], vectors[part])
        index.snapshot()
    index.delete(others)
    return index.snapshot()


def among_others(folder: Path, ids: Sequence[str], vectors: NDArray[np.float32]) -> VectorReader:
    """What is left in the scope of a concept, and out of the trash, of three times as many."""
    n = len(ids)
    others, more = picture_ids(n + 3, start=10_000), picture_ids(n + 3, start=20_000)
    rest = np.ones((2 * n + 6, vectors.shape[1]), np.float32)
    index = index_in(folder, vectors.shape[1])
    index.write([*others, *ids, *more], np.concatenate([rest[: n + 3], vectors, rest[n + 3 :]]))
    return index.snapshot().without(others, "without").within(PictureIds.of(ids), "scope")


READERS: dict[str, Fill] = {
    "grown": grown,
    "among others": among_others,
    "in memory": lambda folder, ids, vectors: in_memory(ids, vectors),
}


@pytest.fixture(params=[*READERS, IN_BUCKET])
def fill(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., VectorReader]:
    if request.param == IN_BUCKET:
        return lambda ids, vectors: grown(tmp_path, ids, vectors, new_bucket(request))
    return lambda ids, vectors: READERS[request.param](tmp_path, ids, vectors)


def test_vectors_come_back_in_the_order_asked_and_what_is_missing_is_named(
    fill: Callable[..., VectorReader],
) -> None:
    ids, vectors = picture_ids(20), unit_vectors(20)
    reader = fill(ids[:18], vectors[:18])
    order = [7, 3, 17, 3]
    np.testing.assert_array_equal(reader.vectors([ids[i] for i in order]), vectors[order])
    assert reader.vectors([]).shape == (0, DIMENSION)
    assert reader.missing([ids[19], ids[1], ids[18], ids[19], "é"]) == [ids[19], ids[18], "é"]
    assert reader.missing([]) == []
    for unknown in ("0" * 64, "f" * 64, "é", "", f"{ids[0]}0"):
        assert reader.missing([unknown]) == [unknown]
        with pytest.raises(UnknownError, match=f"first is {unknown}"):
            reader.vectors([ids[0], unknown])


@pytest.mark.parametrize("most", [readers.MOST_PRODUCTS, 0], ids=["all at once", "batch by batch"])
def test_vectors_and_products_of_all_are_exact_by_id_and_of_the_size_asked(
    fill: Callable[..., VectorReader], monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(readers, "MOST_PRODUCTS", most)
    ids, vectors = picture_ids(2500), unit_vectors(2500)
    reader, columns = fill(ids, vectors), np.random.default_rng(1).standard_normal((DIMENSION, 3))
    assert all(rows.dtype == np.float16 for _, rows in reader.batches(size=1000))
    ordered = vectors[np.argsort(ids)].astype(np.float64)
    for found, expected in (
        (reader.batches(size=1000), ordered),
        (reader.products(columns, 1000), ordered @ columns),
    ):
        of, values = zip(*found, strict=True)
        assert [len(some) for some in values] == [1000, 1000, 500]
        assert [one for some in of for one in some] == sorted(ids)
        np.testing.assert_allclose(np.concatenate(values), expected, atol=1e-12)


def test_an_empty_index_answers_everything(fill: Callable[..., VectorReader]) -> None:
    reader = fill([], np.empty((0, DIMENSION), np.float32))
    assert list(reader.ids) == list(reader.batches()) == list(reader.products(np.ones((DIMENSION, 1)))) == []
    assert reader.search(unit_vectors(2), 5) == [[], []]
    assert reader.search(unit_vectors(1), 5, PictureIds.of(picture_ids(3))) == [[]]
    scores = reader.scores(unit_vectors(1)[0])
    assert (len(scores), scores.values.shape, scores.top(3)) == (0, (0,), [])


def test_scores_are_those_of_one_head_or_of_several(fill: Callable[..., VectorReader]) -> None:
    ids, vectors = picture_ids(2500), unit_vectors(2500)
    reader = fill(ids, vectors)
    weights, bias = np.random.default_rng(1).standard_normal((DIMENSION, 3)), np.array([0.5, -1.0, 2.0])
    expected = vectors[np.argsort(ids)].astype(np.float64) @ weights + bias
    several, one = reader.scores(weights, bias), reader.scores(weights[:, 1], -1.0)
    assert several.values.dtype == one.values.dtype == np.float32
    assert list(one.ids) == sorted(ids)
    np.testing.assert_allclose(several.values, expected, atol=1e-5)
    np.testing.assert_allclose(one.values, expected[:, 1], atol=1e-5)


def test_search_multiplies_exactly(fill: Callable[..., VectorReader]) -> None:
    ids, vectors = picture_ids(3000), unit_vectors(3000)
    query = np.random.default_rng(5).standard_normal(DIMENSION) * 3  # a head's weights, not unit length
    products = vectors.astype(np.float64) @ query
    best = np.argsort(-products)[:10]
    (found,) = fill(ids, vectors).search(query[None], 10)
    assert [i for i, _ in found] == [ids[i] for i in best]
    np.testing.assert_allclose([score for _, score in found], products[best], rtol=1e-12)


def test_twins_are_ordered_by_id_wherever_they_stand(fill: Callable[..., VectorReader]) -> None:
    ids, twin = picture_ids(1503), unit_vectors(1, dimension=301)
    reader = fill(ids, np.repeat(twin, 1503, axis=0))
    (found,) = reader.search(unit_vectors(1, seed=3, dimension=301), 1502)
    assert [i for i, _ in found] == sorted(ids)[:1502]
    assert len({score for _, score in found}) == 1


def test_a_part_says_of_a_picture_outside_what_the_trash_lets_it() -> None:
    (kept, hidden, outside), vectors = picture_ids(3), unit_vectors(3)
    whole = in_memory([kept, hidden, outside], vectors)
    part = whole.without([hidden], "trash").within(PictureIds.of([kept]), "scope")
    assert list(part.ids) == [kept]
    assert part.missing([kept, hidden, outside]) == [hidden]
    np.testing.assert_array_equal(part.vectors([outside, kept]), vectors[[2, 0]])
    with pytest.raises(UnknownError, match="removed from the library"):
        part.vectors([kept, hidden])
    assert [one for one, _ in part.search(vectors, 3, PictureIds.of([kept, hidden, outside]))[1]] == [kept]
    assert len({whole.version, whole.without([hidden], "trash").version, part.version}) == 3


# Against brute force


@contextmanager
def made(name: str, ids: Sequence[str], vectors: NDArray[np.float32]) -> Iterator[VectorReader]:
    with tempfile.TemporaryDirectory() as folder:
        yield READERS[name](Path(folder), ids, vectors)


def few_values(count: int, seed: int) -> NDArray[np.float32]:
    """At most unit length and often the same, so that there are ties."""
    return np.random.default_rng(seed).choice([-0.5, 0.0, 0.5], (count, 4)).astype(np.float32)


def best(
    ids: Sequence[str], scores: NDArray[np.floating], k: int, allowed: set[str] | None
) -> list[tuple[str, float]]:
    pairs = [(i, float(s)) for i, s in zip(ids, scores, strict=True) if allowed is None or i in allowed]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:k]


SEEDS = st.integers(0, 99)
SOME = st.none() | st.sets(st.integers(0, 45), max_size=40)  # the last ones are unknown


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=40)
@given(st.integers(0, 60), st.integers(0, 50), st.integers(0, 3), SEEDS, SOME, st.integers(1, 70))
def test_search_is_brute_force(
    name: str, n: int, k: int, q: int, seed: int, some: set[int] | None, block: int
) -> None:
    ids, vectors, queries = picture_ids(n), few_values(n, seed), few_values(q, seed + 1)
    allowed = None if some is None else {picture_ids(1, place)[0] for place in some}
    with pytest.MonkeyPatch.context() as patched, made(name, ids, vectors) as reader:
        patched.setattr(readers, "BLOCK", block)
        found = reader.search(queries, k, None if allowed is None else PictureIds.of(allowed))
    assert found == [best(ids, vectors.astype(np.float64) @ query, k, allowed) for query in queries]


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=10)
@given(n=st.integers(0, 40), k=st.integers(0, 12), seed=SEEDS)
def test_neighbours_are_brute_force(name: str, n: int, k: int, seed: int) -> None:
    ids, vectors = picture_ids(n), few_values(n, seed)
    with made(name, ids, vectors) as reader:
        known, found = list(reader.ids), reader.neighbours(k)
    assert found.rows.shape == found.products.shape == (n, max(min(k, n - 1), 0))
    for row, picture in enumerate(known):
        products = vectors.astype(np.float64) @ vectors[ids.index(picture)]
        nearest = best(ids, products, k, set(ids) - {picture})
        assert [known[other] for other in found.rows[row]] == [other for other, _ in nearest]
        assert found.products[row].tolist() == [product for _, product in nearest]


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=25)
@given(n=st.integers(0, 40), k=st.integers(0, 50), start=st.integers(0, 45), seed=SEEDS, some=SOME)
def test_top_bottom_and_nearest_are_brute_force(
    name: str, n: int, k: int, start: int, seed: int, some: set[int] | None
) -> None:
    ids, vectors, weights = picture_ids(n), few_values(n, seed), few_values(1, seed + 1)[0]
    allowed = None if some is None else {picture_ids(1, place)[0] for place in some}
    with made(name, ids, vectors) as reader:
        scores = reader.scores(weights, 0.25, None if allowed is None else PictureIds.of(allowed))
    values = vectors @ weights + np.float32(0.25)
    of = dict(zip(ids, values.tolist(), strict=True))
    assert scores.top(k, start) == best(ids, values, start + k, allowed)[start:]
    lowest = best(ids, -values, start + k, allowed)[start:]
    assert scores.bottom(k, start) == [(i, of[i]) for i, _ in lowest]
    near = best(ids, -np.abs(values - np.float32(0.5)), start + k, allowed)[start:]
    assert scores.nearest(0.5, k, start) == [(i, of[i]) for i, _ in near]


# Sets of ids


@settings(max_examples=100)
@given(st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_sets_of_ids_are_sets(one: set[int], other: set[int], third: set[int]) -> None:
    def named(places: set[int]) -> set[str]:
        return {picture_ids(1, place)[0] for place in places}

    ids = PictureIds.of(named(one))
    left = ids.without(named(other))
    again = left.without(PictureIds.of(named(third)))
    assert list(ids) == sorted(named(one))
    assert list(left) == sorted(named(one - other))
    assert list(again) == sorted(named(one - other - third))
    assert len(again) == len(one - other - third)
    everything = picture_ids(31)
    assert {i for i in everything if i in again} == named(one - other - third)
    places = np.arange(len(again))[::-1]
    assert again.at(places) == list(again)[::-1]


def test_what_can_be_no_id_is_in_no_set() -> None:
    (known,) = picture_ids(1)
    ids = PictureIds.of([known, "é", "", known + "0", known])
    assert list(ids) == [known]
    assert [item in ids for item in (known, "é", "", known + "0", 5, None)] == [True] + 5 * [False]
