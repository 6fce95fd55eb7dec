"""BLAS kept to one thread."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


def one_blas_thread() -> AbstractContextManager[object]:
    """While it is entered, BLAS uses one thread in the whole process.

    BLAS's own threads wait for each other in a busy loop: what takes one thread milliseconds takes them a
    tenth of a second, and on a busy machine a second. Looking for the libraries takes six milliseconds, and
    is done once.
    """
    limit: AbstractContextManager[object] = _controller().limit(limits=1, user_api="blas")
    return limit


@cache
def _controller() -> ThreadpoolController:
    import scipy.linalg  # noqa: F401  it brings a BLAS of its own, which has to be there to be found

    return ThreadpoolController()
