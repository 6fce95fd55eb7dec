"""What goes wrong with Ray is told and mended, with a simulated Ray, which works in this process when it is
asked for the result."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from engine_work import Roots

from concepts.errors import CancelledError, EngineError
from concepts.jobs import on_ray
from concepts.jobs.on_ray import RayEngine

BATCHES = [[1], [2], [3]]


class SimulatedRay:
    """`cluster` counts the clusters that there were."""

    def __init__(self) -> None:
        self.cluster = 0
        self.ended: list[Any] = []
        self._connected_to: int | None = None

    def init(self, address: str, **options: Any) -> None:
        assert not self.is_initialized(), "Ray Client is already connected."
        self._connected_to = self.cluster

    def shutdown(self) -> None:
        self._connected_to = None

    def is_initialized(self) -> bool:
        return self._connected_to is not None

    def cluster_resources(self) -> dict[str, float]:
        self._reach()
        return {"CPU": 2.0}

    def put(self, task: Any) -> Any:
        return task

    def remote(self, **options: Any) -> Callable[[Callable[..., Any]], Any]:
        return lambda function: SimpleNamespace(remote=partial(partial, self._performed, function))

    def wait(self, answers: list[Any], timeout: float) -> tuple[list[Any], list[Any]]:
        return answers, []

    def get(self, answer: Callable[[], Any]) -> Any:
        return answer()

    def cancel(self, answer: Any, force: bool) -> None:
        self.ended.append(answer)

    def _performed(self, function: Callable[..., Any], *arguments: Any) -> Any:
        self._reach()
        return function(*arguments)

    def _reach(self) -> None:
        if self._connected_to != self.cluster:
            raise ConnectionError("The client has been disconnected.")


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> SimulatedRay:
    simulated = SimulatedRay()
    monkeypatch.setitem(sys.modules, "ray", simulated)
    return simulated


@pytest.fixture
def engine(ray: SimulatedRay) -> Iterator[RayEngine]:
    engine = RayEngine("ray://a.cluster:10001")
    yield engine
    engine.close()


def numbers(engine: RayEngine) -> list[list[int]]:
    return [found[1] for found in engine.map(Roots(), BATCHES)]


def test_why_work_cannot_be_done_is_told(
    engine: RayEngine, ray: SimulatedRay, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: Any) -> Any:
        raise RuntimeError("\x1b[36mray::begin\x1b[39m\nValueError: no room for workers\n^^^^\n  \n")

    monkeypatch.setattr(ray, "_performed", fails)
    with pytest.raises(EngineError, match="ValueError: no room for workers"):
        numbers(engine)


def test_a_cluster_that_was_begun_again_is_connected_to_again(engine: RayEngine, ray: SimulatedRay) -> None:
    for clusters in range(3):
        ray.cluster = clusters
        assert numbers(engine) == numbers(engine) == BATCHES


def test_workers_that_nobody_waits_for_any_more_are_ended(
    engine: RayEngine, ray: SimulatedRay, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()

    def never(answers: list[Any], timeout: float) -> tuple[list[Any], list[Any]]:
        begun.set()
        return [], answers

    def cancelled() -> None:
        if begun.is_set():
            raise CancelledError("Enough.")

    monkeypatch.setattr(ray, "wait", never)
    with pytest.raises(CancelledError, match="Enough"):
        list(engine.map(Roots(), BATCHES, cancelled))
    assert ray.ended


@pytest.mark.parametrize("message", ["", " \n", "----\n)\n"])
def test_an_error_without_a_word_is_told_by_its_kind(message: str) -> None:
    with pytest.raises(EngineError, match="RuntimeError"), on_ray._told():
        raise RuntimeError(message)
