"""The vectors in the memory of a GPU, where there is one with room for them: a pass over all is made there.

Not tried on a GPU, as none was to be had: in the tests PyTorch's other device, the processor, stands in.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np

from storage.vectors.ids import Floats, Halves, Rows
from storage.vectors.products import Multiply, on_processor

SHARE = 0.5  # of the memory that is free: the encoder needs some, too
BLOCK_BYTES = 128 * 1024**2  # of vectors that are float32 at a time

log = logging.getLogger(__name__)


class OnGpu:
    """Holds the rows of one file, which grows and in which nothing is moved: only new ones are sent there."""

    def __init__(
        self, find: Callable[[], Any] | None = None, room: Callable[[Any], int] | None = None
    ) -> None:
        """`find`: PyTorch's device or None, `room`: bytes that are free on it; where others stand in."""
        self._find, self._room = find or gpu, room or free_bytes
        self._lock = threading.Lock()
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
    """As `storage.vectors.products.multiplied`."""
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
