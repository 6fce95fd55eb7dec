import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concepts.candidates.mining import (
    CHUNK,
    Probe,
    mine,
    nearest,
)
from concepts.encoders.base import unit

NOTHING = np.empty(0, np.int64)


def library(n=600, d=16, kinds=12, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(kinds, d))
    kind = rng.integers(0, kinds, n)
    return unit(centres[kind] + rng.normal(0, 0.3, (n, d))).astype(np.float16), kind, unit(centres)


def test_the_nearest_are_those_of_one_big_matrix_product():
    rng = np.random.default_rng(0)
    vectors = unit(rng.normal(size=(CHUNK + 5000, 8)))
    queries = unit(rng.normal(size=(3, 8)))
    allowed = rng.random(len(vectors)) < 0.5
    for query, rows in zip(queries, nearest(vectors, queries, 50, allowed), strict=True):
        scores = np.where(allowed, vectors @ query, -np.inf)
        assert np.allclose(scores[rows], np.sort(scores)[::-1][:50])


def test_a_candidate_remembers_every_query_that_brought_it():
    vectors, kind, centres = library()
    probes = [Probe("dogs", centres[0]), Probe("hounds", centres[0]), Probe("cats", centres[1])]
    pool = mine(vectors, np.arange(600), probes, NOTHING, 100, 0)
    found = {candidate.row: candidate.brought_by for candidate in pool}
    dogs = [row for row in found if kind[row] == 0 and found[row] != ("random",)]
    assert dogs
    assert all({"dogs", "hounds"} <= set(found[row]) for row in dogs)


def test_a_fifth_is_random_and_spread_evenly():
    vectors, _, centres = library()
    pool = mine(vectors, np.arange(600), [Probe("dogs", centres[0])], NOTHING, 100, 0)
    random = [candidate.brought_by == ("random",) for candidate in pool]
    assert (len(pool), sum(random)) == (100, 20)
    assert all(3 <= sum(random[i : i + 25]) <= 7 for i in range(0, 100, 25))


def test_the_first_of_the_pool_are_not_near_copies_of_each_other():
    vectors, kind, centres = library(n=2000)
    query = unit(centres[0] + 0.9 * centres[1] + 0.8 * centres[2] + 0.7 * centres[3])
    pool = mine(vectors, np.arange(2000), [Probe("pets", query)], NOTHING, 200, 0)
    searched = [candidate.row for candidate in pool if candidate.brought_by != ("random",)]
    by_score = np.argsort(-(vectors.astype(np.float32) @ query))
    assert len(set(kind[searched[:20]])) > len(set(kind[by_score[:20]]))


@settings(max_examples=40)
@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=80),
    st.sets(st.integers(0, 79), max_size=20),
    st.integers(0, 60),
    st.integers(0, 3),
    st.integers(0, 3),
)
def test_no_group_comes_twice_and_no_excluded_group_at_all(groups, out, size, queries, seed):
    group = np.array(groups)
    excluded = np.array(sorted(row for row in out if row < len(group)), dtype=np.int64)
    rng = np.random.default_rng(seed)
    vectors = unit(rng.normal(size=(len(group), 6)))
    probes = [Probe(f"query {i}", unit(rng.normal(size=6))) for i in range(queries)]
    pool = mine(vectors, group, probes, excluded, size, seed)
    came = [int(group[candidate.row]) for candidate in pool]
    assert len(came) == len(set(came))
    assert not set(came) & set(group[excluded].tolist())
    assert len(came) == min(size, len(set(group.tolist()) - set(group[excluded].tolist())))
    assert pool == mine(vectors, group, probes, excluded, size, seed)


def test_a_memory_mapped_library_is_never_read_whole(tmp_path):
    n, d = 200_000, 64
    kept = np.lib.format.open_memmap(tmp_path / "vectors.npy", "w+", np.float16, (n, d))
    rng = np.random.default_rng(0)
    for start in range(0, n, CHUNK):
        kept[start : start + CHUNK] = rng.normal(size=(len(kept[start : start + CHUNK]), d))
    mapped = np.load(tmp_path / "vectors.npy", mmap_mode="r")
    probes = [Probe(str(i), rng.normal(size=d)) for i in range(5)]
    mine(mapped[:1000], np.arange(1000), probes, NOTHING, 100, 0)  # imports sklearn before memory is traced
    tracemalloc.start()
    pool = mine(mapped, np.arange(n), probes, NOTHING, 500, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(pool) == 500
    assert peak < 40e6  # the library as float32 is 51 MB, and float16 25 MB


@pytest.mark.parametrize("size", [0, 1, 5])
def test_small_pools_are_the_size_asked_for(size):
    vectors, _, centres = library()
    assert len(mine(vectors, np.arange(600), [Probe("dogs", centres[0])], NOTHING, size, 0)) == size
