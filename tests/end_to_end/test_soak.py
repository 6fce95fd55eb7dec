"""Ten minutes of many people, three power cuts and a full disk: what was acknowledged is kept, once. And ten
minutes when nothing goes wrong: how long fifty who read and ten who label wait, and what memory it takes."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from drawing import draw_folder
from small_disk import SmallDisk, mounted
from soak_load import PATIENCE, Clients, Sample, Server, until

from concepts.installation.jobs import log_of
from concepts.installation.users import Users
from concepts.library.collection import collection_of
from concepts.results.concepts import begin_concept
from concepts.results.library import import_pictures, look_after
from concepts.rooms import open_app
from concepts.settings import load_settings
from concepts.use_cases.roles import Role

READERS, WRITERS = 60, 10
CONCEPTS = ["Round thing", "Square thing", "Line"]
PICTURES, MORE_PICTURES = 300, 3000
DISK = 600  # megabytes
PASSWORD = "correct horse battery"  # of everybody here
A_LIFE, THE_LAST_LIFE = 200, 1000  # answers acknowledged before the next power cut; before the end
GROWTH = 1.25  # of the server's memory in the last third of its last life, against the second
OVER_REST = (
    "/api/v1/library",
    "/api/v1/library/pictures?limit=60",
    "/api/v1/library/pictures?q=a+round+thing",
    "/api/v1/library/pictures?like={picture}",
    "/media/thumbnail/{picture}",
    "/media/thumbnail/{picture}",
    "/api/v1/library/pictures/{picture}",
    "/api/v1/concepts",
    "/api/v1/concepts/{concept}",
    "/api/v1/concepts/{concept}/next",
    "/api/v1/concepts/{concept}/labels",
    "/api/v1/concepts/{concept}/review",
    "/api/v1/concepts/{concept}/versions",
    "/api/v1/jobs",
)
# The office
READING, LABELLING = 50, 10
IN_THE_LIBRARY = 2400
LABELLED = 300  # few, so that the training set stops growing before the fifth minute
SCREENS = (
    "/",
    "/library",
    "/library?q=a+round+thing",
    "/describe?concept={concept}",
    "/label?concept={concept}",
    "/label/review?concept={concept}",
    "/label/borderline?concept={concept}",
    "/check?concept={concept}",
    "/results?concept={concept}",
    "/settings/activity",
    "/media/thumbnail/{picture}",
    "/media/picture/{picture}",
)
MINUTES = 10
FLAT = 20  # MB by which memory may differ between the fifth minute and the tenth


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk | None]:
    """A small one that can be filled. Only root may mount one; others soak without the full disk."""
    if os.geteuid() != 0:
        (tmp_path / "disk").mkdir()
        yield None
        return
    with mounted(tmp_path / "disk", DISK) as small:
        yield small


class Owner:
    """Adds pictures and trains without end, meanwhile."""

    def __init__(self, server: Server, folders: list[Path]) -> None:
        self._server, self._folders = server, folders
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._add), threading.Thread(target=self._train)]
        self.trained = 0

    def begin(self) -> None:
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _add(self) -> None:
        for folder in self._folders:
            self._do("/library/pictures", {"paths": [str(folder)]})

    def _train(self) -> None:
        while not self._ended.is_set():
            for concept in CONCEPTS:
                self.trained += self._do(f"/concepts/{concept}/versions", {})
                self._ended.wait(5)

    def _do(self, address: str, body: dict[str, object]) -> bool:
        """Asks for a job until it is done; what a power cut or a full disk broke is asked for again."""
        with httpx.Client(base_url=f"{self._server.url}/api/v1", auth=("owner", PASSWORD)) as client:
            while not self._ended.wait(0.5):
                try:
                    job = client.post(address, json=body, timeout=60).json().get("id")
                    while job and not self._ended.wait(0.5):
                        state = client.get(f"/jobs/{job}", timeout=60).json().get("state")
                        if state in ("done", "failed", "cancelled"):
                            if state == "done":
                                return True
                            break
                except (httpx.TransportError, ValueError):
                    continue
        return False


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_what_was_acknowledged_is_kept_once_through_power_cuts_and_a_full_disk(
    tmp_path: Path, disk: SmallDisk | None, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "disk" / "home"
    more = [
        draw_folder(tmp_path / f"more-{number}", 100, first_seed=1000 + 100 * number)
        for number in range(MORE_PICTURES // 100)
    ]
    names = [f"labeller {number}" for number in range(WRITERS)] + ["reader"]
    ids = begun(home, draw_folder(tmp_path / "pictures", PICTURES), names[:-1], names[-1:])
    server = Server(home, DISCERN_ALLOWED_ROOTS=str(tmp_path))
    starts = [server.seconds_to_start()]
    clients = Clients(server.url, CONCEPTS, ids, OVER_REST, pause=(0.2, 1.5))
    noted = clients.noted
    owner = Owner(server, more)
    clients.begin(lambda index: (names[min(index, WRITERS)], PASSWORD), READERS, WRITERS)
    owner.begin()

    def more_are_acknowledged(count: int, patience: float = PATIENCE) -> None:
        kept = len(noted.acknowledged)
        until(lambda: len(noted.acknowledged) >= kept + count, patience)

    try:
        for life in range(3):
            more_are_acknowledged(A_LIFE)
            if life == 1 and disk is not None:
                clients.state = "full"
                disk.fill()
                until(lambda: noted.answers["full", "507"] >= 20)
                disk.free()
                more_are_acknowledged(A_LIFE)
            clients.state = "killed"
            server.kill()
            starts.append(server.seconds_to_start())
            more_are_acknowledged(2 * WRITERS)
            clients.state = "well"
        with server.sampled() as samples:
            more_are_acknowledged(THE_LAST_LIFE, 8 * PATIENCE)
    finally:
        clients.end()
        owner.end()
        server.stop()

    bench = open_app(load_settings(home=home))
    events = [event for concept in CONCEPTS for event in bench.log.events(bench.concept(concept).id)]
    in_log = {event.comment: (event.picture_id, event.value) for event in events}
    look_after(bench, repair=True).wait()  # goes on with what the end cut off
    checked = look_after(bench).wait()
    added = len(list(collection_of(bench).library.all_ids()))
    failures = Counter(
        line["details"].splitlines()[-1] for line in whole_lines(log_of(bench)) if line.get("details")
    )
    bench.close()
    figures = {
        "answers acknowledged": len(noted.acknowledged),
        "of those lost": sum(in_log.get(key) != said for key, said in noted.acknowledged.items()),
        "in the log twice": sum(n > 1 for n in Counter(event.comment for event in events).values()),
        "seconds to start": [round(seconds, 1) for seconds in starts],
        "requests that succeeded": noted.answers["well", "ok"],
        "requests that failed": {
            f"{kind} ({state})": n for (state, kind), n in sorted(noted.answers.items()) if kind != "ok"
        },
        "seconds": {name: quantiles(took) for name, took in noted.seconds.items()},
        "pictures added": added - PICTURES,
        "heads trained": owner.trained,
    }
    with capsys.disabled():
        print("\n" + json.dumps(figures, indent=2))
    assert noted.unexpected == [], failures
    assert (figures["of those lost"], figures["in the log twice"]) == (0, 0)
    assert (noted.answers["full", "507"] > 0) == (disk is not None)
    assert "Traceback" not in server.log.read_text()
    assert (checked.is_whole, checked.vectors_extra) == (True, 0)
    assert owner.trained > 0
    assert added > PICTURES
    before, after = thirds(samples)
    assert resident(after) < GROWTH * resident(before)
    assert max(s.open_files for s in after) <= max(s.open_files for s in before) + READERS + WRITERS


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_an_office_of_fifty_readers_and_ten_labellers_loses_nothing_and_takes_no_more_memory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each reader opens a page a second after the one before is there, and each labeller answers a picture
    two seconds after the one before. How long they wait is printed: a bound would be one on the machine."""
    home, readers = tmp_path / "home", [f"reader {number}" for number in range(READING)]
    labellers = [f"labeller {number}" for number in range(LABELLING)]
    ids = begun(home, draw_folder(tmp_path / "pictures", IN_THE_LIBRARY), labellers, readers)
    server = Server(home)
    server.start()
    clients = Clients(server.url, CONCEPTS, ids[:LABELLED], SCREENS, pause=(1, 1), writers_pause=(2, 2))
    noted, names = clients.noted, [*labellers, *readers]
    clients.begin(lambda index: (names[index], PASSWORD), READING, LABELLING)
    until(lambda: len(noted.acknowledged) >= A_LIFE)  # what is loaded when it is first used is loaded
    with server.sampled() as samples:
        until(lambda: bool(samples) and samples[-1].second >= 60 * MINUTES, patience=60 * MINUTES + PATIENCE)
    clients.end()
    server.stop()

    bench = open_app(load_settings(home=home))
    events = [e for name in CONCEPTS for e in bench.log.events(bench.concept(name).id)]
    bench.close()
    in_log = {event.comment: (event.picture_id, event.value) for event in events}
    memory = {
        minute: round(resident([s for s in samples if abs(s.second - 60 * minute) <= 15]) / 2**20)
        for minute in (0, MINUTES // 2, MINUTES)
    }
    figures = {
        "answers acknowledged": len(noted.acknowledged),
        "of those lost": sum(in_log.get(key) != said for key, said in noted.acknowledged.items()),
        "requests that failed": len(noted.unexpected),
        "seconds": {name: quantiles(took) for name, took in noted.seconds.items()},
        "MB at the start, after minutes": memory,
        "other work on the machine": [round(load, 1) for load in os.getloadavg()],
    }
    with capsys.disabled():
        print("\n" + json.dumps(figures, indent=2))
    assert noted.unexpected == []
    assert figures["of those lost"] == 0
    assert "Traceback" not in server.log.read_text()
    assert memory[MINUTES] <= memory[MINUTES // 2] + FLAT


def begun(home: Path, pictures: Path, labellers: list[str], viewers: list[str]) -> list[str]:
    """Makes a data folder with the pictures, whose ids are returned, the concepts, and everybody."""
    settings = load_settings(home=home)
    bench = open_app(settings)
    import_pictures(bench, [pictures], encoder="embedded").wait()
    for concept in CONCEPTS:
        begin_concept(bench, concept, "A simulated person decides.", author="owner")
    ids = list(collection_of(bench).library.all_ids())
    bench.close()
    people = {"owner": Role.OWNER} | dict.fromkeys(labellers, Role.LABELLER)
    for name, role in (people | dict.fromkeys(viewers, Role.VIEWER)).items():
        Users(settings).set(name, PASSWORD, role)
    return ids


def whole_lines(log: bytes) -> Iterator[dict[str, Any]]:
    """All but those that were being written when the disk was full and the server was killed."""
    for line in log.splitlines():
        with contextlib.suppress(ValueError):
            yield json.loads(line)


def thirds(samples: list[Sample]) -> tuple[list[Sample], list[Sample]]:
    """The second third, when what is loaded when it is first used is loaded, and the last."""
    third = len(samples) // 3
    return samples[third : 2 * third], samples[2 * third :]


def resident(samples: list[Sample]) -> float:
    return statistics.median(sample.resident for sample in samples)


def quantiles(seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100)
    return {"p50": round(cuts[49], 3), "p95": round(cuts[94], 3), "p99": round(cuts[98], 3)}
