"""One limit for the whole process, which the last one lifts who needs it."""

from __future__ import annotations

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
