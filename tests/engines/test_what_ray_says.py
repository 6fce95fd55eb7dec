"""What goes wrong with Ray is told and mended, with a simulated Ray: its actors are objects of this process
that answer at once, and a cluster that is begun again forgets them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from engine_work import Roots

from concepts.errors import EngineError
from concepts.jobs import on_ray
from concepts.jobs.on_ray import RayEngine

BATCHES = [[1], [2], [3]]


class Pipeline:
    """As `concepts.jobs.on_ray._Pipeline`: all its batches, one after the other."""

    def begin(self, work: Roots, batches: list[list[int]], workers: int, gpus: float) -> None:
        do = work.begin()
        self._rows = iter([(number, do(batch)) for number, batch in enumerate(batches)])

    def next(self) -> tuple[int, Any] | None:
        return next(self._rows, None)


class EndsEarly(Pipeline):
    def begin(self, work: Roots, batches: list[list[int]], workers: int, gpus: float) -> None:
        super().begin(work, batches[:1], workers, gpus)


class CannotBegin(Pipeline):
    def begin(self, work: Roots, batches: list[list[int]], workers: int, gpus: float) -> None:
        raise RuntimeError("\x1b[36mray::begin\x1b[39m\nValueError: no room for workers\n^^^^\n  \n")


class SimulatedRay:
    """`cluster` counts the clusters that there were; `actors` those that were begun."""

    def __init__(self) -> None:
        self.cluster = 0
        self.actors = 0
        self._connected_to: int | None = None

    def init(self, address: str, **options: Any) -> None:
        assert not self.is_initialized(), "Ray Client is already connected."
        self._connected_to = self.cluster

    def shutdown(self) -> None:
        self._connected_to = None

    def is_initialized(self) -> bool:
        return self._connected_to is not None

    def cluster_resources(self) -> dict[str, float]:
        self._reach(self.cluster)
        return {"CPU": 2.0}

    def remote(self, **options: Any) -> Callable[[type], Any]:
        return lambda kind: SimpleNamespace(remote=lambda: self._actor(kind(), self.cluster))

    def wait(self, answers: list[Any], timeout: float) -> tuple[list[Any], list[Any]]:
        return answers, []

    def get(self, answer: Callable[[], Any]) -> Any:
        return answer()

    def kill(self, actor: Any) -> None: ...

    def _actor(self, one: Any, cluster: int) -> Any:
        self.actors += 1

        def method(name: str) -> Any:
            def asked(*arguments: Any) -> Callable[[], Any]:
                self._reach(cluster)
                return lambda: getattr(one, name)(*arguments)

            return SimpleNamespace(remote=asked)

        return SimpleNamespace(begin=method("begin"), next=method("next"))

    def _reach(self, cluster: int) -> None:
        if not self._connected_to == cluster == self.cluster:
            raise ConnectionError("The client has been disconnected.")


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> SimulatedRay:
    simulated = SimulatedRay()
    monkeypatch.setitem(sys.modules, "ray", simulated)
    monkeypatch.setattr(on_ray, "_Pipeline", Pipeline)
    return simulated


@pytest.fixture
def engine(ray: SimulatedRay) -> Iterator[RayEngine]:
    engine = RayEngine("ray://a.cluster:10001")
    yield engine
    engine.close()


def numbers(engine: RayEngine) -> list[list[int]]:
    return [found[1] for found in engine.map(Roots(), BATCHES)]


def test_why_a_pipeline_cannot_begin_is_told(engine: RayEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_ray, "_Pipeline", CannotBegin)
    with pytest.raises(EngineError, match="ValueError: no room for workers"):
        numbers(engine)


def test_a_pipeline_that_ends_early_is_an_error_and_not_the_end(
    engine: RayEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_ray, "_Pipeline", EndsEarly)
    with pytest.raises(EngineError, match="batch 1 is missing"):
        numbers(engine)


def test_a_cluster_that_was_begun_again_is_connected_to_again(engine: RayEngine, ray: SimulatedRay) -> None:
    for clusters in range(3):
        ray.cluster = clusters
        assert numbers(engine) == numbers(engine) == BATCHES
    assert ray.actors == 3


def test_an_actor_that_ended_while_it_idled_is_replaced(engine: RayEngine, ray: SimulatedRay) -> None:
    assert numbers(engine) == BATCHES
    ray.cluster += 1
    other = RayEngine("ray://a.cluster:10001")  # it connects this process again
    assert numbers(other) == BATCHES
    assert numbers(engine) == BATCHES
    other.close()
    assert ray.is_initialized()


@pytest.mark.parametrize("message", ["", " \n", "----\n)\n"])
def test_an_error_without_a_word_is_told_by_its_kind(message: str) -> None:
    with pytest.raises(EngineError, match="RuntimeError"), on_ray._told():
        raise RuntimeError(message)
