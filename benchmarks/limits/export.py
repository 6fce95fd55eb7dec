"""Writing what a version says of every picture into a file. Pictures, places and vectors are made up."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from benchmarks.limits.rows import Rows, compared
from benchmarks.synthetic_library import write
from concepts.settings import load_settings
from concepts.workbench import Workbench
from storage.heads import StoredHead
from storage.library import LibraryEncoder
from storage.tables import PictureRow, SourceRow

AT_ONCE = 20_000
A_FOLDER = 1_000
FINGERPRINT = "made-up"
CONCEPT = "Made-up"
ADDED = datetime(2024, 1, 1, tzinfo=UTC)


def rows(folder: Path, count: int, dimension: int = 512) -> Rows:
    """`count` pictures in a folder that is empty."""
    bench = Workbench(load_settings(home=folder / "home"))
    try:
        _fill(bench, count, dimension)
        for suffix in ("csv", "parquet"):
            out, again = folder / f"scores.{suffix}", folder / f"again.{suffix}"
            bench.score_tables.write(out)
            columns = _columns(out)
            assert columns.num_rows == count

            def least(columns: pa.Table = columns, again: Path = again) -> None:
                if again.suffix == ".csv":
                    pyarrow.csv.write_csv(columns, again)
                else:
                    pyarrow.parquet.write_table(columns, again)

            yield compared(
                f"export scores of {count:,} × {dimension}, {suffix}",
                3,
                lambda out=out: bench.score_tables.write(out),  # type: ignore[misc]
                "pyarrow writing the same columns",
                least,
                repeats=2,
                warm=False,
            )
    finally:
        bench.context.close()


def _fill(bench: Workbench, count: int, dimension: int) -> None:
    rng = np.random.default_rng(0)
    context = bench.context
    context.collection.library.set_encoder(LibraryEncoder("embedded", "float32", FINGERPRINT, dimension))
    ids = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(count)]
    index = context.collection.index()  # before there are pictures, whose vectors it would miss
    for start in range(0, count, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, count))
        write(context.database, PictureRow, [_picture(ids[n], n) for n in numbers])
        write(context.database, SourceRow, [_source(ids[n], n) for n in numbers])
        part = rng.standard_normal((len(numbers), dimension), dtype=np.float32)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
        index.write(ids[start : start + AT_ONCE], part)
    concept = bench.definitions.create_concept(CONCEPT, "Made up, as its version is.")
    head = StoredHead(
        number=1,
        definition_number=1,
        kind="made-up",
        fingerprint=FINGERPRINT,
        label_sequence=0,
        created=ADDED,
        weights=rng.standard_normal(dimension).astype("<f8").tobytes(),
        bias=0.0,
        threshold=0.5,
        details={},
    )
    context.heads.add(concept.id, head)


def _place(number: int) -> str:
    return f"/made-up/{number // A_FOLDER:04}/{number:07}.jpg"


def _picture(own: str, number: int) -> dict[str, object]:
    return {
        "id": own,
        "bytes": 1000,
        "format": "JPEG",
        "width": 640,
        "height": 480,
        "perceptual_hash": own[:16],
        "near_group": own,
        "added": ADDED,
        "name": f"{number:07}.jpg",
        "taken": 0,
    }


def _source(own: str, number: int) -> dict[str, object]:
    return {"uri": _place(number), "picture_id": own, "size": 1000, "mtime_ns": 0, "added": ADDED}


def _columns(file: Path) -> pa.Table:
    """In memory, with the types they were written from."""
    if file.suffix == ".parquet":
        return pyarrow.parquet.read_table(file).combine_chunks()
    return pyarrow.csv.read_csv(file).combine_chunks()
