"""The first hundred: with pictures left out, and by other engines, which are told beside it without a bar."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module  # what is compared need not be there
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.limits.rows import Row, Rows, compared, seconds_of
from benchmarks.limits.vectors import A_WRITE, TOP, made_up_vectors, write_all
from storage.vectors.stored import StoredIndex

REPEATS = 5
INDEXED = 20  # times fewer go into LanceDB's IVF, which takes long to make for a million
PROBED = 20  # partitions


def rows(folder: Path, count: int, dimension: int = 512) -> Rows:
    """`count` random unit vectors in half precision, in a folder that is empty."""
    ids, vectors = made_up_vectors(count, dimension)
    index = StoredIndex(folder / "index", "made-up", dimension)
    write_all(index, ids, vectors)
    floats = vectors.astype(np.float32)
    query = np.random.default_rng(1).standard_normal(dimension).astype(np.float32)
    copy = index.snapshot()
    most = copy.ids.without(ids[::100])
    what = f"first {TOP} of {count:,} × {dimension}"

    def product() -> None:
        np.argpartition(-(floats @ query), TOP)[:TOP]

    yield compared(
        f"{what}, 1 % left out",
        2,
        lambda: copy.search(query[None], TOP, most),
        "float32 product and argpartition",
        product,
    )
    index.delete(ids[::100])
    fewer = index.snapshot()
    yield compared(
        f"{what}, 1 % deleted",
        2,
        lambda: fewer.search(query[None], TOP),
        "float32 product and argpartition",
        product,
    )
    flat = _faiss(floats)
    if flat is not None:
        yield _beside(f"{what}, FAISS flat", lambda: flat.search(query[None], TOP), product)
    table = _lance(folder, "flat", floats)
    yield _beside(f"{what}, LanceDB flat", lambda: _search(table, query).to_arrow(), product)
    some = count // INDEXED
    table = _lance(folder, "ivf", floats[:some])
    made = seconds_of(lambda: _indexed(table, some))
    yield Row(f"make LanceDB's IVF_FLAT for {some:,} × {dimension}", (made,), (), None, "")
    yield _beside(
        f"first {TOP} of {some:,} × {dimension}, LanceDB IVF_FLAT",
        lambda: _search(table, query).nprobes(PROBED).to_arrow(),
        lambda: np.argpartition(-(floats[:some] @ query), TOP)[:TOP],
    )


def _beside(row: str, work: Callable[[], object], least: Callable[[], object]) -> Row:
    return compared(row, None, work, "float32 product and argpartition", least, REPEATS)


def _faiss(floats: NDArray[np.float32]) -> Any:
    try:
        faiss = import_module("faiss")
    except ImportError:
        print("FAISS: not installed")
        return None
    flat = faiss.IndexFlatIP(floats.shape[1])
    flat.add(floats)
    return flat


def _lance(folder: Path, name: str, floats: NDArray[np.float32]) -> Any:
    import lancedb
    import pyarrow as pa

    database = lancedb.connect(folder / name)
    width = floats.shape[1]
    schema = pa.schema([("row", pa.int64()), ("vector", pa.list_(pa.float16(), width))])

    def parts() -> Any:
        for start in range(0, len(floats), A_WRITE):
            part = floats[start : start + A_WRITE].astype(np.float16)
            values = pa.FixedSizeListArray.from_arrays(pa.array(part.reshape(-1)), width)
            numbers = pa.array(np.arange(start, start + len(part)))
            yield pa.RecordBatch.from_arrays([numbers, values], schema=schema)

    return database.create_table("vectors", parts(), schema=schema)


def _indexed(table: Any, count: int) -> None:
    # As many partitions as the root of the rows. Product quantisation (IVF_PQ) takes minutes more to make.
    table.create_index(metric="dot", index_type="IVF_FLAT", num_partitions=int(count**0.5))


def _search(table: Any, query: NDArray[np.float32]) -> Any:
    return table.search(query).distance_type("dot").select(["row", "_distance"]).limit(TOP)
