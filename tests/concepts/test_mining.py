"""Queries and examples → a diverse pool of candidates; of a large library, what is asked about."""

from __future__ import annotations

import tracemalloc
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from synthetic import in_memory

from concepts.encoders.base import unit
from concepts.labelling import selection
from concepts.labelling.mining import Candidate, Probe, choose_candidates
from concepts.learning.base import LinearHead, Prototypes
from storage.vectors.ids import ID_TYPE, encoded
from storage.vectors.reader import VectorReader


def named(number: int) -> str:
    return f"{number:064x}"


class Groups:
    """Groups of look-alikes as the library has them: number → group, each named by one of its pictures."""

    def __init__(self, group: Sequence[int] = ()) -> None:
        self._members = defaultdict(list)
        for number, key in enumerate(group):
            self._members[key].append(named(number))
        self._group = {i: members[0] for members in self._members.values() for i in members}

    def near_groups(self, picture_ids: Sequence[str]) -> list[str]:
        return [self._group.get(i, i) for i in picture_ids]

    def members(self, groups: Iterable[str]) -> set[str]:
        wanted = set(groups)
        return {i for i, group in self._group.items() if group in wanted}


ALONE = Groups()


def index_of(vectors: NDArray[np.floating]) -> VectorReader:
    return in_memory([named(number) for number in range(len(vectors))], vectors)


def library(
    n: int = 600, d: int = 16, kinds: int = 12, seed: int = 0
) -> tuple[VectorReader, dict[str, int], NDArray[np.float32]]:
    """Vectors around the centres of kinds, the kind of each picture, and the centres."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(kinds, d))
    kind = rng.integers(0, kinds, n)
    index = index_of(unit(centres[kind] + rng.normal(0, 0.3, (n, d))))
    return index, {named(number): int(k) for number, k in enumerate(kind)}, unit(centres)


def searched(pool: Sequence[Candidate]) -> list[str]:
    return [picture for picture, brought_by in pool if brought_by != ["random"]]


def test_a_candidate_remembers_what_brought_it_and_a_fifth_is_random_and_spread() -> None:
    index, kind, centres = library()
    probes = [Probe("dogs", centres[0]), Probe("hounds", centres[0]), Probe("cats", centres[1])]
    pool = choose_candidates(index, ALONE, probes, (), 100, 0)
    brought_by = dict(pool)
    dogs = [i for i in searched(pool) if kind[i] == 0]
    assert dogs
    assert all({"dogs", "hounds"} <= set(brought_by[i]) for i in dogs)
    random = [brought_by == ["random"] for _, brought_by in pool]
    assert (len(pool), sum(random)) == (100, 20)
    assert all(3 <= sum(random[i : i + 25]) <= 7 for i in range(0, 100, 25))


def test_the_first_of_the_pool_are_not_near_copies_of_each_other() -> None:
    index, kind, centres = library(n=2000)
    query = unit(centres[0] + 0.9 * centres[1] + 0.8 * centres[2] + 0.7 * centres[3])
    first = searched(choose_candidates(index, ALONE, [Probe("pets", query)], (), 200, 0))[:20]
    nearest = [i for i, _ in index.search(query[None], 20)[0]]
    assert len({kind[i] for i in first}) > len({kind[i] for i in nearest})


@settings(max_examples=40)
@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=80),
    st.sets(st.integers(0, 79), max_size=20),
    st.integers(0, 60),
    st.integers(0, 3),
    st.integers(0, 3),
)
def test_no_group_comes_twice_and_no_excluded_group_at_all(
    groups: list[int], out: set[int], size: int, queries: int, seed: int
) -> None:
    group = {named(number): key for number, key in enumerate(groups)}
    excluded = {named(number) for number in out if number < len(groups)}
    rng = np.random.default_rng(seed)
    index = index_of(unit(rng.normal(size=(len(groups), 6))))
    probes = [Probe(f"query {i}", unit(rng.normal(size=6))) for i in range(queries)]
    pool = choose_candidates(index, Groups(groups), probes, excluded, size, seed)
    came = [group[picture] for picture, _ in pool]
    assert len(came) == len(set(came))
    assert not set(came) & {group[i] for i in excluded}
    assert len(came) == min(size, len(set(groups) - {group[i] for i in excluded}))
    assert pool == choose_candidates(index, Groups(groups), probes, excluded, size, seed)


def test_a_memory_mapped_library_is_never_read_whole(tmp_path) -> None:
    n, d = 200_000, 64
    kept = np.lib.format.open_memmap(tmp_path / "vectors.npy", "w+", np.float16, (n, d))
    rng = np.random.default_rng(0)
    for start in range(0, n, 20_000):
        kept[start : start + 20_000] = rng.normal(size=(20_000, d))
    mapped = np.load(tmp_path / "vectors.npy", mmap_mode="r")
    ids = np.array([named(number) for number in range(n)], dtype=ID_TYPE)
    probes = [Probe(str(i), rng.normal(size=d)) for i in range(5)]
    few = VectorReader("1", ids[:1000], mapped[:1000])
    choose_candidates(few, ALONE, probes, (), 100, 0)  # imports sklearn before memory is traced
    tracemalloc.start()
    pool = choose_candidates(VectorReader("1", ids, mapped), ALONE, probes, (), 500, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(pool) == 500
    assert peak < 20e6  # the library as float32 is 51 MB, and float16 25 MB


@pytest.mark.parametrize("bias", [-0.3, 0.0, 0.3])
def test_in_a_large_library_the_likeliest_and_the_borderline_are_looked_at(
    monkeypatch: pytest.MonkeyPatch, bias: float
) -> None:
    monkeypatch.setattr(selection, "LIKELY", 200)
    rng = np.random.default_rng(0)
    vectors = unit(rng.normal(size=(4000, 8))).astype(np.float16)
    index = VectorReader("v", encoded([named(n) for n in range(4000)]), vectors)
    beside = Prototypes(*(0.3 * unit(rng.normal(size=(n, 8))).astype(np.float32) for n in (3, 5)))
    head = LinearHead("", unit(rng.normal(size=8)), bias, prototypes=beside)
    exact, some = head.scores(index), selection.promising(index, head)
    assert len(some) <= 2 * 200 + 20
    assert some.top(20) == exact.top(20)
    assert max(abs(score) for _, score in some.nearest(0.0, 20)) < 0.15
    every = dict(exact.top(4000))
    for one, score in some.top(len(some)):
        assert score == pytest.approx(every[one], abs=1e-6)  # the last bits hang on how many are multiplied
