"""Background jobs: short ones don't wait for long ones, and a stopped process leaves its job to the next."""

from __future__ import annotations

import threading
from pathlib import Path

from concepts.jobs.runner import JobRunner, Progress
from storage.database import Database
from storage.files import sqlite_url
from storage.jobs import JobStore

PATIENCE = 20  # seconds until a test gives up


def test_a_short_job_runs_while_a_long_one_is_going(tmp_path: Path) -> None:
    gate, short_done = threading.Event(), threading.Event()

    def long(arguments: dict, progress: Progress) -> dict:  # type: ignore[type-arg]
        assert gate.wait(PATIENCE)
        return {}

    def short(arguments: dict, progress: Progress) -> dict:  # type: ignore[type-arg]
        short_done.set()
        return {}

    runner = JobRunner(JobStore(Database(sqlite_url(tmp_path / "d.sqlite"))), ["short"])
    runner.register({"long": long, "short": short})
    runner.submit("long", {})
    runner.submit("short", {})
    runner.start()
    assert short_done.wait(PATIENCE)
    gate.set()
    runner.stop()


def test_stopping_puts_the_running_job_back_and_the_next_process_finishes_it(tmp_path: Path) -> None:
    store = JobStore(Database(sqlite_url(tmp_path / "d.sqlite")))
    steps, begun, finished = [], threading.Event(), threading.Event()

    def count(arguments: dict, progress: Progress) -> dict:  # type: ignore[type-arg]
        while len(steps) < 1000 and not (second and len(steps) >= 5):
            steps.append(len(steps))
            progress.report(len(steps), 1000)
            begun.set()
            if not second:
                stopping.wait(PATIENCE)
        finished.set()
        return {"steps": len(steps)}

    second, stopping = False, threading.Event()
    first_runner = JobRunner(store)
    first_runner.register({"count": count})
    job_id = first_runner.submit("count", {})
    first_runner.start()
    assert begun.wait(PATIENCE)
    threading.Thread(target=first_runner.stop).start()
    assert first_runner._stop.wait(PATIENCE)
    stopping.set()
    for thread in first_runner._threads:
        thread.join(PATIENCE)
    assert store.get(job_id).state == "queued"
    assert not finished.is_set()

    second = True
    second_runner = JobRunner(store)
    second_runner.register({"count": count})
    second_runner.start()
    assert finished.wait(PATIENCE)
    second_runner.stop()
    assert store.get(job_id).state == "done"
