"""Batches worked on in this process or by a local Ray of two workers: the same comes of it."""

from __future__ import annotations

import copy
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawing import draw_folder
from engine_work import NextDoor, Roots, assert_same, deadly, load_another, load_colours, vectors_of
from images import becomes, free_port
from not_run import not_run

from concepts.collaborator.annotations import annotate
from concepts.errors import CancelledError, EncoderError, EngineError, FingerprintMismatchError
from concepts.jobs.engines import Engine, InProcess, Waiting, nothing
from concepts.labelling.mining import mine
from concepts.library import ingestion
from concepts.library.collection import collection_of
from concepts.library.ingestion import EncoderHandle, embed_or_skip, process, read_files
from concepts.library.upkeep import reembed
from concepts.results.concepts import begin_concept
from concepts.results.library import import_pictures, list_bad_files, picture_count
from concepts.results.trash import empty_trash, put_into_trash
from concepts.rooms import open_app
from concepts.settings import load_settings
from concepts.use_cases import App, SharedResources
from concepts.use_cases.handles import engine_of
from storage.pictures.files import Source

BATCHES = [[number, number + 1] for number in range(0, 24, 2)]
NAME = "Round thing"
Opened = Callable[..., App]


@pytest.fixture(scope="module")
def on_ray() -> Iterator[Engine]:
    """A Ray of this module's own, on the loopback interface. It is begun as by a job: in a thread that ends
    with it."""
    if find_spec("ray") is None:
        not_run("work on Ray", "The package ray is not installed: pip install -r requirements-ray.txt.")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_OVERRIDE_RESOURCES", '{"CPU": 2}')
        engine = engine_of("ray")
        try:
            with ThreadPoolExecutor(1) as job:
                job.submit(lambda: list(engine.map(Roots(), BATCHES[:2]))).result()
        except EngineError as error:
            not_run("work on Ray", str(error))
        yield engine
        engine.close()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 drawings, one that is another's twin and one that is none."""
    folder = draw_folder(tmp_path_factory.mktemp("drawn") / "pictures", 200)
    (folder / "twin.png").write_bytes((folder / "ellipse-0000.png").read_bytes())
    (folder / "torn.png").write_bytes((folder / "ellipse-0003.png").read_bytes()[:200])
    return folder


@pytest.fixture
def open_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """An `App` with an empty library of its own and this engine."""
    opened: list[App] = []

    def open_it(engine: Engine, name: str) -> App:
        monkeypatch.setattr("concepts.use_cases.handles.engine_of", lambda setting: engine)
        bench = open_app(load_settings(home=tmp_path / name), SharedResources(load=load_colours))
        opened.append(bench)
        return bench

    yield open_it
    for bench in opened:
        bench.jobs.stop()
        bench.database.close()


@pytest.fixture(
    params=[
        InProcess,
        pytest.param(NextDoor, marks=pytest.mark.slow),
        pytest.param(None, marks=pytest.mark.slow, id="Ray"),
    ]
)
def engine(request: pytest.FixtureRequest) -> Engine:
    return request.param() if request.param else request.getfixturevalue("on_ray")


# The contract


def test_results_come_in_order_and_are_those_of_this_process(engine: Engine) -> None:
    expected = [Roots()(batch)[1:] for batch in BATCHES]
    found = list(engine.map(Roots(), BATCHES))
    assert [said[1:] for said in found] == expected
    assert all((process == os.getpid()) == isinstance(engine, InProcess) for process, *_ in found)
    assert list(engine.map(Roots(), [])) == []


def test_an_error_arrives_as_it_was_with_its_facts(engine: Engine) -> None:
    with pytest.raises(EncoderError, match="“this”") as raised:
        list(engine.map(Roots(refuses=5), BATCHES))
    assert raised.value.asked == "that"


def test_who_waits_is_asked_and_may_end_it(engine: Engine) -> None:
    begun: list[int] = []

    def hundred() -> Iterator[list[int]]:
        for number in range(100):
            begun.append(number)
            yield [number]

    def cancelled() -> None:
        raise CancelledError("Enough.")

    with pytest.raises(CancelledError):
        list(engine.map(Roots(slow=1), hundred(), cancelled))
    assert len(begun) < 100


# Adding


def test_what_is_added_is_the_same_bit_for_bit(engine: Engine, open_on: Opened, pictures: Path) -> None:
    here, there = open_on(InProcess(), "here"), open_on(engine, "there")
    expected = import_pictures(here, [pictures]).wait()
    told: list[tuple[int, int | None]] = []
    added = import_pictures(there, [pictures]).wait(lambda *said: told.append(said[:2]))
    same = ("added", "duplicates", "unchanged", "embedded", "skipped")
    assert {name: getattr(added, name) for name in same} == {name: getattr(expected, name) for name in same}
    assert (added.added, added.duplicates, added.skipped) == (200, 1, {"truncated": 1})
    assert told[-1] == (202, 202)
    assert list_bad_files(there) != []
    assert_same(there, here)
    thumbnails = collection_of(there).thumbnails
    assert all(thumbnails.exists(i) for i in vectors_of(there)[0])
    again = import_pictures(there, [pictures]).wait()
    assert (again.added, again.unchanged, again.embedded) == (0, 202, 0)


@pytest.mark.parametrize("held", [ingestion.HELD_BYTES, 1], ids=["asked about together", "one by one"])
def test_only_what_is_new_is_decoded(
    open_on: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    """Known ones, refused ones, a broken one and new ones in turn, in one batch."""
    monkeypatch.setattr(ingestion, "HELD_BYTES", held)
    decoded: list[int] = []
    real = ingestion.decoded
    monkeypatch.setattr(ingestion, "decoded", lambda data, **how: decoded.append(1) or real(data, **how))
    bench = open_on(NextDoor(), "here")
    drawn = sorted(draw_folder(tmp_path / "drawn", 12).iterdir())
    import_pictures(bench, drawn[::2]).wait()
    gone = [collection_of(bench).library.resolve(str(file)) for file in drawn[::4]]
    put_into_trash(bench, pictures=[*gone], author="me")
    bench.begin(empty_trash, author="me", refuse=True).wait()
    broken = tmp_path / "drawn" / "ellipse-0003-broken.png"
    broken.write_bytes(drawn[1].read_bytes()[:100])
    decoded.clear()
    elsewhere = (tmp_path / "drawn").rename(tmp_path / "moved")
    added = import_pictures(bench, [elsewhere]).wait()
    assert (added.added, added.duplicates, added.removed_before) == (6, 3, 3)
    assert added.skipped == {"truncated": 1}
    assert len(decoded) == 7
    assert picture_count(bench) == 9
    assert not any(map(collection_of(bench).thumbnails.exists, gone))


class FarAhead(InProcess):
    """Asks for all batches before it works on the first, as engines with many workers nearly do."""

    def map(self, task: Callable[..., Any], batches: Iterable[Any], waiting: Waiting = nothing) -> Any:
        return super().map(task, list(batches), waiting)


def test_a_copy_among_the_files_that_are_added_is_a_duplicate_wherever_it_comes(
    open_on: Opened, tmp_path: Path
) -> None:
    """In the batch of the first, in a later one, and when the adding goes on after it was broken off."""
    bench, folder = open_on(FarAhead(), "here"), draw_folder(tmp_path / "drawn", 43)
    first, *_, last = sorted(folder.iterdir())
    shutil.copy(first, folder / f"{first.stem}-again.png")
    shutil.copy(first, folder / f"{last.stem}-again.png")

    def break_off(done: int, total: int | None, note: str) -> None:
        if picture_count(bench):
            raise CancelledError

    with pytest.raises(CancelledError):
        collection_of(bench).add([folder], None, break_off)
    kept = picture_count(bench)
    assert 0 < kept < 43
    rest = import_pictures(bench, [folder]).wait()
    assert (rest.added, rest.duplicates, rest.unchanged) == (43 - kept, 1, kept + 1)
    whole = import_pictures(open_on(FarAhead(), "there"), [folder]).wait()
    assert (whole.added, whole.duplicates, whole.embedded) == (43, 2, 43)


def test_a_file_that_changes_between_reading_and_decoding_is_skipped(pictures: Path, tmp_path: Path) -> None:
    file = tmp_path / "one.png"
    file.write_bytes((pictures / "ellipse-0000.png").read_bytes())
    sent = copy.deepcopy(read_files([Source(str(file), 0, 0)]))  # as to another machine
    assert sent[0].data is None
    file.write_bytes((pictures / "ellipse-0003.png").read_bytes())
    handle = EncoderHandle(load_colours("colours", cache=tmp_path), tmp_path, load_colours)
    (skipped,) = process(sent, handle)
    assert skipped.reason == "changed"


def test_files_outside_a_library_have_the_same_vectors_elsewhere_and_none_is_read_that_may_not_be(
    pictures: Path, tmp_path: Path
) -> None:
    encoder = load_colours("colours", cache=tmp_path)
    handle = EncoderHandle(encoder, tmp_path, load_colours)
    here = list(embed_or_skip([pictures], encoder))
    there = list(embed_or_skip([pictures], encoder, None, NextDoor(), handle))
    assert [part[:2] + part[3:] for part in there] == [part[:2] + part[3:] for part in here]
    assert np.array_equal(*(np.concatenate([part[2] for part in parts]) for parts in (here, there)))
    closed = list(
        embed_or_skip([pictures], encoder, lambda place: place == str(pictures), NextDoor(), handle)
    )
    assert [ids for ids, *_ in closed] == [[]] * len(closed)
    assert sum(len(skipped) for *_, skipped in closed) == 202


def test_an_encoder_that_is_another_one_where_it_is_loaded_is_refused(tmp_path: Path) -> None:
    handle = EncoderHandle(load_colours("colours", cache=tmp_path), tmp_path, load_another)
    sent = copy.copy(handle)  # as it is sent: without what is loaded here
    assert handle.get().name == "colours"
    with pytest.raises(FingerprintMismatchError):
        sent.get()


@pytest.mark.slow
def test_a_worker_killed_amid_two_thousand_pictures_takes_nothing_along(
    on_ray: Engine, open_on: Opened, tmp_path: Path
) -> None:
    many = draw_folder(tmp_path / "many", 2000)
    undisturbed, disturbed = open_on(InProcess(), "here"), open_on(on_ray, "killed")
    import_pictures(undisturbed, [many]).wait()
    cache = disturbed.settings.cache
    cache.mkdir(parents=True, exist_ok=True)
    (cache / "slow").write_text("0.05")  # seconds that every batch takes
    killed: set[int] = set()

    def listen(done: int, total: int | None, message: str) -> None:
        workers = {int(file.name) for file in (cache / "processes").glob("*")} - {os.getpid()}
        for worker in sorted(workers, reverse=True):
            if done >= 500 and not killed:
                with suppress(ProcessLookupError):  # it had ended by itself
                    os.kill(worker, signal.SIGKILL)
                    killed.add(worker)

    added = import_pictures(disturbed, [many]).wait(listen)
    assert killed
    assert (added.added, added.embedded) == (2000, 2000)
    assert_same(disturbed, undisturbed)


@pytest.mark.slow
def test_what_ends_every_worker_ends_the_work(on_ray: Engine) -> None:
    with pytest.raises(EngineError):
        list(on_ray.map(deadly, [[1]]))
    assert [said[1] for said in on_ray.map(Roots(), BATCHES)] == BATCHES


@pytest.mark.slow
@pytest.mark.usefixtures("on_ray")  # or there is no Ray to begin
def test_a_cluster_with_a_client_does_the_same(tmp_path: Path) -> None:
    """In a process of its own: one process has one Ray."""
    port, client = free_port(), free_port()
    environment = os.environ | {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": "0" * 64,
        "RAY_USAGE_STATS_ENABLED": "0",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    head = [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block", "--num-cpus=2"]
    head += ["--node-ip-address=127.0.0.1", f"--port={port}", f"--ray-client-server-port={client}"]
    head += ["--include-dashboard=false", f"--object-store-memory={100 * 1024**2}"]
    script = (
        "from concepts.use_cases.handles import engine_of\nfrom engine_work import Roots\n"
        f"engine = engine_of('ray://127.0.0.1:{client}')\n"
        f"print([said[1] for said in engine.map(Roots(), {BATCHES})] == {BATCHES})\nengine.close()"
    )
    with (tmp_path / "head.log").open("w") as said:
        running = subprocess.Popen(head, env=environment, stdout=said, stderr=said)
    try:
        assert becomes(lambda: is_open(client), while_running=running)
        run = [sys.executable, "-c", script]
        done = subprocess.run(run, env=environment, capture_output=True, text=True, check=False)
        assert done.stdout.splitlines()[-1:] == ["True"], done.stderr[-2000:]
    finally:
        running.terminate()
        running.wait(60)


def is_open(port: str) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", int(port)), 1):
        return True
    return False


@pytest.mark.slow
def test_embedding_again_and_the_annotator_that_asks_nobody_say_the_same_on_ray(
    on_ray: Engine, open_on: Opened, pictures: Path
) -> None:
    here, there, said = open_on(InProcess(), "here"), open_on(on_ray, "there"), []
    for bench, engine in ((here, InProcess()), (there, on_ray)):
        collection_of(bench).engine = InProcess()
        import_pictures(bench, [pictures]).wait()
        collection_of(bench).engine = engine
        assert bench.begin(reembed, "other").wait().embedded == 200
        assert collection_of(bench).recorded().name == "other"
        begin_concept(bench, NAME, "A filled ellipse, not a rectangle.")
        bench.concept(NAME).begin(mine).wait()
        result = bench.concept(NAME).begin(annotate, annotator="builtin").wait()
        assert (result.calls, result.failed) == (0, [])
        concept_id, store = bench.concept(NAME).id, bench.store
        kept = store.annotations(concept_id, [one.picture_id for one in store.ratings(concept_id)])
        said.append({one.picture_id: (one.rating, one.rationale, one.evidence) for one in kept})
    assert said[0] == said[1] != {}
    assert_same(there, here)
