"""Vectors that somebody brings along, by the picture that each is of."""

from __future__ import annotations

from collections.abc import Sequence
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


class VectorTable:
    """names (n,): places of files, or ids of pictures; vectors (n, d)."""

    def __init__(self, names: Sequence[str], vectors: NDArray[np.floating[Any]], folder: Path) -> None:
        """Relative places count from `folder`. Raises `DiscernError`."""
        if vectors.ndim != 2 or len(vectors) != len(names):
            raise DiscernError(f"There are {len(names):,} names and vectors of the shape {vectors.shape}.")
        self.names = [name if _is_id(name) else absolute(folder / name) for name in names]
        self._vectors = vectors
        self._row = {name: row for row, name in enumerate(self.names)}
        if len(self._row) < len(self.names):
            raise DiscernError(f"{len(self.names) - len(self._row):,} pictures are named twice.")

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
    try:
        if file.suffix.lower() == ".parquet":
            return _of_parquet(file)
        if file.suffix.lower() != ".npy":
            raise DiscernError(f"{file.name}: vectors are read from .npy and .parquet files.")
        if ids is None:
            raise DiscernError(
                f"{file.name} doesn’t say which picture each vector is of. Give a file of their paths, too."
            )
        return VectorTable(
            _names(ids), np.load(file, mmap_mode="r", allow_pickle=False), ids.absolute().parent
        )
    except (ValueError, OSError, UnicodeError) as error:
        raise DiscernError(f"{file.name} can’t be read: {error}.") from error


def _of_parquet(file: Path) -> VectorTable:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(file)
    column = next((name for name in table.column_names if name.lower() in VECTORS), None)
    name = next((one for want in NAMES for one in table.column_names if one.lower() == want), None)
    if column is None or name is None:
        raise DiscernError(
            f"{file.name} has the columns {', '.join(table.column_names)}. Call them path (or id) and vector."
        )
    lists = table.column(column).combine_chunks()
    if (
        table.num_rows == 0
        or lists.null_count
        or not (
            pa.types.is_list(lists.type)
            or pa.types.is_large_list(lists.type)
            or pa.types.is_fixed_size_list(lists.type)
        )
    ):
        raise DiscernError(f"{file.name}: “{column}” holds no list of numbers in every row.")
    flat = lists.flatten().to_numpy(zero_copy_only=False)
    if len(flat) % table.num_rows:
        raise DiscernError(f"{file.name}: the vectors are of different lengths.")
    vectors = flat.reshape(table.num_rows, -1)
    return VectorTable(table.column(name).cast(pa.string()).to_pylist(), vectors, file.absolute().parent)


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
