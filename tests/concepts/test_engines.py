"""Batches worked on in this process or by a local Ray of two workers: the same comes of it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawing import draw_folder
from engine_work import Roots, load_colours
from not_run import not_run

from concepts.errors import CancelledError, EngineError, OtherEncoderError
from concepts.jobs.engines import Engine, InProcess, engine_of
from concepts.settings import Settings, load_settings
from concepts.workbench import Lent, Workbench
from storage.vectors.protocol import VectorReader

BATCHES = [[number, number + 1] for number in range(0, 24, 2)]
NAME = "Round thing"


@pytest.fixture(scope="module")
def ray() -> Iterator[Engine | str]:
    """A Ray of this module's own, on the loopback interface, or why there is none."""
    if find_spec("ray") is None:
        yield "The package ray is not installed: pip install -r requirements-ray.txt."
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_OVERRIDE_RESOURCES", '{"CPU": 2}')
        engine = engine_of("ray")
        try:
            list(engine.map(Roots(), BATCHES[:2]))
        except EngineError as error:
            yield str(error)
            return
        yield engine
        engine.close()


@pytest.fixture
def on_ray(ray: Engine | str) -> Engine:
    if isinstance(ray, str):
        not_run("work on Ray", ray)
    return ray


@pytest.fixture(params=["in process", "ray"])
def engine(request: pytest.FixtureRequest) -> Engine:
    return InProcess() if request.param == "in process" else request.getfixturevalue("on_ray")


class NextDoor(InProcess):
    """This process, as if it were another."""

    is_elsewhere = True


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 drawings, one that is another's twin and one that is none."""
    folder = draw_folder(tmp_path_factory.mktemp("drawn") / "pictures", 200)
    (folder / "twin.png").write_bytes((folder / "ellipse-0000.png").read_bytes())
    (folder / "torn.png").write_bytes((folder / "ellipse-0003.png").read_bytes()[:200])
    return folder


@pytest.fixture
def open_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Workbench]]:
    """A Workbench with an empty library of its own and this engine."""
    opened: list[Workbench] = []

    def open_it(engine: Engine, name: str) -> Workbench:
        monkeypatch.setattr("concepts.workbench.context.engine_of", lambda setting: engine)
        bench = Workbench(load_settings(home=tmp_path / name), Lent(load=load_colours))
        opened.append(bench)
        return bench

    yield open_it
    for bench in opened:
        bench.context.jobs.stop()
        bench.context.database.close()


def vectors_of(bench: Workbench) -> tuple[list[str], np.ndarray[Any, Any]]:
    index: VectorReader = bench.context.collection.index().snapshot()
    ids = list(index.ids)
    return ids, index.vectors(ids)


def assert_same(bench: Workbench, other: Workbench) -> None:
    ids, vectors = vectors_of(bench)
    others, expected = vectors_of(other)
    assert len(set(ids)) == len(ids)
    assert ids == others
    assert np.array_equal(vectors, expected)


# The contract


def test_results_come_in_order_and_are_those_of_this_process(engine: Engine) -> None:
    expected = [Roots().begin()(batch)[1:] for batch in BATCHES]
    found = list(engine.map(Roots(), BATCHES))
    assert [said[1:] for said in found] == expected
    assert all((process != os.getpid()) == engine.is_elsewhere for process, *_ in found)


def test_nothing_comes_of_nothing(engine: Engine) -> None:
    assert list(engine.map(Roots(), [])) == []


def test_an_error_arrives_as_it_was_with_its_facts(engine: Engine) -> None:
    with pytest.raises(OtherEncoderError, match="“this”") as raised:
        list(engine.map(Roots(refuses=5), BATCHES))
    assert raised.value.asked == "that"


def test_who_waits_is_asked_and_may_end_it(engine: Engine) -> None:
    begun: list[int] = []

    def batches() -> Iterator[list[int]]:
        for number in range(100):
            begun.append(number)
            yield [number]

    def cancelled() -> None:
        raise CancelledError("Enough.")

    with pytest.raises(CancelledError):
        list(engine.map(Roots(slow=1), batches(), cancelled))
    assert len(begun) < 100


# Adding


def test_what_is_added_is_the_same_bit_for_bit(
    engine: Engine, open_on: Callable[..., Workbench], pictures: Path
) -> None:
    here, there = open_on(InProcess(), "here"), open_on(engine, "there")
    expected = here.pictures.add_pictures([pictures])
    told: list[tuple[int, int | None]] = []
    added = there.pictures.add_pictures([pictures], listener=lambda *said: told.append(said[:2]))
    same = ("added", "duplicates", "unchanged", "embedded", "skipped")
    assert {name: getattr(added, name) for name in same} == {name: getattr(expected, name) for name in same}
    assert (added.added, added.duplicates, added.skipped) == (200, 1, {"truncated": 1})
    assert told[-1] == (202, 202)
    assert there.pictures.bad_files() != []
    assert_same(there, here)
    thumbnails = there.context.collection.thumbnails
    assert all(thumbnails.exists(i) for i in vectors_of(there)[0])
    again = there.pictures.add_pictures([pictures])
    assert (again.added, again.unchanged, again.embedded) == (0, 202, 0)
    assert not list((there.context.settings.home).glob("staging/*/*.arrow"))
