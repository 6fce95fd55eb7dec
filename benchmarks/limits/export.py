"""Writing what a version says of every picture into a file. The library is `benchmarks.limits.million`'s."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from benchmarks.limits import million
from benchmarks.limits.rows import Rows, compared
from concepts.results.library import picture_count
from concepts.results.rules import write_table_to
from concepts.results.trained import list_versions, train
from concepts.rooms import open_app
from concepts.settings import load_settings


def rows(folder: Path, count: int) -> Rows:
    """Of a library of `count` pictures, which is built in the folder unless one is there."""
    bench = open_app(load_settings(home=million.library(folder, count)))
    try:
        if not list_versions(bench.concept(million.CONCEPT)):
            bench.concept(million.CONCEPT).begin(train).wait()
        for suffix in ("csv", "parquet"):
            out, again = folder / f"scores.{suffix}", folder / f"again.{suffix}"
            write_table_to(bench, out).wait()
            columns = _columns(out)
            assert columns.num_rows == picture_count(bench)

            def least(columns: pa.Table = columns, again: Path = again) -> None:
                if again.suffix == ".csv":
                    pyarrow.csv.write_csv(columns, again)
                else:
                    pyarrow.parquet.write_table(columns, again)

            yield compared(
                f"export scores of {count:,} × {million.DIMENSION}, {suffix}",
                3,
                lambda out=out: write_table_to(bench, out).wait(),  # type: ignore[misc]
                "pyarrow writing the same columns",
                least,
                repeats=5,
                warm=False,
            )
    finally:
        bench.close()


def _columns(file: Path) -> pa.Table:
    """In memory, with the types they were written from."""
    if file.suffix == ".parquet":
        return pyarrow.parquet.read_table(file).combine_chunks()
    return pyarrow.csv.read_csv(file).combine_chunks()
