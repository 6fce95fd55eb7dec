"""Parquet, read in flat memory: tables of the `datasets` library, and those of LAION and img2dataset."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Final

import pyarrow as pa
import pyarrow.parquet as pq

from concepts.errors import DiscernError
from concepts.labelling.formats.base import (
    ABOUT,
    CAPTION,
    TOO_MUCH,
    LabelledPicture,
    Written,
    check_rows,
    columns_of,
    first_line,
    given_rows,
    text_of,
    written,
)
from concepts.labelling.rows import RawRow
from concepts.registry import Method

ROWS_AT_ONCE: Final = 1024
MOST_COLUMNS: Final = 200
_DAMAGE: Final = (pa.ArrowException, OSError, UnicodeError, OverflowError, ValueError)

LABELS: Final = ("label", "labels", "answer", "class", "target")
PLACES: Final = ("path", "image", "file_name", "image_path", "filepath", "file", "filename")
CLASSES: Final = ("no", "yes", "unsure")  # by number: no is 0 and yes is 1
WRITTEN_AT_ONCE: Final = 20_000
_ANSWER: Final = ("value", *ABOUT)
SCHEMA: Final = pa.schema(
    [
        ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        ("label", pa.int64()),
        ("id", pa.string()),
        ("path", pa.string()),
        ("score", pa.float64()),
        ("decision", pa.string()),
        ("version", pa.int64()),
        ("answers", pa.list_(pa.struct([(name, pa.string()) for name in _ANSWER]))),
        (CAPTION, pa.string()),
    ]
)
_TEXT: Final = {"dtype": "string", "_type": "Value"}
FEATURES: Final = {
    "image": {"_type": "Image"},
    "label": {"names": list(CLASSES), "_type": "ClassLabel"},
    "id": _TEXT,
    "path": _TEXT,
    "score": {"dtype": "float64", "_type": "Value"},
    "decision": _TEXT,
    "version": {"dtype": "int64", "_type": "Value"},
    "answers": {"feature": dict.fromkeys(_ANSWER, _TEXT), "_type": "List"},
    CAPTION: _TEXT,
}
CAPTIONS: Final = ("caption", "TEXT", "text")
ADDRESSES: Final = ("url", "URL")
FOLDER: Final = 5  # digits of a key that are its shard, as img2dataset counts them
PICTURES: Final = (".jpg", ".png", ".webp")  # that it writes
# What says how a picture was fetched, or what the library knows better; and its bytes.
TECHNICAL: Final = {
    "key", "status", "error_message", "exif", "width", "height", "original_width", "original_height",
    "sha256", "jpg", "png", "webp", "WIDTH", "HEIGHT",
}  # fmt: skip


def schema_of(path: Path) -> pa.Schema:
    """Raises `DiscernError`."""
    with _in_words(path):
        schema = pq.read_schema(path)
    if len(schema.names) > MOST_COLUMNS:
        raise DiscernError(
            f"{path.name} has {len(schema.names):,} columns; at most {MOST_COLUMNS} are read. Leave some out."
        )
    if twice := [name for name, count in Counter(schema.names).items() if count > 1]:
        raise DiscernError(f"{path.name} has several columns “{twice[0][:200]}”. Rename all but one.")
    return schema


def rows_in(path: Path, columns: Collection[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows, from 1, with these columns alone. Raises `DiscernError`."""
    number = 0
    with _in_words(path), pq.ParquetFile(path) as file:
        check_rows(file.metadata.num_rows, path)
        batches = file.iter_batches(batch_size=ROWS_AT_ONCE, columns=list(columns))
        while (batch := next(batches, None)) is not None:
            for row in batch.to_pylist():
                number += 1
                yield number, row


def class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """Column → the names of its classes, as the `datasets` library keeps them in the file's metadata."""
    try:
        info = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = info["info"]["features"]
        found = {
            name: feature["names"]
            for name, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return {name: list(map(str, names)) for name, names in found.items() if isinstance(names, list)}


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise DiscernError(f"There is no file {path}. Check the spelling.") from error
    except MemoryError as error:
        raise DiscernError(f"{path.name} {TOO_MUCH}") from error
    except _DAMAGE as error:
        why = f"{path.name} can't be read as Parquet: {first_line(error)}. Export it again."
        raise DiscernError(why) from error


class HuggingFace:
    """A row a picture, its column `image` the picture by its path. Read is any Parquet file with a column of
    paths or pictures' ids and a column of labels, as text, numbers, truths or classes by number."""

    method: ClassVar[Method] = Method(
        "hugging-face",
        "Parquet with pictures by their paths, for datasets.load_dataset.",
        "huggingface.co/docs/datasets, Parquet and Image features",
    )
    suffix: ClassVar[str] = ".parquet"

    def recognises(self, path: Path) -> bool:
        return path.suffix.lower() == ".parquet"

    def read(self, path: Path) -> Iterator[RawRow]:
        schema = schema_of(path)
        label = _first(LABELS, schema.names)
        place = _first(PLACES, schema.names)
        if "id" not in schema.names and not place:
            found = ", ".join(schema.names)[:1000] or "none"
            raise DiscernError(
                f"{path.name} has no column of pictures: id, {', '.join(PLACES)}. It has: {found}."
            )
        names = class_names(schema).get(label, [])
        kept = []  # but the bytes of pictures: a picture is known by its place or its id
        for name in schema.names:
            kind = schema.field(name).type
            if pa.types.is_struct(kind):
                if kind.get_field_index("path") >= 0 and name == place:
                    kept.append(f"{name}.path")
            elif name == "answers" or _is_read(kind):
                kept.append(name)
        for number, row in rows_in(path, kept):
            where = row.get(place)
            at = where.get("path") if isinstance(where, dict) else where
            known = {"id": text_of(row.get("id")), "path": text_of(at)}
            known |= columns_of(row, (label, place, "score", "decision", "version"))
            answers = list(given_rows(number, known, row.get("answers")))
            yield from answers or [(number, known | {"label": _word(row.get(label), names)})]

    def write(self, out: Path, pictures: Iterable[LabelledPicture], *, copies: bool = False) -> Written:
        done = Written()
        about = json.dumps({"info": {"features": FEATURES}}).encode()
        schema = SCHEMA.with_metadata({b"huggingface": about})
        with written(out) as part, pq.ParquetWriter(part, schema) as writer:
            waiting: list[dict[str, Any]] = []
            for picture in pictures:
                done.pictures += 1
                waiting.append(_row(picture))
                if len(waiting) == WRITTEN_AT_ONCE:
                    writer.write_table(pa.Table.from_pylist(waiting, schema))
                    waiting = []
            writer.write_table(pa.Table.from_pylist(waiting, schema))
        return done


def _first(wanted: Sequence[str], names: Sequence[str]) -> str:
    return next((name for name in wanted if name in names), "")


def _is_read(kind: pa.DataType) -> bool:
    """Tell whether values of this type are read. Times aren't: Python can't hold all of them."""
    types = pa.types
    return not (types.is_nested(kind) or types.is_binary(kind) or types.is_temporal(kind))


def _word(value: Any, names: Sequence[str]) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool) and names:
        return names[value] if 0 <= value < len(names) else (str(value) if value >= 0 else None)
    return str(value) if isinstance(value, str | int | float) else None


def _row(picture: LabelledPicture) -> dict[str, Any]:
    return {
        "image": {"bytes": None, "path": picture.path},
        "label": CLASSES.index(picture.label) if picture.label in CLASSES else None,
        "id": picture.id,
        "path": picture.path,
        "score": picture.score,
        "decision": picture.decision or None,
        "version": picture.version,
        "answers": [vars(answer) for answer in picture.answers],
        CAPTION: "\n".join(picture.captions) or None,
    }


class Img2Dataset:
    """Captions, addresses, and columns about safety. img2dataset writes `00000.parquet` beside the folder
    `00000` with pictures that are called by their `key`. A picture is found by that place, else by the
    `sha256` that img2dataset took of what it downloaded."""

    method: ClassVar[Method] = Method(
        "img2dataset",
        "Captions and safety columns of LAION and img2dataset, with labels where there are some.",
        "github.com/rom1504/img2dataset, output format files",
    )

    def recognises(self, path: Path) -> bool:
        if path.suffix.lower() != ".parquet":
            return False
        try:
            names = pq.read_schema(path).names
        except _DAMAGE:
            return False
        return bool(_first(ADDRESSES, names) and _first(CAPTIONS, names))

    def read(self, path: Path) -> Iterator[RawRow]:
        schema = schema_of(path)
        caption, folder = _first(CAPTIONS, schema.names), path.with_suffix("")
        suffix = next((one for one in PICTURES if next(folder.glob(f"*{one}"), None)), PICTURES[0])
        wanted = [
            name for name in schema.names if name not in TECHNICAL or name in ("key", "sha256", "status")
        ]
        kept = [name for name in wanted if _is_read(schema.field(name).type)]
        for number, row in rows_in(path, kept):
            key = text_of(row.get("key"))
            found: dict[str, Any] = {"id": text_of(row.get("sha256"))}
            if key:
                shard = path.stem if key.startswith(path.stem) else key[:FOLDER]
                found["path"] = f"{shard}/{key}{suffix}"
            else:  # a path of the library, where somebody put that in; else nothing but the row
                address = _first(ADDRESSES, list(row))
                found["path"] = text_of(row.get("path")) or text_of(row.get(address))
            found |= columns_of(row, {*TECHNICAL, caption})
            if text_of(row.get(caption)):
                found[CAPTION] = row[caption]
            label = row.get("label")
            yield number, found | {"label": str(label) if isinstance(label, str | int | float) else None}
