"""Vectors that somebody brings along, by the picture that each is of."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from concepts.encoders.base import Encoder, Vectors, as_stored, knows_words, unit
from concepts.errors import DiscernError
from concepts.library.ingestion import EncoderHandle, Prepared, Processed, ProcessedFile, embed_files
from storage.csv_files import delimiter_of, encoding_of
from storage.pictures.files import SkippedFile
from storage.pictures.sources import absolute

VECTORS, NAMES = ("vector", "vectors", "embedding", "embeddings"), ("path", "filepath", "file", "id")
CHECKED = 20  # pictures that are embedded again where an encoder is named
ALIKE = 0.98  # cosine of each, at least: another resizing or half precision leaves that much
LITTLE, PACKED = 64 * 2**20, 100  # a Parquet file may unpack to so many bytes, or so many times its size


class VectorTable:
    """names (n,): places of files, or ids of pictures; vectors (n, d)."""

    def __init__(self, names: Sequence[str], vectors: NDArray[np.floating[Any]], folder: Path) -> None:
        """Relative places count from `folder`. Raises `DiscernError`."""
        if vectors.ndim != 2 or len(vectors) != len(names) or not vectors.size:
            raise DiscernError(
                f"There are {len(names):,} names and vectors of the shape {vectors.shape}. "
                "Nothing was added; give one name for each vector."
            )
        self.names = [name if _is_id(name) else absolute(folder / name) for name in names]
        self._vectors = vectors
        self._row = {name: row for row, name in enumerate(self.names)}
        if len(self._row) < len(self.names):
            twice = len(self.names) - len(self._row)
            raise DiscernError(f"{twice:,} pictures are named twice. Keep one vector of each.")

    @property
    def dimension(self) -> int:
        return int(self._vectors.shape[1])

    @property
    def files(self) -> list[Path]:
        return [Path(name) for name in self.names if not _is_id(name)]

    def of(self, *names: str) -> Vectors | None:
        """(d,), unit length, of the first of these names that has one; None where none has one of use."""
        row = next((self._row[name] for name in names if name in self._row), None)
        if row is None:
            return None
        vector = np.asarray(self._vectors[row], np.float32)
        return as_stored(unit(vector)) if np.isfinite(vector).all() and vector.any() else None

    def check(self, encoder: Encoder) -> None:
        """Embeds some of the pictures again. Raises `DiscernError` where the vectors aren't from it."""
        files = self.files
        some = [files[i] for i in np.linspace(0, len(files) - 1, min(CHECKED, len(files))).astype(int)]
        if self.dimension != encoder.dimension:
            raise DiscernError(
                f"{encoder.name} has vectors of {encoder.dimension:,} numbers; these have {self.dimension:,}."
            )
        if not knows_words(encoder.name):
            return  # what nobody can embed again
        least, compared = 1.0, 0
        for _, places, vectors, _ in embed_files([one for one in some if one.exists()], encoder):
            for place, vector in zip(places, vectors, strict=True):
                given = self.of(place)
                if given is not None:
                    least, compared = min(least, float(unit(vector) @ unit(given))), compared + 1
        if not compared:
            raise DiscernError("None of the pictures to compare can be read.")
        if least < ALIKE:
            raise DiscernError(
                f"These vectors don’t match {encoder.name}: of {compared} pictures embedded again, one has a "
                f"similarity of {least:.2f}. Leave out the encoder to keep them without text search."
            )


def read_vectors(file: Path, ids: Path | None) -> VectorTable:
    """A Parquet file with a column of vectors and one of paths or ids, or a .npy (n, d) with names in `ids`,
    a line each or in a CSV's column. Raises `DiscernError`."""
    for one in filter(None, (file, ids)):
        if not one.is_file():  # a pipe may keep its reader for ever
            raise DiscernError(f"There is no file {one}. Check the spelling.")
    if file.suffix.lower() == ".parquet":
        with _in_words(file):
            return VectorTable(*_of_parquet(file), file.absolute().parent)
    if file.suffix.lower() != ".npy":
        raise DiscernError(f"{file.name}: vectors are read from .npy and .parquet files.")
    if ids is None:
        raise DiscernError(
            f"{file.name} doesn’t say which picture each vector is of. Give a file of their paths, too."
        )
    with _in_words(ids):
        names = _names(ids)
    with _in_words(file):
        vectors = np.lib.format.open_memmap(file, mode="r")
        if vectors.dtype.kind not in "fiub":
            raise ValueError(f"it holds {vectors.dtype}, not real numbers")
        return VectorTable(names, vectors, ids.absolute().parent)


@contextmanager
def _in_words(file: Path) -> Iterator[None]:
    try:
        yield
    except DiscernError:
        raise
    except MemoryError as error:
        raise DiscernError(f"{file.name} doesn’t fit in memory. Add its vectors in several files.") from error
    except Exception as error:  # hostile bytes make NumPy and pyarrow raise nearly anything
        why = " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
        raise DiscernError(
            f"{file.name} can’t be read: {why}. Nothing was added; write the file again."
        ) from error


def _of_parquet(file: Path) -> tuple[list[str], NDArray[np.float32]]:
    """Names and vectors, a batch at a time. How much they are the file says before any is read: a small one
    may unpack to anything."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pq.read_schema(file)
    columns = schema.names
    column = next((name for name in columns if name.lower() in VECTORS), None)
    name = next((one for want in NAMES for one in columns if one.lower() == want), None)
    if column is None or name is None:
        raise DiscernError(
            f"{file.name} has the columns {', '.join(columns)[:1000]}. Call them path (or id) and vector."
        )
    if pa.types.is_nested(schema.field(name).type):
        raise DiscernError(f"{file.name}: “{name}” holds no paths. Write one path, or id, in every row.")
    names: dict[str, None] = {}
    with pq.ParquetFile(file, read_dictionary=[name]) as table:  # a name that stands there often, once
        rows = table.metadata.num_rows
        numbers, unpacked = _sizes(file, column, name)
        kind, types = schema.field(column).type, pa.types
        is_list = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
        are_numbers = (types.is_floating, types.is_integer, types.is_boolean)
        if rows == 0 or not is_list or not any(one(kind.value_type) for one in are_numbers):
            raise DiscernError(f"{file.name}: “{column}” holds no list of numbers in every row.")
        if (held := max(4 * numbers, unpacked)) > max(LITTLE, PACKED * file.stat().st_size):
            raise ValueError(f"it unpacks to {held / 2**20:,.0f} MB, which no vectors of its size do")
        vectors = np.empty((rows, numbers // rows), np.float32)
        for batch in table.iter_batches(max(2**20 // vectors.shape[1], 1), columns=[name, column]):
            lists = batch.column(column)
            if lists.null_count or batch.column(name).null_count:
                empty = column if lists.null_count else name
                raise DiscernError(f"{file.name}: a row has no “{empty}”. Leave it out or fill it in.")
            if lists.value_lengths().unique().to_pylist() != [vectors.shape[1]]:
                raise DiscernError(f"{file.name}: the vectors are of different lengths.")
            flat = lists.flatten().cast(pa.float32(), safe=False).to_numpy(zero_copy_only=False)
            begun = len(names)
            vectors[begun : begun + len(batch)] = flat.reshape(len(batch), -1)
            names |= dict.fromkeys(_texts(batch.column(name)))
            if len(names) < begun + len(batch):
                raise DiscernError(f"{file.name}: a picture is named twice. Keep one vector of each.")
    if len(names) != rows:
        raise ValueError("it is cut off")
    return list(names), vectors


def _sizes(file: Path, *columns: str) -> tuple[int, int]:
    """Return how many values the first column holds, and how many bytes these columns unpack to.

    A child process reads them, because pyarrow 26.0 aborts on damaged column metadata. Raises `ValueError`.
    """
    command = [sys.executable, "-P", "-c", _SIZES, str(file.absolute()), *columns]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    asked = subprocess.run(command, capture_output=True, env=environment, check=False)
    if asked.returncode:
        raise ValueError("the metadata of its columns is damaged")
    values, unpacked = map(int, asked.stdout.split())
    return values, unpacked


_SIZES = """
import sys
from pyarrow.parquet import ParquetFile

file, *columns = sys.argv[1:]
metadata = ParquetFile(file).metadata
groups = map(metadata.row_group, range(metadata.num_row_groups))
chunks = [group.column(place) for group in groups for place in range(group.num_columns)]
of = [(chunk.path_in_schema.split(".")[0], chunk) for chunk in chunks]
print(
    sum(chunk.num_values for name, chunk in of if name == columns[0]),
    sum(chunk.total_uncompressed_size for name, chunk in of if name in columns),
)
"""


def _texts(column: Any) -> Iterator[str]:
    """A column's values. One that stands there often is one object."""
    import pyarrow as pa

    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    known = column.dictionary.cast(pa.string()).to_pylist()
    return (known[place] for place in column.indices.to_pylist())


def _names(file: Path) -> list[str]:
    import csv

    if file.suffix.lower() != ".csv":
        return [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    with file.open(newline="", encoding=encoding_of(file)) as stream:
        delimiter, header = delimiter_of(stream, lambda columns: bool(set(columns) & set(NAMES)))
        column = next((header.index(name) for name in NAMES if name in header), None)
        if column is None:
            raise DiscernError(f"{file.name} has no column path or id.")
        stream.seek(0)
        rows = csv.reader(stream, delimiter=delimiter)
        next(rows)
        return [row[column] for row in rows if len(row) > column]


def _is_id(name: str) -> bool:
    return len(name) == 64 and all(one in "0123456789abcdef" for one in name)


class GivenHandle(EncoderHandle):
    """In place of an encoder's vectors, those of a table; a picture that has none there is skipped."""

    def __init__(self, encoder: Encoder, cache: Path, table: VectorTable) -> None:
        super().__init__(encoder, cache)
        self._table = table

    def embedded(self, prepared: Sequence[Prepared], pixels: Sequence[Any]) -> list[Processed]:
        found: list[Processed] = []
        for source, facts, small, keywords in prepared:
            vector = self._table.of(source.uri, facts.id)
            if vector is None:
                why = "It has no vector, or one of zeros or missing numbers."
                found.append(SkippedFile(source.uri, "no vector", why, source.size, source.mtime_ns))
            else:
                found.append(ProcessedFile(source, facts, small, vector, keywords))
        return found
