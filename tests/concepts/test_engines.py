"""Batches worked on in this process or by a local Ray of two workers: the same comes of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawing import draw_folder
from engine_work import OneBadFile, Roots, load_colours
from hypothesis import given
from hypothesis import strategies as st
from not_run import not_run

from concepts.annotators.setups import Setup
from concepts.errors import CancelledError, EngineError, OtherEncoderError
from concepts.jobs.engines import Engine, InProcess, engine_of, nothing
from concepts.library import looking
from concepts.library.looking import Look
from concepts.library.staging import ToStaging, packed, unpacked
from concepts.settings import load_settings
from concepts.workbench import Lent, Workbench
from storage.adding import PictureFacts
from storage.pictures.decoding import decode
from storage.pictures.files import SkippedFile, Source
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


def killed_while_adding(
    bench: Workbench, pictures: Path, count: int, seconds: float
) -> tuple[dict[str, Any], set[int]]:
    """What came of adding, and the worker that was killed once `count` files were kept. `seconds`: what every
    batch takes."""
    cache = bench.context.settings.cache
    cache.mkdir(parents=True, exist_ok=True)
    (cache / "slow").write_text(str(seconds))
    killed: set[int] = set()

    def listen(done: int, total: int | None, message: str) -> None:
        workers = {int(file.name) for file in (cache / "processes").glob("*")} - {os.getpid()}
        if done >= count and workers and not killed:
            killed.add(max(workers))
            os.kill(max(workers), signal.SIGKILL)

    added = bench.pictures.add_pictures([pictures], listener=listen)
    return added.model_dump(), killed


def test_a_worker_that_is_killed_takes_nothing_along(
    on_ray: Engine, open_on: Callable[..., Workbench], pictures: Path
) -> None:
    undisturbed, disturbed = open_on(InProcess(), "here"), open_on(on_ray, "killed")
    undisturbed.pictures.add_pictures([pictures])
    added, killed = killed_while_adding(disturbed, pictures, 1, 0.3)
    assert killed
    assert (added["added"], added["embedded"], added["duplicates"]) == (200, 200, 1)
    assert_same(disturbed, undisturbed)


@pytest.mark.slow
def test_a_worker_killed_amid_two_thousand_pictures_takes_nothing_along(
    on_ray: Engine, open_on: Callable[..., Workbench], tmp_path: Path
) -> None:
    many = draw_folder(tmp_path / "many", 2000)
    undisturbed, disturbed = open_on(InProcess(), "here"), open_on(on_ray, "killed")
    undisturbed.pictures.add_pictures([many])
    added, killed = killed_while_adding(disturbed, many, 500, 0.05)
    assert killed
    assert (added["added"], added["embedded"]) == (2000, 2000)
    assert_same(disturbed, undisturbed)


def test_a_cancelled_job_ends_and_goes_on_where_it_was(
    on_ray: Engine, open_on: Callable[..., Workbench], pictures: Path
) -> None:
    bench = open_on(on_ray, "cancelled")
    home, slow = bench.context.settings.home, bench.context.settings.cache / "slow"
    slow.parent.mkdir(parents=True)
    slow.write_text("0.3")

    def listen(done: int, total: int | None, message: str) -> None:
        if list(home.glob("staging/*/*.arrow")):  # in the middle of it
            bench.jobs.store.cancel(bench.jobs.store.recent()[0].id)

    with pytest.raises(CancelledError):
        bench.pictures.add_pictures([pictures], listener=listen)
    assert bench.jobs.store.recent()[0].state == "cancelled"
    assert bench.context.collection.library.counts().pictures < 200
    slow.unlink()
    whole = open_on(InProcess(), "here")
    whole.pictures.add_pictures([pictures])
    bench.pictures.add_pictures([pictures])
    assert_same(bench, whole)


# Staging, without Ray


class BreaksOff(NextDoor):
    """Ends when it has given the results of three batches."""

    def map(
        self, work: Any, batches: Any, waiting: Callable[[], None] = nothing
    ) -> Generator[Any, None, None]:
        for number, result in enumerate(super().map(work, batches, waiting), 1):
            yield result
            if number == 3:
                raise EngineError("the cluster is gone")


def test_what_is_staged_is_not_looked_at_again_and_merged_once(
    open_on: Callable[..., Workbench], pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    monkeypatch.setattr(looking, "decode", lambda data, **how: looked.append(1) or decode(data, **how))
    bench = open_on(BreaksOff(), "broken off")
    with pytest.raises(EngineError):
        bench.pictures.add_pictures([pictures])
    assert list(bench.context.settings.home.glob("staging/*/*.arrow"))
    before = len(looked)
    bench.context.collection.engine = NextDoor()
    bench.pictures.add_pictures([pictures])
    anew = len(looked) - before
    whole = open_on(InProcess(), "whole")
    whole.pictures.add_pictures([pictures])
    assert anew < len(looked) - before - anew
    assert_same(bench, whole)
    assert not list(bench.context.settings.home.glob("staging/*/*.arrow"))


def test_looked_at_elsewhere_what_is_known_or_refused_is_told_apart_as_here(
    open_on: Callable[..., Workbench], pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "more").mkdir()
    for name in ("ellipse-0000.png", "ellipse-0003.png"):
        (tmp_path / "more" / f"also-{name}").write_bytes((pictures / name).read_bytes())
    said = []
    for engine, name in ((InProcess(), "here"), (NextDoor(), "next door")):
        bench = open_on(engine, name)
        bench.pictures.add_pictures([pictures])
        gone = bench.pictures.id_of(str(pictures / "ellipse-0003.png"))
        bench.removing.remove([gone], author="me")
        bench.removing.empty_bin(author="me", refuse=True)
        added = bench.pictures.add_pictures([tmp_path / "more"])
        said.append((added.added, added.duplicates, added.removed_before, vectors_of(bench)[0]))
        assert not bench.context.collection.thumbnails.exists(gone)
    assert said[0] == said[1]
    assert said[0][:3] == (0, 1, 1)


looks = st.one_of(
    st.builds(
        SkippedFile, st.text(), st.sampled_from(["missing", "truncated"]), st.text(), st.integers(0, 2**40)
    ),
    st.builds(
        Look,
        st.builds(Source, st.text(min_size=1), st.integers(0, 2**40), st.integers(0, 2**62)),
        st.one_of(
            st.text("0123456789abcdef", min_size=64, max_size=64),
            st.builds(
                PictureFacts,
                st.text("0123456789abcdef", min_size=64, max_size=64),
                st.integers(0, 2**40),
                st.sampled_from(["JPEG", "PNG"]),
                st.integers(1, 70000),
                st.integers(1, 70000),
                st.none() | st.text("0123456789abcdef", min_size=16, max_size=16),
                st.integers(-1, 2**40),
            ),
        ),
        thumbnail=st.none() | st.binary(min_size=1),
    ),
)


@given(st.lists(looks, max_size=5))
def test_a_fragment_holds_what_was_put_in(some: list[Look | SkippedFile]) -> None:
    assert unpacked(packed(some)) == some


def test_a_worker_that_does_not_see_the_folder_sends_its_looks(tmp_path: Path) -> None:
    # Nothing is marked there: as on a computer with other disks.
    fragment = ToStaging(OneBadFile(), tmp_path, "a mark").begin()([1])
    assert fragment.content is not None
    assert unpacked(fragment.content) == [SkippedFile("a", "missing", "")]
    assert list(tmp_path.iterdir()) == []


# What else engines are for


def test_embedding_again_on_ray_gives_the_same_vectors(
    on_ray: Engine, open_on: Callable[..., Workbench], pictures: Path
) -> None:
    here, there = open_on(InProcess(), "here"), open_on(on_ray, "there")
    for bench in (here, there):
        bench.context.collection.engine = InProcess()
        bench.pictures.add_pictures([pictures])
    there.context.collection.engine = on_ray
    assert [bench.pictures.reembed("other").embedded for bench in (here, there)] == [200, 200]
    assert there.context.collection.recorded().name == "other"
    assert_same(there, here)


def test_the_annotator_that_asks_nobody_says_the_same_on_ray_and_costs_nothing(
    on_ray: Engine, open_on: Callable[..., Workbench], pictures: Path
) -> None:
    said = []
    for engine, name in ((InProcess(), "here"), (on_ray, "there")):
        bench = open_on(engine, name)
        bench.context.collection.engine = InProcess()
        bench.pictures.add_pictures([pictures])
        bench.context.collection.engine = engine
        concept = bench.definitions.create_concept(NAME, "A filled ellipse, not a rectangle.")
        bench.definitions.mine(NAME)
        result = bench.annotations.annotate(NAME, setup=Setup("builtin"))
        stored = bench.context.store.ratings(bench.context.concept(NAME).id)
        kept = bench.context.store.annotations(
            bench.context.concept(NAME).id, [one.picture_id for one in stored]
        )
        said.append({one.picture_id: (one.rating, one.rationale, one.evidence) for one in kept})
        assert (result.calls, result.failed) == (0, [])
        assert concept is not None
    assert said[0] == said[1]
    assert said[0]
