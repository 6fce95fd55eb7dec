"""What every finished concept says of every picture, as one table in flat memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from concepts.bundle.score import Rows, Texts, path_texts
from concepts.errors import DiscernError
from concepts.learning.base import LinearHead
from storage.csv_files import escaped

Batches = Iterable[tuple[Texts, Texts, NDArray[np.float64]]]


@dataclass(frozen=True)
class Column:
    """A concept of the table, and the version that speaks for it. `looks_at`: for ids, whether it looks at
    each of them, and it says nothing of the others; None where it looks at all."""

    concept: str
    version: int
    head: LinearHead
    looks_at: Callable[[Sequence[str]], Sequence[bool]] | None = None


def schema_of(columns: Sequence[Column], *, as_csv: bool) -> pa.Schema:
    """id, path, and of each concept its probability 0..1, decision yes/no and version, with its name before
    a colon. No name is a formula of a spreadsheet program in a CSV file."""
    fields = [("id", pa.string()), ("path", pa.string())]
    for column in columns:
        name = escaped(column.concept) if as_csv else column.concept
        fields += [
            (f"{name}: probability", pa.float64()),
            (f"{name}: decision", pa.string()),
            (f"{name}: version", pa.int32()),
        ]
    return pa.schema(fields)


def weights(columns: Sequence[Column]) -> NDArray[np.float64]:
    """(d, k) of the heads, which must be for the vectors they are multiplied with."""
    return np.stack([column.head.weights for column in columns], axis=1)


def table_rows(columns: Sequence[Column], schema: pa.Schema, batches: Batches) -> Rows:
    """(ids, paths, vectors · `weights` (n, k)) → batches in the same order."""
    bias = np.array([column.head.bias for column in columns])
    thresholds = np.array([column.head.threshold for column in columns])
    for ids, paths, products in batches:
        logits = products + bias
        probability = 1 / (1 + np.exp(-np.clip(logits, -60, 60)))
        known = np.isfinite(probability).all(axis=1)
        if not known.all():
            raise DiscernError(f"The vector of picture {ids[int(np.argmin(known))]} is damaged.")
        found: list[Any] = [pa.array(ids, pa.string()), path_texts(paths)]
        for place, column in enumerate(columns):
            yes = probability[:, place] >= thresholds[place]
            outside = None
            if column.looks_at is not None:
                outside = ~np.array(column.looks_at(pa.array(ids, pa.string()).to_pylist()), bool)
            found.append(pa.array(np.ascontiguousarray(probability[:, place]), mask=outside))
            found.append(pc.if_else(pa.array(yes, mask=outside), "yes", "no"))
            found.append(pa.array(np.full(len(ids), column.version, np.int32), mask=outside))
        yield pa.RecordBatch.from_arrays(found, schema=schema)
