"""One limit for the whole process, which the last one lifts who needs it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from threadpoolctl import threadpool_info, threadpool_limits

from concepts.learning import threads
from storage.vectors.blas import one_blas_thread


def most_threads() -> int:
    return max(int(one["num_threads"]) for one in threadpool_info() if one["user_api"] == "blas")


def test_who_leaves_does_not_lift_the_limit_for_those_still_at_work() -> None:
    with threadpool_limits(2, user_api="blas"):
        learning, multiplying = threads.one_blas_thread(), one_blas_thread
        learning.__enter__()
        multiplying.__enter__()
        assert most_threads() == 1
        learning.__exit__(None, None, None)
        assert most_threads() == 1
        multiplying.__exit__(None, None, None)
        assert most_threads() == 2


def test_every_thread_can_set_the_limit_also_after_another_one_has() -> None:
    def within() -> int:
        with one_blas_thread:
            return most_threads()

    with ThreadPoolExecutor(1) as first, ThreadPoolExecutor(1) as second:
        first.submit(threadpool_limits, 2, user_api="blas").result()
        assert [pool.submit(within).result() for pool in (first, second, first)] == [1, 1, 1]
        assert second.submit(most_threads).result() == 2
        first.submit(threadpool_limits, 1, user_api="blas").result()
