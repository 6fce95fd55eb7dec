"""BLAS kept to one thread, in the whole process and for as long as anybody needs it."""

from __future__ import annotations

import sys
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController


class _OneBlasThread:
    """A context that any number of threads may be in, several times each.

    BLAS's own threads wait for each other in a busy loop, which on a processor shared with other programs
    made products 10 to 50 times slower. The limit is the process's, so there is one for all: the first who
    enters sets it, the last who leaves lifts it. With a limit each, whoever leaves would lift it for those
    who are still at work.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._found: ThreadpoolController | None = None
        self._with_scipy = False

    def __enter__(self) -> None:
        with self._lock:
            if not self._users:
                found = self._libraries()
                _let_any_thread_set(found)
                self._limits: Any = found.limit(limits=1, user_api="blas")
            self._users += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                _let_any_thread_set(self._libraries())  # it need not be the one that set it
                self._limits.restore_original_limits()
                _let_any_thread_set(self._libraries())

    def _libraries(self) -> ThreadpoolController:
        """Those that are loaded. To look for them takes milliseconds; SciPy brings one of its own."""
        with_scipy = "scipy.linalg" in sys.modules
        if self._found is None or with_scipy != self._with_scipy:
            self._found, self._with_scipy = ThreadpoolController(), with_scipy
        return self._found


def _let_any_thread_set(libraries: ThreadpoolController) -> None:
    """With newer threadpoolctl the first thread that sets a limit of OpenBLAS is the only one that may: what
    others set does nothing, and says nothing, until it is let go."""
    for library in libraries.lib_controllers:
        if clear := getattr(library, "clear_controlling_thread", None):
            clear(force=True)


one_blas_thread = _OneBlasThread()
