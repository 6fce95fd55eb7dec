"""Background jobs: short ones don't wait for long ones, and a stopped process leaves its job to the next."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from patience import PATIENCE

from concepts.errors import DISK_FULL, DiscernError
from concepts.jobs import Job, JobRunner, Lane, Progress, progress
from concepts.jobs import runner as runner_module
from concepts.jobs.progress import News, Precedence
from concepts.jobs.runner import Threads
from concepts.view import View
from storage.database import Database
from storage.jobs import JobStore
from storage.tables import StoredJob


class Counted(View):
    steps: int


class Count(Job[Counted]):
    kind = "count"
    lane = Lane.LONG
    steps: int = 1


class Glance(Job[Counted]):
    kind = "glance"
    lane = Lane.SHORT


class Follow(Job[Counted]):
    kind = "follow"
    lane = Lane.FOLLOWING


def to_the_end(job: Count, progress: Progress) -> Counted:
    for step in range(job.steps):
        progress.report(step, job.steps)
    return Counted(steps=job.steps)


@pytest.fixture
def store(database: Database) -> JobStore:
    return JobStore(database)


@pytest.fixture
def runner(store: JobStore) -> Iterator[JobRunner]:
    runner = JobRunner(store)
    runner.register(Count, to_the_end)
    runner.register(Glance, lambda job, progress: Counted(steps=0))
    yield runner
    runner.stop()


def ended(store: JobStore, job_id: int) -> StoredJob:
    """The job once it has ended; it is looked for, for `PATIENCE` at most."""
    waiting = threading.Event()
    for _ in range(100 * PATIENCE):
        if (job := store.get(job_id)).finished:
            return job
        waiting.wait(0.01)
    raise AssertionError(store.get(job_id))


def test_a_short_job_runs_while_a_long_one_is_going(store: JobStore, runner: JobRunner) -> None:
    gate, begun = threading.Event(), threading.Event()

    def long(job: Count, progress: Progress) -> Counted:
        begun.set()
        assert gate.wait(PATIENCE)
        return Counted(steps=1)

    runner.register(Count, long)
    runner.submit(Count())
    runner.start()
    assert begun.wait(PATIENCE)
    assert ended(store, runner.submit(Glance())).state == "done"
    gate.set()


def test_what_follows_stands_aside_while_somebody_waits_for_other_work(
    store: JobStore, runner: JobRunner
) -> None:
    at_its_step, order = threading.Event(), list[str]()

    def follow(job: Follow, progress: Progress) -> Counted:
        at_its_step.set()
        progress.report(1, 2)
        order.append("followed")
        return Counted(steps=2)

    runner.register(Follow, follow)
    with runner.precedence.first():
        following = runner.submit(Follow())
        runner.start()
        assert at_its_step.wait(PATIENCE)
        assert ended(store, runner.submit(Glance())).state == "done"  # which stands aside for nothing
        order.append("waited for")
    assert ended(store, following).state == "done"
    assert order == ["waited for", "followed"]


def test_what_follows_stands_aside_for_answers_but_not_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    def stood_aside() -> float:
        answers = Precedence()
        answers.pressed()
        begun = time.monotonic()
        answers.stand_aside()
        return time.monotonic() - begun

    monkeypatch.setattr(progress, "PAUSE", 0.05)
    assert stood_aside() >= 0.05
    monkeypatch.setattr(progress, "PAUSE", 1000.0)
    monkeypatch.setattr(progress, "MOST_SECONDS", 0.1)
    assert 0.1 <= stood_aside() < 1000


def test_jobs_of_a_lane_run_one_by_one_also_behind_a_failed_one(store: JobStore, runner: JobRunner) -> None:
    going: list[int] = []
    most: list[int] = []

    def work(job: Count, progress: Progress) -> Counted:
        going.append(job.steps)
        most.append(len(going))
        progress.report(0)
        going.remove(job.steps)
        if job.steps == 13:
            raise ValueError("no luck")
        return Counted(steps=job.steps)

    runner.register(Count, work)
    bad, *jobs = [runner.submit(Count(steps)) for steps in range(13, 17)]
    runner.start()
    assert [ended(store, job).result for job in jobs] == [{"steps": steps} for steps in range(14, 17)]
    assert set(most) == {1}
    failed = store.get(bad)
    assert (failed.state, "no luck" in failed.error) == ("failed", True)
    assert "raise ValueError" in failed.details


def test_a_stopped_job_is_finished_by_the_next_process(store: JobStore, runner: JobRunner) -> None:
    begun, first = threading.Event(), JobRunner(store)

    def interrupted(job: Count, progress: Progress) -> Counted:
        begun.set()
        assert first._stop.wait(PATIENCE)
        progress.report(1, job.steps)
        return Counted(steps=-1)

    first.register(Count, interrupted)
    job_id = first.submit(Count(1000))
    first.start()
    assert begun.wait(PATIENCE)
    first.stop()
    assert store.get(job_id).state == "queued"
    runner.start()
    assert ended(store, job_id).result == {"steps": 1000}


def test_ctrl_c_leaves_the_job_to_the_next_run_of_a_command(store: JobStore, runner: JobRunner) -> None:
    steps: list[int] = []

    def work(job: Count, progress: Progress) -> Counted:
        steps.append(len(steps))
        progress.report(len(steps), job.steps, "counting")
        if len(steps) == 1:
            raise KeyboardInterrupt
        return Counted(steps=len(steps))

    runner.register(Count, work)
    with pytest.raises(KeyboardInterrupt):
        runner.run(Count(2))
    (job,) = store.recent()
    assert (job.state, job.error, job.done, job.message) == ("queued", "", 1, "counting")
    assert runner.run(Count(2)) == Counted(steps=2)
    assert [j.state for j in store.recent()] == ["done"]


def test_a_job_ends_in_what_its_kind_says_and_is_read_back_as_that(runner: JobRunner) -> None:
    assert runner.run(Count(3)) == Counted(steps=3)
    runner.register(Glance, lambda job, progress: View())
    with pytest.raises(TypeError, match="Glance ended in View"):
        runner.run(Glance())


def test_an_unknown_kind_is_refused_in_words_and_kept(store: JobStore, runner: JobRunner) -> None:
    job_id = store.add("from the future", {})
    with pytest.raises(DiscernError, match="doesn't know “from the future”"):
        runner.resume(job_id)
    assert store.get(job_id).state == "failed"


def test_another_engine_performs_what_the_runner_claims(store: JobStore, runner: JobRunner) -> None:
    """It gets rows of the job table, opens the data folder itself and performs them there."""
    told = list[str]()

    class Elsewhere(Threads):
        def submit(self, job: StoredJob) -> Future[None]:
            told.append(job.kind)
            return super().submit(job)

        def close(self, seconds: float) -> None:
            told.append("end")
            super().close(seconds)

    here = JobRunner(store, lambda perform: Elsewhere(runner.perform))  # stands for a runner elsewhere
    for kind in (Count, Glance):
        here.register(kind, lambda job, progress: pytest.fail("not in this process"))
    jobs = [here.submit(Count(5)), here.submit(Glance())]
    here.start()
    assert [ended(store, job).result for job in jobs] == [{"steps": 5}, {"steps": 0}]
    here.stop()
    assert (sorted(told[:-1]), told[-1]) == (["count", "glance"], "end")


def test_a_run_whose_job_was_taken_over_stops_and_leaves_it_to_the_other(
    database: Database, store: JobStore, runner: JobRunner
) -> None:
    other, leases = JobStore(database), list[int]()

    def stalls(job: Count, progress: Progress) -> Counted:
        with database.write() as session:
            row = session.get_one(StoredJob, job_id)
            row.worker, row.heartbeat = "elsewhere:1", None
        taken = other.claim(job_id)
        leases.append(taken.lease)
        progress.beat()
        progress.report(1, job.steps)
        pytest.fail("it went on")

    runner.register(Count, stalls)
    job_id = runner.submit(Count(2))
    stored = store.claim(job_id)
    runner.perform(stored)
    assert store.get(job_id).state == "running"
    other.finish(job_id, "done", {"steps": 2}, lease=leases[0])
    assert store.get(job_id).result == {"steps": 2}


def test_work_goes_on_while_nothing_can_be_written_and_its_heart_beats_again_afterwards(
    store: JobStore, runner: JobRunner, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(runner_module, "HEARTBEAT_SECONDS", 0.01)
    real, tried, heard, is_full = store.beat, threading.Semaphore(0), threading.Event(), threading.Event()
    is_full.set()

    def beat(*given: Any, **named: Any) -> bool:
        tried.release()
        if is_full.is_set():
            raise DISK_FULL(place=Path("/full"))
        heard.set()
        return real(*given, **named)

    def long_work(job: Count, progress: Progress) -> Counted:
        for _ in range(3):
            assert tried.acquire(timeout=PATIENCE)
        progress.report(1, 2)
        is_full.clear()
        assert heard.wait(PATIENCE)
        return Counted(steps=2)

    monkeypatch.setattr(store, "beat", beat)
    runner.register(Count, long_work)
    assert runner.run(Count()).steps == 2
    (said,) = [record for record in caplog.records if "can't be saved" in record.message]
    assert said.levelname == "WARNING"


LONG = 60.0


def waited(told: News, who: str, seconds: float) -> float:
    begun = time.monotonic()
    told.wait(who, seconds)
    return time.monotonic() - begun


def test_news_are_heard_at_once_by_each_listener_and_by_new_or_forgotten_ones() -> None:
    told = News()
    listeners = [str(number) for number in range(progress.MOST_LISTENERS + 1)]
    assert all(waited(told, who, LONG) < LONG for who in listeners)
    assert waited(told, "0", LONG) < LONG  # who was forgotten meanwhile
    assert waited(told, listeners[-1], 0.01) >= 0.01
    told.told()
    assert all(waited(told, who, LONG) < LONG for who in listeners[-2:])


def test_what_comes_while_one_waits_ends_the_wait() -> None:
    told = News()
    told.wait("one", LONG)
    waiting = threading.Thread(target=told.wait, args=("one", LONG))
    waiting.start()
    told.told()
    waiting.join(LONG / 2)
    assert not waiting.is_alive()
