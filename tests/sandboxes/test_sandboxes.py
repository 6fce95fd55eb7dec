"""Every visitor of a demo has a data folder of their own: apart from others, bounded, and gone in time."""

from __future__ import annotations

import asyncio
import csv
import io
import tempfile
import threading
import zipfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from answering import answer
from demo_house import PICTURES, Clock, demo_house
from drawing import draw, draw_folder
from patience import PATIENCE

from concepts.errors import NotAllowedError, SettingsError
from concepts.installation.jobs import list_deeds, list_jobs
from concepts.library.collection import collection_of
from concepts.library.renditions import renditions_of
from concepts.library.uploads import uploads_of
from concepts.results.concepts import begin_concept
from concepts.results.library import (
    browse,
    import_pictures,
    library_info,
    look_after,
    search_library,
    thumbnail_of,
)
from concepts.results.overview import list_concepts
from concepts.results.trained import train
from concepts.rooms import open_app
from concepts.settings import load_settings
from concepts.visitors import LIMITS, FullHouseError, Sandbox, Sandboxes
from concepts.visitors.sandboxes import SharedThreads, write_made
from storage.jobs import StoredJob


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path, clock: Clock
) -> Iterator[Sandboxes]:
    with demo_house(tmp_path_factory.mktemp("house"), tiny_open_clip, clock) as made:
        yield made


def upload(sandbox: Sandbox, name: str, content: bytes) -> str:
    uploads = uploads_of(sandbox.app)
    batch = uploads.begin()

    async def chunks() -> AsyncIterator[bytes]:
        yield content

    with ThreadPoolExecutor(1) as own_thread:
        own_thread.submit(asyncio.run, uploads.save(batch, name, len(content), chunks())).result()
    return batch


def test_a_visit_begins_with_the_sample_pictures_and_nothing_else(house: Sandboxes) -> None:
    bench, other = house.create().app, house.create().app
    assert collection_of(bench).encoder() is collection_of(other).encoder()  # they share one
    assert library_info(bench).pictures == PICTURES
    assert list_concepts(bench) == []
    assert list_jobs(bench) == []
    assert len(search_library(bench, "an ellipse", n=5)) == 5
    for picture in browse(bench, limit=3).pictures:
        assert thumbnail_of(bench, picture.id)
        assert renditions_of(bench).read(picture.id).whole


def test_what_a_visitor_makes_and_adds_is_in_their_own_library_alone(house: Sandboxes) -> None:
    one, other, base = house.create(), house.create().app, house.base
    begin_concept(one.app, "Ball", "A round thing.")
    (picture,) = browse(one.app, limit=1).pictures
    answer(one.app, "Ball", [picture.id])
    content = io.BytesIO()
    draw("ellipse", 900).save(content, "PNG")
    batch = upload(one, "mine.png", content.getvalue())
    import_pictures(one.app, uploads_of(one.app).paths(batch)).wait()
    for benches, pictures in (([one.app], PICTURES + 1), ([other, base, house.create().app], PICTURES)):
        for bench in benches:
            assert library_info(bench).pictures == collection_of(bench).index().count() == pictures
    for bench in (other, base):
        assert list_concepts(bench) == []
        assert bench.log.last_sequence(1) == 0


def test_at_the_next_start_nothing_of_the_hosts_own_comes_along_nor_what_a_killed_process_left(
    tmp_path: Path, tiny_open_clip: Path
) -> None:
    with demo_house(tmp_path, tiny_open_clip) as house:
        begin_concept(house.base, "The host's own concept", "Nobody else's business.")
        house.base.audit.add("ola", "logged in", address="10.0.0.7")
    left = tmp_path / "home" / "sandboxes" / ("a" * 32)
    left.mkdir(parents=True)
    (left / "discern.sqlite").write_bytes(b"left")
    with demo_house(tmp_path, tiny_open_clip) as house:
        assert not left.exists()
        sandbox = house.create()
        assert list_concepts(sandbox.app) == []
        assert list_deeds(sandbox.app) == []
        content = b"".join(file.read_bytes() for file in sandbox.home.glob("discern.sqlite*"))
        assert b"host's own" not in content
        assert b"10.0.0.7" not in content
    assert not sandbox.home.exists()


def test_where_the_pictures_are_in_two_trees_no_link_leads_to_all_of_the_computer(
    tmp_path: Path, tiny_open_clip: Path
) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm" if tmp_path.parts[1] != "dev" else "/tmp") as other:
        folders = [draw_folder(Path(other) / "a", 3), draw_folder(tmp_path / "b", 3, first_seed=50)]
        bench = open_app(load_settings(home=tmp_path / "home"))
        import_pictures(bench, folders, encoder=f"local-dir:{tiny_open_clip}").wait()
        bench.close()
        with demo_house(tmp_path, tiny_open_clip) as house:
            sandbox = house.create()
            links = [place for place in sandbox.home.rglob("*") if place.is_symlink()]
            assert sorted(link.resolve() for link in links) == sorted(map(Path.resolve, folders))
            pictures = browse(sandbox.app, limit=10).pictures
            assert all(renditions_of(sandbox.app).read(picture.id).whole for picture in pictures)
            assert {picture.path[: len("/sample/1/")] for picture in pictures} == {"/sample/1/", "/sample/2/"}


def test_after_its_hour_a_sandbox_is_found_no_more_and_its_folder_is_gone(
    house: Sandboxes, clock: Clock
) -> None:
    sandbox = house.create()
    assert house.find(sandbox.key) is sandbox
    for key in ("", "..", "../../home", "0" * 32):  # names that were not given
        assert house.find(key) is None
    with pytest.raises(SettingsError, match="A demo is one process"):
        Sandboxes(house.base.settings)
    assert sandbox.home.is_dir()
    clock.seconds += LIMITS.seconds - 60
    assert house.find(sandbox.key) is sandbox
    assert sandbox.seconds_left == 60
    clock.seconds += 60
    assert house.find(sandbox.key) is None
    assert sandbox.home.is_dir()
    house.sweep()
    assert not sandbox.home.exists()


def test_there_are_only_so_many_at_once_and_one_that_is_over_makes_room(
    tmp_path: Path, tiny_open_clip: Path
) -> None:
    clock = Clock()
    with demo_house(tmp_path, tiny_open_clip, clock, replace(LIMITS, sandboxes=2)) as house:
        house.create()
        clock.seconds += 600
        house.create()
        with pytest.raises(FullHouseError) as full:
            house.create()
        assert full.value.seconds == LIMITS.seconds - 600
        clock.seconds += LIMITS.seconds - 600
        house.create()


def test_what_is_uploaded_counts_even_while_it_arrives_and_archives_are_not_taken(house: Sandboxes) -> None:
    sandbox = house.create()
    assert 0 < sandbox.used_bytes() < 5_000_000  # without what is shared with the library
    sandbox.limits = replace(sandbox.limits, disk=sandbox.used_bytes() - 1)
    assert sandbox.is_full
    with pytest.raises(NotAllowedError, match="full"):
        look_after(sandbox.app)
    sandbox.limits = replace(sandbox.limits, disk=20_000_000)
    sandbox.admit_file("a.png", 12_000_000)
    with pytest.raises(NotAllowedError, match="full") as refused:
        sandbox.admit_file("b.png", 12_000_000)
    assert "20 MB" in str(refused.value)
    with pytest.raises(NotAllowedError, match="no archives"):
        upload(sandbox, "many.zip", b"PK")


def test_of_all_visitors_work_only_so_much_runs_at_once(house: Sandboxes) -> None:
    running, ends = threading.Semaphore(0), threading.Event()

    def perform(job: StoredJob) -> None:
        running.release()
        ends.wait(PATIENCE)

    one, other = SharedThreads(house, perform), SharedThreads(house, perform)
    assert other.has_room()
    future = one.submit(StoredJob(id=1, kind="mine", arguments={}, state="running"))
    assert running.acquire(timeout=PATIENCE)
    assert not other.has_room()
    ends.set()
    future.result(PATIENCE)
    assert other.has_room()


def test_a_demo_does_not_start_with_a_model_endpoint(own_home: Path) -> None:
    settings = load_settings(home=own_home, demo=True, openai_base_url="http://127.0.0.1:1/v1", llm_model="m")
    with pytest.raises(SettingsError, match="your money"):
        Sandboxes(settings)


def test_what_was_made_is_one_zip_of_answers_definition_and_classifier(
    house: Sandboxes, tmp_path: Path
) -> None:
    bench = house.create().app
    begin_concept(bench, "Round thing", "A filled ellipse.")
    begin_concept(bench, "Later", "Not begun to be answered.")
    answer(bench, "Round thing", [picture.id for picture in browse(bench, limit=PICTURES).pictures])
    bench.concept("Round thing").begin(train).wait()
    write_made(bench, tmp_path / "made.zip")
    with zipfile.ZipFile(tmp_path / "made.zip") as archive:
        names = set(archive.namelist())
        assert {"README.txt", "round-thing/definition.json", "later/definition.json"} <= names
        rows = list(csv.DictReader(io.StringIO(archive.read("round-thing/answers.csv").decode())))
        with zipfile.ZipFile(io.BytesIO(archive.read("round-thing/round-thing-v1.zip"))) as bundle:
            assert "head.safetensors" in {Path(name).name for name in bundle.namelist()}
    assert len(rows) == PICTURES
    assert not any(name.startswith("later/") and name.endswith(".zip") for name in names)
