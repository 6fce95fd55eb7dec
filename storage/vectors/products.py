"""Products of half-precision vectors with weights, as fast as those of a matrix in the weights' precision.

Where there is a GPU with room for the vectors they are held in its memory, and a pass over all is made there.
Not tried on a GPU, as none was to be had: in the tests PyTorch's other device, the processor, stands in.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from threading import Lock
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from storage.vectors.ids import Floats, Halves, Rows

SHARE = 0.5  # of the memory of a GPU that is free: the encoder needs some, too
BLOCK_BYTES = 128 * 1024**2  # of vectors there that are float32 at a time
SMALL = 1024**2  # bytes that are converted before ONNX Runtime is loaded for them
CHUNK = 4 * 1024**2  # bytes of what was converted: they stay in the cache until multiplied

log = logging.getLogger(__name__)

Number = TypeVar("Number", np.float32, np.float64)

# The vectors are mapped for reading and are never written to through torch.
warnings.filterwarnings("ignore", message="The given NumPy array is not writable")


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


def multiplied(vectors: Halves, columns: NDArray[Number], rows: Rows | None = None) -> NDArray[Number]:
    """columns (d,) or (d, k) → vectors (m, d) · columns, (m,) or (m, k), in the precision of `columns`; of
    `rows` (n,) alone where given.

    The chunks are fixed, and each is the work of one thread, so the answer doesn't depend on how many there
    are.
    """
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


class Multiply(Protocol):
    """vectors (m, d), columns (d,) or (d, k) → products (m,) or (m, k), or of these rows alone."""

    def __call__(
        self,
        vectors: Halves,
        columns: Floats,
        rows: Rows | slice | None = None,
    ) -> Floats: ...


def on_processor(vectors: Halves, columns: Floats, rows: Rows | slice | None = None) -> Floats:
    if isinstance(rows, slice):
        return multiplied(vectors[rows], columns)
    return multiplied(vectors, columns, rows)


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


# On a GPU


class OnGpu:
    """Holds the rows of one file, which grows and in which nothing is moved: only new ones are sent there."""

    def __init__(
        self, find: Callable[[], Any] | None = None, room: Callable[[Any], int] | None = None
    ) -> None:
        """`find`: PyTorch's device or None, `room`: bytes that are free on it; where others stand in."""
        self._find, self._room = find or gpu, room or free_bytes
        self._lock = Lock()
        self._file = ""
        self._held: Any = None  # tensor (m, d) in half precision
        self._has_no_room = False

    def of(self, file: str) -> Multiply:
        """How the vectors of this file are multiplied, which changes nothing but the last bits."""
        return partial(self._multiplied, file)

    def let_go(self, but: str = "") -> None:
        """Of what is held, unless it is of this file: a picture that is gone for good shall be gone there."""
        with self._lock:
            if self._file != but:
                self._file, self._held = "", None

    def _multiplied(
        self,
        file: str,
        vectors: Halves,
        columns: Floats,
        rows: Rows | slice | None = None,
    ) -> Floats:
        device = self._find()
        if device is None or not len(vectors):
            return on_processor(vectors, columns, rows)
        import torch

        try:
            held = self._up_to(file, vectors, device)
            return on_processor(vectors, columns, rows) if held is None else _products(held, columns, rows)
        except (torch.OutOfMemoryError, torch.AcceleratorError) as error:
            log.warning("The vectors are multiplied on the processor: %s", error)
            with self._lock:
                self._held, self._has_no_room = None, True
            return on_processor(vectors, columns, rows)

    def _up_to(self, file: str, vectors: Halves, device: Any) -> Any:
        """(n, d) on the device, of all n vectors; None where there is no room for them."""
        import torch

        with self._lock:
            if file != self._file:
                self._file, self._held, self._has_no_room = file, None, False
            if self._has_no_room:
                return None
            there = 0 if self._held is None else len(self._held)
            if there < len(vectors):
                # While it grows both are there.
                if vectors.nbytes > SHARE * self._room(device):
                    self._held, self._has_no_room = None, True
                    return None
                held = torch.empty(vectors.shape, dtype=torch.float16, device=device)
                if there:
                    held[:there] = self._held
                step = max(BLOCK_BYTES // (vectors.itemsize * vectors.shape[1]), 1)
                for start in range(there, len(vectors), step):
                    held[start : start + step] = torch.from_numpy(vectors[start : start + step])
                self._held = held
            return self._held[: len(vectors)]


def _products(held: Any, columns: Floats, rows: Rows | slice | None) -> Floats:
    """As `multiplied`."""
    import torch

    with torch.inference_mode():
        weights = torch.from_numpy(np.ascontiguousarray(columns)).to(held.device)
        picked = None
        if isinstance(rows, slice):
            held = held[rows]
        elif rows is not None:
            picked = torch.from_numpy(np.ascontiguousarray(rows, dtype=np.int64)).to(held.device)
        count = len(held) if picked is None else len(picked)
        found = torch.empty((count, *columns.shape[1:]), device=held.device)
        step = max(BLOCK_BYTES // (columns.itemsize * held.shape[1]), 1)
        for start in range(0, count, step):
            part = slice(start, min(start + step, count))
            some = held[part] if picked is None else held.index_select(0, picked[part])
            torch.matmul(some.float(), weights, out=found[part])
        products: Floats = found.cpu().numpy()
    return products


def gpu() -> Any:
    """PyTorch's device, None where there is none. It isn't looked for before an encoder has loaded PyTorch,
    which takes seconds."""
    return _gpu() if "torch" in sys.modules else None


@cache
def _gpu() -> Any:
    import torch

    if not torch.cuda.is_available():
        return None
    torch.set_float32_matmul_precision("highest")  # with fewer bits a true hit might be cut off
    return torch.device("cuda")


def free_bytes(device: Any) -> int:
    """Bytes that are free."""
    import torch

    return int(torch.cuda.mem_get_info(device)[0])
