"""A bundle, or every finished concept, over many pictures → a CSV or Parquet file, in flat memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from concepts.bundle.load import Bundle
from concepts.bundle.reading import printable
from concepts.bundle.scorer import Outputs, sigmoid
from concepts.errors import DiscernError
from concepts.learning.base import LinearHead, StackedHeads
from storage.csv_files import FORMULA, FORMULA_BEGINS, escaped

ROWS_AT_ONCE = 65_536  # Parquet keeps facts of every row group until the end: few large ones stay small

FLUSHED_EVERY = 0.1  # seconds
SUFFIXES = (".csv", ".parquet")

_BEGINS = np.isin(np.arange(256), [ord(letter) for letter in FORMULA_BEGINS])

Texts: TypeAlias = "Sequence[str] | pa.StringArray"
Rows: TypeAlias = Generator[pa.RecordBatch, None, None]  # closed by whoever stops before the end


@dataclass(frozen=True)
class ScoreCounts:
    rows: int
    yes: int  # of the first column


def schema_of(bundle: Bundle, *, of_files: bool = False) -> pa.Schema:
    """id, path, score 0..1 and decision yes/no; of several concepts the last two for each, with its name;
    of a graded one also its grade. `of_files`: then why one can't be read. Last, of each concept that knows
    it, its familiarity: below 0 where a picture is unlike all that was labelled."""
    graded = {concept.concept for concept in bundle.facts.concepts if concept.grades}
    several = len(bundle.columns) > 1
    fields = [("id", pa.string()), ("path", pa.string())]
    for name in bundle.columns:
        mark = f"{name}: " if several else ""
        fields += [(f"{mark}score", pa.float64()), (f"{mark}decision", pa.string())]
        fields += [(f"{mark}grade", pa.float64())] if name in graded else []
    fields += [("error", pa.string())] if of_files else []
    fields += [
        (f"{name}: familiarity" if several else "familiarity", pa.float64()) for name in bundle.facts.familiar
    ]
    return pa.schema(fields)


def score_rows(bundle: Bundle, said: Iterable[tuple[Texts, Texts, Outputs]]) -> Rows:
    """(ids, paths, what the bundle says of these n pictures) → batches of `schema_of`, in the same order."""
    schema = schema_of(bundle)
    graded = [concept.concept for concept in bundle.facts.concepts if concept.grades]
    for ids, paths, found in said:
        columns = _ids_and_paths(ids, paths, found.probability)
        for place, name in enumerate(bundle.columns):
            columns += [_numbers(found.probability[:, place]), _yes_no(found.decision[:, place])]
            if name in graded:
                columns.append(_numbers(found.grade[:, graded.index(name)]))
        columns += map(_numbers, found.familiarity.T)
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def file_rows(
    bundle: Bundle, said: Iterable[tuple[Texts, Texts, Outputs, Sequence[tuple[str, str]]]]
) -> Rows:
    """As `score_rows`, with (path, why) of each file that can't be read: a row after those of its batch."""
    schema = schema_of(bundle, of_files=True)
    for ids, paths, found, bad in said:
        for batch in score_rows(bundle, [(ids, paths, found)]):
            yield batch.append_column("error", pa.nulls(len(batch), pa.string())).select(schema.names)
        if bad:
            known = {"path": path_texts([path for path, _ in bad]), "error": [why for _, why in bad]}
            columns = [pa.array(known.get(field.name, [None] * len(bad)), field.type) for field in schema]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)


@dataclass(frozen=True)
class Column:
    """A concept of a table of all finished ones, and the version that speaks for it. `looks_at`: for ids,
    whether it looks at each of them, and it says nothing of the others; None where it looks at all."""

    concept: str
    version: int
    head: LinearHead
    looks_at: Callable[[Sequence[str]], Sequence[bool]] | None = None


def table_schema(columns: Sequence[Column], *, as_csv: bool) -> pa.Schema:
    """id, path, and of each concept its score 0..1, decision yes/no and version, with its name before a
    colon. No name is a formula of a spreadsheet program in a CSV file."""
    fields = [("id", pa.string()), ("path", pa.string())]
    kinds = {"score": pa.float64(), "decision": pa.string(), "version": pa.int32()}
    for column in columns:
        name = escaped(column.concept) if as_csv else column.concept
        fields += [(f"{name}: {what}", kind) for what, kind in kinds.items()]
    return pa.schema(fields)


def table_rows(
    columns: Sequence[Column], schema: pa.Schema, batches: Iterable[tuple[Texts, Texts, NDArray[np.floating]]]
) -> Rows:
    """(ids, paths, vectors · the columns of the heads, stacked) → batches in the same order."""
    heads = StackedHeads([column.head for column in columns])
    for ids, paths, products in batches:
        probability = sigmoid(heads.joined(products))
        found = _ids_and_paths(ids, paths, probability)
        for column, own in zip(columns, probability.T, strict=True):
            outside = None
            if column.looks_at is not None:
                outside = ~np.array(column.looks_at(found[0].to_pylist()), bool)
            version = np.full(len(ids), column.version, np.int32)
            yes = own >= column.head.threshold
            found += [_numbers(own, outside), _yes_no(yes, outside), _numbers(version, outside)]
        yield pa.RecordBatch.from_arrays(found, schema=schema)


def _ids_and_paths(ids: Texts, paths: Texts, probability: Any) -> list[pa.Array]:
    """Raises `DiscernError` for a picture of which nothing can be said."""
    known = np.isfinite(probability).all(axis=1)
    if not known.all():
        raise DiscernError(f"The vector of picture {ids[int(np.argmin(known))]} is damaged.")
    return [pa.array(ids, pa.string()), path_texts(paths)]


def _numbers(values: Any, outside: Any = None) -> pa.Array:
    return pa.array(np.ascontiguousarray(values), mask=outside)


def _yes_no(yes: Any, outside: Any = None) -> pa.Array:
    return pc.if_else(_numbers(yes, outside), "yes", "no")


def write_scores(rows: Iterable[pa.RecordBatch], schema: pa.Schema, out: Path) -> ScoreCounts:
    """Stream to `out` (.csv or .parquet). It appears there, or replaces what was, only once complete."""
    if out.suffix.lower() not in SUFFIXES:
        raise DiscernError(f"Scores can be written as .csv or .parquet, not as {out.name!r}.")
    if out.is_dir():
        raise DiscernError(f"{out} is a folder. Name a .csv or .parquet file in it.")
    partial = out.with_name(f".{out.name}.partial")  # the next run to the same place overwrites a left-over
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        # A file of Python's would wait for the interpreter.
        with pa.OSFile(str(partial), "wb") as stream, _on_its_way_to_disk(partial):
            counts = _write(rows, schema, stream, out.suffix.lower())
        with partial.open("rb+") as written:
            os.fsync(written.fileno())
        partial.replace(out)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else error  # Arrow's own words are not for people
        raise DiscernError(f"The scores can't be written to {out}: {why}.") from error
    finally:
        partial.unlink(missing_ok=True)
    return counts


def without_pictures(file: Path, ids: Collection[str], paths: Collection[str]) -> ScoreCounts:
    """Writes a file of scores anew without the rows of pictures with these ids or paths; counts what is left.
    Raises `pa.ArrowException`, `KeyError` or `UnicodeError` where it is none."""
    if file.suffix not in SUFFIXES:
        raise KeyError(file.suffix)
    gone = {"id": pa.array(sorted(ids), pa.string()), "path": path_texts(sorted(paths))}
    batches, schema = _read(file)

    def left() -> Iterator[pa.RecordBatch]:
        for batch in batches:
            is_gone = [pc.is_in(batch[name], values) for name, values in gone.items()]
            yield batch.filter(pc.invert(pc.or_(*is_gone)))

    return write_scores(left(), schema, file)


def _read(file: Path) -> tuple[Iterable[pa.RecordBatch], pa.Schema]:
    """What `write_scores` wrote."""
    if file.suffix == ".parquet":
        opened = pa.parquet.ParquetFile(file)
        return opened.iter_batches(ROWS_AT_ONCE), opened.schema_arrow
    with pa.csv.open_csv(file) as guessed:
        names = guessed.schema.names
    schema = pa.schema([(name, _kind(name)) for name in names])
    reader = pa.csv.open_csv(
        file,
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(
            column_types=schema, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
        ),
    )
    return map(_with_formulas, reader), schema


def _kind(column: str) -> pa.DataType:
    text = column in ("id", "path", "error") or column.endswith("decision")
    return pa.string() if text else pa.int32() if column.endswith("version") else pa.float64()


def _with_formulas(batch: pa.RecordBatch) -> pa.RecordBatch:
    """As it was before `_without_formulas`."""
    place = batch.schema.get_field_index("path")
    restored = pc.replace_substring_regex(batch["path"], f"^'({FORMULA})", r"\1")
    return batch.set_column(place, "path", restored)


@contextmanager
def _on_its_way_to_disk(file: Path) -> Iterator[None]:
    """What is written goes to the disk while more is worked out: else all of it waits for the end. Raises
    what the disk says of it, as it says so once and not to whoever asks at the end."""
    ended = threading.Event()

    def flush() -> None:
        with file.open("rb+") as written:
            while not ended.wait(FLUSHED_EVERY):
                os.fsync(written.fileno())

    with ThreadPoolExecutor(1) as thread:
        flushing = thread.submit(flush)
        try:
            yield
        finally:
            ended.set()
        flushing.result()


def _write(rows: Iterable[pa.RecordBatch], schema: pa.Schema, stream: Any, suffix: str) -> ScoreCounts:
    total = yes = 0
    if suffix == ".parquet":
        # A dictionary of what hardly two rows share is a fifth of the writing, and makes the file larger.
        words = [field.name for field in schema if not pa.types.is_floating(field.type)]
        often = [name for name in words if name not in ("id", "path")]
        opened = pa.parquet.ParquetWriter(stream, schema, use_dictionary=often)
    else:
        # So many rows at a time take a tenth less than Arrow's 1,024, and the file is the same.
        options = pa.csv.WriteOptions(batch_size=4096)
        opened = pa.csv.CSVWriter(stream, schema, write_options=options)
    with opened as writer:
        for table in _gathered(rows, schema):
            writer.write_table(table if suffix == ".parquet" else _without_formulas(table))
            total += table.num_rows
            yes += pc.sum(pc.equal(table.column(3), "yes")).as_py() or 0
    return ScoreCounts(total, yes)


def _without_formulas(table: pa.Table) -> pa.Table:
    if not any(_may_be_formulas(chunk) for chunk in table["path"].chunks):
        return table  # as good as always
    place = table.schema.get_field_index("path")
    escaped = pc.replace_substring_regex(table["path"], f"^({FORMULA})", r"'\1")
    return table.set_column(place, table.schema.field("path"), escaped)


def _may_be_formulas(texts: pa.StringArray) -> bool:
    """By their first bytes: to ask Arrow for the first letter of each is a fifth of the writing."""
    ends = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset :][: len(texts) + 1]
    first = ends[:-1][ends[1:] > ends[:-1]]
    return bool(len(first)) and bool(_BEGINS[np.frombuffer(texts.buffers()[2], np.uint8)[first]].any())


def _gathered(rows: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """Small batches joined to about `ROWS_AT_ONCE` rows."""
    waiting: list[pa.RecordBatch] = []
    count = 0
    for batch in rows:
        waiting.append(batch)
        count += batch.num_rows
        if count >= ROWS_AT_ONCE:
            yield pa.Table.from_batches(waiting, schema)
            waiting, count = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting, schema)


def path_texts(paths: Texts) -> pa.Array:
    """Bytes of a path that are not UTF-8 are written as \\xNN: one such name must not stop a million rows."""
    try:
        return pa.array(paths, pa.string())
    except UnicodeEncodeError:
        return pa.array([printable(path) for path in paths], pa.string())
