"""The job table: the same work is one job, the newest one of a concept is found however old it is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from at_once import at_once

import storage.jobs
from storage.concepts import ConceptStore
from storage.database import Database
from storage.errors import LostJobError
from storage.jobs import JobStore
from storage.tables import StoredJob, now

KEPT_IN = ["sqlite", "postgres"]


@pytest.fixture
def jobs(database: Database) -> JobStore:
    return JobStore(database)


@pytest.fixture
def concepts(database: Database) -> list[int]:
    store = ConceptStore(database)
    return [store.create(name).id for name in ("one", "other")]


def ended(jobs: JobStore, kind: str, concept_id: int | None = None, **arguments: object) -> int:
    job_id = jobs.add(kind, arguments, concept_id)
    jobs.claim(job_id)
    jobs.finish(job_id, "done", {})
    return job_id


def test_the_same_work_that_waits_is_one_job_of_each_concept(jobs: JobStore, concepts: list[int]) -> None:
    one, other = (jobs.add("train", {"target": "f1"}, concept) for concept in concepts)
    assert one != other
    assert [jobs.get(job).concept_id for job in (one, other)] == concepts
    assert jobs.add("train", {"target": "f1"}, concepts[0]) == one
    assert jobs.add("train", {"target": "recall=0.9"}, concepts[0]) != one


def test_the_newest_job_comes_first_but_behind_one_that_is_going(jobs: JobStore, concepts: list[int]) -> None:
    going = jobs.add("mine", {}, concepts[0])
    trained = [ended(jobs, "train", concepts[0], version=version) for version in (1, 2)]
    for index in range(60):  # any number of others
        ended(jobs, "train", concepts[1], index=index)
    assert [job.id for job in jobs.newest_first(["train"], concepts[0])] == trained[::-1]
    found = [jobs.latest(kinds, concepts[0]) for kinds in (["mine", "train"], ["train"], ["evaluate"])]
    assert [job and job.id for job in found] == [going, trained[-1], None]
    newest = ended(jobs, "train", concepts[0])
    assert [job.id for job in jobs.recent()][:2] == [going, newest]


def test_a_failure_keeps_its_reason_and_its_details_until_it_is_tried_again(jobs: JobStore) -> None:
    job_id = jobs.add("add pictures", {})
    jobs.claim(job_id)
    jobs.finish(job_id, "failed", error="the disk is full", details="Traceback (most recent call last): …")
    failed = jobs.get(job_id)
    assert (failed.error, failed.details) == ("the disk is full", "Traceback (most recent call last): …")
    jobs.retry(job_id)
    again = jobs.get(job_id)
    assert (again.state, again.error, again.details) == ("queued", "", None)


def test_workers_that_look_for_work_at_once_never_get_the_same_job(database_url: str) -> None:
    jobs = [JobStore(Database(database_url)) for _ in range(4)]
    waiting = [jobs[0].add("train", {"n": n}) for n in range(20)]

    def work(index: int) -> list[int]:
        mine = []
        while job := jobs[index].claim(kinds=["train"]):
            mine.append(job.id)
        return mine

    assert sorted(job for mine in at_once(4, work) for job in mine) == waiting


def test_the_same_work_that_several_ask_for_at_once_is_one_job(database_url: str) -> None:
    jobs = [JobStore(Database(database_url)) for _ in range(4)]
    ids = at_once(4, lambda index: [jobs[index].add("train", {"n": n}) for n in range(5)])
    assert len({job for some in ids for job in some}) == 5


def test_a_job_is_taken_by_a_worker_or_cancelled_before_it_never_both(database_url: str) -> None:
    jobs = [JobStore(Database(database_url)) for _ in range(2)]
    for n in range(10):
        job_id = jobs[0].add("train", {"n": n})
        claimed, _ = at_once(2, lambda index, i=job_id: jobs[1].cancel(i) if index else jobs[0].claim(i))
        state = jobs[0].get(job_id).state
        assert state == ("running" if claimed else "cancelled")


def test_a_running_job_reports_and_hears_that_it_was_cancelled(jobs: JobStore) -> None:
    job_id = jobs.add("mine", {})
    jobs.claim(job_id)
    assert not jobs.beat(job_id, 3, 10, "looking")
    jobs.cancel(job_id)
    assert jobs.beat(job_id, 4, 10, "looking")
    job = jobs.get(job_id)
    assert (job.state, job.done, job.total, job.message) == ("running", 4, 10, "looking")


def test_a_resumed_job_is_told_what_its_first_run_decided(jobs: JobStore) -> None:
    job_id = jobs.add("annotate", {})
    assert jobs.once(job_id, "since", "now") == "now"
    assert jobs.once(job_id, "since", "later") == "now"


def silent(database: Database, job_id: int, worker: str = "elsewhere:1", days: int = -1) -> None:
    """As if whoever runs it, on another computer, had not been heard of for a day."""
    with database.write() as session:
        row = session.get_one(StoredJob, job_id)
        row.worker, row.heartbeat = worker or row.worker, now() + timedelta(days=days)


def test_a_worker_elsewhere_whose_clock_runs_ahead_is_lost_like_any_other(database: Database) -> None:
    store = JobStore(database)
    job = store.add("count", {})
    store.claim(job)
    for ahead, state in ((0, "running"), (1, "interrupted")):
        silent(database, job, days=ahead)
        assert store.get(job).state == state
    assert store.claim(job) is not None


def test_a_run_that_was_taken_over_writes_no_more(database: Database) -> None:
    stalled, other = JobStore(database), JobStore(database)
    job_id = stalled.add("train", {})
    first = stalled.claim(job_id).lease
    silent(database, job_id)
    second = other.claim(job_id).lease
    for act in (
        lambda: stalled.beat(job_id, 9, 10, "behind the times", lease=first),
        lambda: stalled.finish(job_id, "failed", lease=first),
        lambda: stalled.release(job_id, lease=first),
    ):
        with pytest.raises(LostJobError):
            act()
    other.finish(job_id, "done", {"version": 1}, lease=second)
    with pytest.raises(LostJobError):
        stalled.finish(job_id, "done", {"version": 2}, lease=first)
    job = other.get(job_id)
    assert (job.state, job.result) == ("done", {"version": 1})


def test_in_turn_only_work_about_different_things_runs_at_once(
    database: Database, concepts: list[int]
) -> None:
    one, other = JobStore(database), JobStore(database)
    first, second = (one.add("train", {"n": n}, concepts[0]) for n in range(2))
    third = one.add("train", {}, concepts[1])

    def claimed(jobs: JobStore) -> int | None:
        job = jobs.claim(kinds=["train"], in_turn=True)
        return job.id if job else None

    assert [claimed(one), claimed(other), claimed(other)] == [first, third, None]
    one.finish(first, "done", {})
    assert claimed(other) == second


def test_what_waits_behind_a_job_whose_process_is_gone_comes_after_it(database: Database) -> None:
    jobs = JobStore(database)
    first, second = (jobs.add("add pictures", {"n": n}) for n in range(2))
    jobs.claim(first)
    silent(database, first)
    found = [jobs.claim(kinds=["add pictures"], in_turn=True) for _ in range(2)]
    assert [job and job.id for job in found] == [first, None]
    assert jobs.get(second).state == "queued"


def test_a_silent_job_whose_process_lives_is_doubted_before_it_is_taken(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    its, other = JobStore(database), JobStore(database)
    job_id = its.add("train", {})
    assert its.claim(job_id)
    silent(database, job_id, worker="")  # its process lives here, and couldn't write
    assert [other.claim(job_id) for _ in range(2)] == [None, None]
    assert other.add("train", {}) != job_id
    assert other.claim(kinds=["train"], in_turn=True) is None
    its.beat(job_id, 1, 2, "there is room again")
    silent(database, job_id, worker="")
    monkeypatch.setattr(storage.jobs, "DOUBTED_FOR", timedelta(0))
    assert other.claim(job_id) is None  # what was doubted before was heard of since
    assert other.claim(job_id) is not None
