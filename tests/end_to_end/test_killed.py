"""`kill -9` in the middle, then the same command: as if nothing had happened, and nothing paid twice."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from command_line import rows_of, wait_until
from drawing import draw_folder
from fake_openai import FakeOpenAI, Request, says
from PIL import Image
from running_app import RunningApp
from soak_load import until

from concepts.labelling.label_files import label_rows
from concepts.labelling.mining import mine
from concepts.library.collection import collection_of
from concepts.results.concepts import begin_concept
from concepts.results.library import import_pictures, library_info, look_after
from concepts.results.trash import put_into_trash
from concepts.rooms import open_app
from concepts.settings import load_settings


def contents(home: Path) -> tuple[list[str], Any, dict[str, tuple[str, ...]]]:
    """Ids, vectors and sources of a library."""
    bench = open_app(load_settings(home=home))
    index = collection_of(bench).index()
    ids = list(index.ids)
    pictures = collection_of(bench).library.pictures(collection_of(bench).library.all_ids())
    assert library_info(bench).pending == 0
    return ids, index.vectors(ids), {picture.id: picture.sources for picture in pictures}


@pytest.mark.slow
def test_a_killed_add_goes_on_and_ends_like_an_undisturbed_one(
    shell: Any, tmp_path: Path, tiny_open_clip: Path
) -> None:
    folder = draw_folder(tmp_path / "pictures", 600)
    (folder / "bad.png").write_text("not a picture")
    command = ("library", "add", folder, "--encoder", f"local-dir:{tiny_open_clip}")
    killed, undisturbed = tmp_path / "killed", tmp_path / "undisturbed"

    first = shell(*command, DISCERN_HOME=str(killed))
    wait_until(lambda: rows_of(killed / "discern.sqlite", "pictures") > 0, first)
    first.kill()
    first.wait()
    assert rows_of(killed / "discern.sqlite", "pictures") < 600

    for home in (killed, undisturbed):
        again = shell(*command, DISCERN_HOME=str(home))
        assert again.wait() == 0, again.communicate()[1]
    (ids, vectors, sources), (other_ids, other_vectors, other_sources) = (
        contents(killed),
        contents(undisturbed),
    )
    assert ids == other_ids
    assert len(ids) == 600
    assert sources == other_sources
    np.testing.assert_allclose(vectors, other_vectors, atol=2e-3)  # float16; batches differ after a kill
    assert [job.state for job in open_app(load_settings(home=killed)).jobs.store.recent()] == ["done"]


NAME = "Round thing"
ANNOTATED, BEFORE_THE_KILL, AT_ONCE = 500, 230, 8


class Server:
    """A SIMULATED model: it rates by the hash of the picture, and from one point on holds every answer back
    until who asked was killed."""

    def __init__(self) -> None:
        self.answered: Counter[str] = Counter()
        self.held: Counter[str] = Counter()
        self.dead = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Any:
        digest = hashlib.sha256(request.pictures[0]).hexdigest()
        said = {"evidence": [], "rationale": "simulated", "rating": int(digest, 16) % 5 + 1}
        with self._lock:
            holds = len(self.answered) >= BEFORE_THE_KILL and not self.dead.is_set()
            (self.held if holds else self.answered)[digest] += 1
        return says(said, wait=self.dead if holds else None)


@pytest.mark.slow
def test_a_killed_annotation_pays_for_no_picture_twice(
    shell: Any, tmp_path: Path, tiny_open_clip: Path
) -> None:
    home, server = tmp_path / "killed", Server()
    bench = open_app(load_settings(home=home))
    import_pictures(
        bench, [_all_different(tmp_path / "pictures", 600)], encoder=f"local-dir:{tiny_open_clip}"
    ).wait()
    begin_concept(bench, NAME, "A filled ellipse.")
    assert bench.concept(NAME).begin(mine, size=600).wait().candidates > ANNOTATED
    bench.close()
    with FakeOpenAI(server) as model:
        environment = {
            "DISCERN_HOME": str(home),
            "OPENAI_BASE_URL": model.base_url,
            "DISCERN_VLM_MODEL": "simulated-model",
            "DISCERN_VLM_PRICE": "1/2",
            "DISCERN_MODEL_CONCURRENCY": str(AT_ONCE),
        }
        # All at once: in rounds it ends early where they change little any more.
        annotate = ("concept", "annotate", NAME, "--limit", ANNOTATED, "--budget", 1, "--rounds", 1)
        first = shell(*annotate, **environment)
        # The others were answered; an answer that isn't kept when the kill comes would be paid for again.
        wait_until(lambda: server.held.total() == AT_ONCE and answers_of(home) == BEFORE_THE_KILL, first)
        first.kill()
        first.wait()
        server.dead.set()
        assert 0 < rows_of(home / "discern.sqlite", "annotations") < BEFORE_THE_KILL
        again = shell(*annotate, **environment)
        assert again.wait() == 0, again.communicate()[1]

    bench = open_app(load_settings(home=home))
    rows = label_rows(bench.concept(NAME))
    labels = [row["id"] for row in rows if row["author_kind"] == "annotator"]
    assert len(labels) == len(set(labels)) == ANNOTATED
    assert rows_of(home / "discern.sqlite", "annotations") == ANNOTATED
    assert set(server.answered.values()) == {1}
    assert server.held.keys() <= server.answered.keys()  # those in flight were asked again
    assert len(model.requests) == len(server.answered) + AT_ONCE
    (job,) = [job for job in bench.jobs.store.recent() if job.kind == "annotate"]
    assert (job.state, job.result["calls"]) == ("done", len(server.answered))


@pytest.mark.slow
def test_a_killed_emptying_of_the_trash_is_finished_and_leaves_nothing_of_the_pictures(
    own_home: Path, tmp_path: Path, tiny_open_clip: Path
) -> None:
    bench = open_app(load_settings())
    import_pictures(
        bench, [draw_folder(tmp_path / "pictures", 90)], encoder=f"local-dir:{tiny_open_clip}"
    ).wait()
    gone = list(collection_of(bench).library.all_ids())[:60]
    put_into_trash(bench, pictures=gone, author="me")
    bench.close()
    app = RunningApp(own_home, "auto")
    app.start()
    httpx2.post(f"{app.url}/api/v1/trash/empty", json={}).raise_for_status()
    thumbnails = [own_home / "thumbnails" / one[:2] / one[2:4] / f"{one}.webp" for one in gone]
    until(lambda: not all(file.exists() for file in thumbnails))
    app.kill()
    app.start()
    until(lambda: rows_of(own_home / "discern.sqlite", "pictures") == 31)  # and one for all
    app.stop()
    bench = open_app(load_settings())
    assert not set(gone) & set(collection_of(bench).index().ids)
    assert not any(file.exists() for file in thumbnails)
    assert look_after(bench).wait().is_whole
    assert {job.state for job in bench.jobs.store.recent()} == {"done"}


def answers_of(home: Path) -> int:
    """Calls for an annotation that are kept with their answer, in one transaction."""
    with sqlite3.connect(f"file:{home / 'discern.sqlite'}?mode=ro", uri=True) as connection:
        query = "SELECT count(*) FROM model_calls WHERE purpose = 'annotate' AND outcome = 'answered'"
        return int(connection.execute(query).fetchone()[0])


def _all_different(folder: Path, count: int) -> Path:
    """Coarse noise, of which no two pictures are near-duplicates."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(count):
        noise = rng.integers(0, 255, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(noise).resize((96, 96)).save(folder / f"{number:03}.png")
    return folder
