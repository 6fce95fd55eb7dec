"""Which pictures look alike is worked out by a job, kept, read by what asks, and forgotten with them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from concepts.learning.base import NeighbourGraph
from concepts.library import neighbourhood
from concepts.library.collection import collection_of
from concepts.library.neighbourhood import Neighbourhood, neighbourhood_of
from concepts.library.upkeep import (
    find_neighbours,
    keep_up,
    neighbours_report,
    tidy_vectors,
    vectors_on_disk,
)
from concepts.results.library import browse, look_after
from concepts.results.trash import empty_trash, put_into_trash
from concepts.use_cases import App
from concepts.use_cases.handles import DECLARED
from storage.vectors.reader import VectorReader


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library of 90 pictures is too large to compare all on the spot."""
    monkeypatch.setattr(neighbourhood, "QUICK", 10)
    monkeypatch.setattr(neighbourhood, "LARGEST", 20)
    monkeypatch.setattr("concepts.library.upkeep.QUICK", 10)


def assert_exact(graph: NeighbourGraph | None, vectors: VectorReader) -> None:
    assert graph.cosine == pytest.approx(vectors.neighbours(graph.rows.shape[1]).products, abs=1e-6)


def test_the_report_says_how_many_were_compared_and_what_is_new(bench: App) -> None:
    before = neighbours_report(bench)
    assert (before.pictures, before.of, before.recall) == (0, 91, None)
    done = look_after(bench, only="neighbours").wait()
    assert (done.pictures, done.recall) == (91, 1)
    assert neighbours_report(bench).is_current
    gone = browse(bench, limit=1).pictures[0].id
    collection_of(bench).stored().delete([gone])
    assert not neighbours_report(bench).is_current
    assert look_after(bench, only="neighbours").wait().pictures == 90


def test_a_library_too_large_for_the_spot_is_ranked_by_what_a_job_made(bench: App, large: None) -> None:
    vectors = collection_of(bench).index()
    neighbours = neighbourhood_of(bench)
    assert not neighbours.fits(vectors)
    assert neighbours.at_once(vectors) is None
    assert neighbours.graph(vectors) is None
    look_after(bench, only="neighbours").wait()
    assert neighbours.fits(vectors)
    assert neighbours.at_once(vectors) is None  # begun aside
    graph = neighbours.graph(vectors)
    assert neighbours.at_once(vectors) is graph
    assert_exact(graph, vectors)
    put_into_trash(bench, pictures=[browse(bench, limit=1).pictures[0].id], author="me")
    vectors = collection_of(bench).index()
    assert_exact(neighbours.graph(vectors), vectors)  # what is in the bin is nobody's neighbour
    done = bench.begin(empty_trash, author="me").wait()
    assert (done.vectors, done.tables) == (1, 1)
    assert collection_of(bench).stored().graph.newest() is None  # and no graph is left with it


def test_a_small_part_of_the_library_is_compared_by_itself(
    bench: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbourhood, "QUICK", 5)
    look_after(bench, only="neighbours").wait()
    put_into_trash(bench, pictures=[*[p.id for p in browse(bench, limit=75).pictures]], author="me")
    vectors = collection_of(bench).index()
    assert_exact(Neighbourhood(lambda: collection_of(bench).stored().graph).graph(vectors), vectors)


def test_where_jobs_run_what_is_missing_is_asked_for(
    bench: App, large: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(type(bench.jobs), "is_started", True)
    monkeypatch.setattr(bench.jobs, "submit", asked.append)
    keep_up(bench)
    bench.jobs.run(DECLARED[find_neighbours].job())
    keep_up(bench)
    assert asked == [DECLARED[find_neighbours].job()]
    monkeypatch.setattr("storage.vectors.stored.SPARE", -(10**9))
    keep_up(bench)
    assert asked[1:] == [DECLARED[tidy_vectors].job()]


def test_tidying_removes_older_states_and_changes_nothing_that_is_read(
    bench: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = collection_of(bench).stored()
    ids = list(stored.ids)
    vectors = stored.snapshot().vectors(ids)
    for _ in range(3):
        stored.write(ids, vectors)
    monkeypatch.setattr("storage.vectors.table.KEEP_VERSIONS", timedelta(0))
    done = look_after(bench, only="tidy").wait()
    assert done.after < done.before
    used = vectors_on_disk(bench)
    assert used.table + used.copied + used.graph + used.others == done.after
    assert (stored.snapshot().vectors(ids) == vectors).all()
