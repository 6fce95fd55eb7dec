"""BLAS kept to one thread while something is learned."""

from __future__ import annotations

from contextlib import AbstractContextManager

from storage.vectors import products


def one_blas_thread() -> AbstractContextManager[None]:
    """While anybody has entered it, BLAS uses one thread in the whole process: what takes one thread
    milliseconds takes several a tenth of a second, and on a busy machine a second."""
    import scipy.linalg  # noqa: F401  it brings a BLAS of its own, which has to be there to be found

    return products.one_blas_thread
