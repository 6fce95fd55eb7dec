"""One limit for the whole process, which the last one lifts who needs it. In processes of their own: threads
that another test left at work may need it, too."""

from __future__ import annotations

import json
import subprocess
import sys

COUNT = """
import json
from concurrent.futures import ThreadPoolExecutor

from threadpoolctl import threadpool_info, threadpool_limits

from concepts.learning.base import one_blas_thread as one_for_learning
from storage.vectors.products import one_blas_thread

one_for_learning()  # SciPy brings a BLAS of its own

def most_threads():
    return max(one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas")
"""

WHO_LEAVES = """
with threadpool_limits(2, user_api="blas"):
    learning, multiplying = one_for_learning(), one_blas_thread
    learning.__enter__()
    multiplying.__enter__()
    both = most_threads()
    learning.__exit__(None, None, None)
    one = most_threads()
    multiplying.__exit__(None, None, None)
    print(json.dumps([both, one, most_threads()]))
"""

WHO_ENTERS = """
def within():
    with one_blas_thread:
        return most_threads()

with ThreadPoolExecutor(1) as first, ThreadPoolExecutor(1) as second:
    first.submit(threadpool_limits, 2, user_api="blas").result()
    inside = [pool.submit(within).result() for pool in (first, second, first)]
    print(json.dumps([inside, second.submit(most_threads).result()]))
"""


def said(program: str) -> object:
    done = subprocess.run([sys.executable, "-c", COUNT + program], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def test_who_leaves_does_not_lift_the_limit_for_those_still_at_work() -> None:
    assert said(WHO_LEAVES) == [1, 1, 2]


def test_every_thread_can_set_the_limit_also_after_another_one_has() -> None:
    assert said(WHO_ENTERS) == [[1, 1, 1], 2]
