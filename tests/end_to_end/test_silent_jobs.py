"""Long work in one of two processes, on a real disk that is full for longer than a lost job is silent."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from command_line import wait_until
from small_disk import SmallDisk, mounted

from storage.database import Database
from storage.files import sqlite_url
from storage.jobs import HEARTBEAT_SECONDS, LOST_AFTER, JobStore
from storage.tables import now

PROCESS = """
import sys, time
from dataclasses import dataclass
from pathlib import Path
from concepts.jobs import Job, JobRunner, Lane
from concepts.view import View
from storage.database import Database
from storage.files import sqlite_url
from storage.jobs import JobStore

class Waited(View):
    pass

@dataclass(frozen=True)
class Wait(Job[Waited]):
    kind, lane = "wait", Lane.SHORT

home, end = map(Path, sys.argv[1:])

def wait(job, progress):
    while not end.exists():
        time.sleep(.05)
    return Waited()

runner = JobRunner(JobStore(Database(sqlite_url(home / "discern.sqlite"))), home=home)
runner.register(Wait, wait)
runner.start()
print("started", flush=True)
while True:
    time.sleep(1)
"""


@pytest.mark.slow
def test_work_on_a_full_disk_is_taken_over_by_nobody_while_its_process_lives(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", 16) as disk:
        _takes_nothing_over(disk, tmp_path / "end")


def _takes_nothing_over(disk: SmallDisk, end: Path) -> None:
    jobs = JobStore(Database(sqlite_url(disk.folder / "discern.sqlite")))
    job_id = jobs.add("wait", {})
    command = [sys.executable, "-c", PROCESS, str(disk.folder), str(end)]
    silence = LOST_AFTER + timedelta(seconds=2 * HEARTBEAT_SECONDS)  # the other looks twice while it is full

    def heard() -> datetime:
        moment = jobs.get(job_id).heartbeat
        assert moment is not None
        return moment

    with (
        subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as its,
        subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as other,
    ):
        try:
            for process in (its, other):
                assert process.stdout is not None
                assert process.stdout.readline() == "started\n"
            wait_until(lambda: jobs.get(job_id).state == "running", its)
            worker = jobs.get(job_id).worker
            disk.fill()
            wait_until(lambda: now() - heard() > silence, its)
            last = heard()
            disk.free()
            wait_until(lambda: heard() > last, its)
            end.touch()
            wait_until(lambda: jobs.get(job_id).state == "done", its)
        finally:
            its.kill()
            other.kill()
        said = its.communicate()[1] + other.communicate()[1]
    done = jobs.get(job_id)
    assert (done.lease, done.worker) == (1, worker)
    assert "Traceback" not in said
    assert said.count(f"Progress of job {job_id} can't be saved") == 1
