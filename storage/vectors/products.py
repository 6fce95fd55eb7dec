"""Products of half-precision vectors with weights, as fast as those of a matrix in the weights' precision."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Lock
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from storage.vectors.ids import Floats, Halves, Rows

SMALL = 1024**2  # bytes that are converted before ONNX Runtime is loaded for them
CHUNK = 4 * 1024**2  # bytes of what was converted: they stay in the cache until multiplied

Number = TypeVar("Number", np.float32, np.float64)


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


def multiplied(
    vectors: Halves, columns: NDArray[Number], rows: Rows | slice | None = None
) -> NDArray[Number]:
    """columns (d,) or (d, k) → vectors (m, d) · columns, (m,) or (m, k), in the precision of `columns`; of
    `rows` (n,) alone where given.

    The chunks are fixed, and each is the work of one thread, so the answer doesn't depend on how many there
    are.
    """
    if isinstance(rows, slice):
        vectors, rows = vectors[rows], None
    count = len(vectors if rows is None else rows)
    chunk = max(CHUNK // (columns.itemsize * vectors.shape[1]), 1)  # rows
    columns = np.ascontiguousarray(columns)
    out = np.empty((count, *columns.shape[1:]), dtype=columns.dtype)
    workers = os.cpu_count() or 1
    share = -(-count // (workers * chunk)) * chunk

    def multiply(first: int) -> None:
        # One buffer a thread: a new one for every chunk is taken from the system and given back each time.
        floats = np.empty((min(chunk, count), vectors.shape[1]), dtype=np.float32)
        wide = floats if columns.dtype == np.float32 else np.empty(floats.shape, dtype=columns.dtype)
        for start in range(first, min(first + share, count), chunk):
            part = slice(start, min(start + chunk, first + share, count))
            halves = vectors[part] if rows is None else np.take(vectors, rows[part], axis=0)
            n = len(halves)
            _convert(halves, floats[:n])
            if (
                wide is not floats
            ):  # by way of float32, for which processors have an instruction: half the time
                np.copyto(wide[:n], floats[:n])
            np.matmul(wide[:n], columns, out=out[part])

    with one_blas_thread:
        if count <= chunk:
            multiply(0)
            return out
        with ThreadPoolExecutor(workers) as pool:
            for _ in pool.map(multiply, range(0, count, share)):
                pass
    return out


def as_floats(vectors: Halves) -> Floats:
    """(n, d) in half precision → the same numbers in float32."""
    vectors = np.ascontiguousarray(vectors)
    floats = np.empty(vectors.shape, dtype=np.float32)
    _convert(vectors, floats)
    return floats


def _convert(halves: Halves, floats: Floats) -> None:
    """halves (n, d) → floats (n, d). Every half-precision number is a float32, so all ways give the same.
    NumPy converts them one by one, ONNX Runtime by the processor's own instruction in a tenth of the time."""
    if halves.nbytes < SMALL:
        np.copyto(floats, halves)
        return
    session = _cast()
    binding = session.io_binding()
    binding.bind_cpu_input("halves", np.ascontiguousarray(halves))
    binding.bind_output("floats", "cpu", 0, np.float32, floats.shape, floats.ctypes.data)
    session.run_with_iobinding(binding)


@cache
def _cast() -> Any:
    import onnxruntime
    from onnx import TensorProto, helper

    given = helper.make_tensor_value_info("halves", TensorProto.FLOAT16, ["n", "d"])
    gives = helper.make_tensor_value_info("floats", TensorProto.FLOAT, ["n", "d"])
    cast = helper.make_node("Cast", ["halves"], ["floats"], to=TensorProto.FLOAT)
    graph = helper.make_graph([cast], "cast", [given], [gives])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
