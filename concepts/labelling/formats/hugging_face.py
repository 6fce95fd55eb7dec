"""Parquet for the `datasets` library: a row a picture, its column `image` the picture by its path.

Read is any Parquet file with a column of paths or pictures' ids and a column of labels, as text, numbers,
truths or classes by number.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

import pyarrow as pa
import pyarrow.parquet as pq

from concepts.errors import DiscernError
from concepts.labelling.formats.base import (
    CAPTION,
    LabelledPicture,
    Written,
    columns_of,
    given_rows,
    text_of,
    written,
)
from concepts.labelling.formats.parquet import class_names, rows_in, schema_of
from concepts.labelling.rows import RawRow
from concepts.registry import Method

LABELS: Final = ("label", "labels", "answer", "class", "target")
PLACES: Final = ("path", "image", "file_name", "image_path", "filepath", "file", "filename")
CLASSES: Final = ("no", "yes", "unsure")  # by number: no is 0 and yes is 1
ROWS_AT_ONCE: Final = 20_000
_ANSWER: Final = ("value", "author", "author_kind", "split", "created", "comment")
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


class HuggingFace:
    method: ClassVar[Method] = Method(
        "hugging-face",
        "Parquet with pictures by their paths, for datasets.load_dataset.",
        "huggingface.co/docs/datasets, Parquet and Image features",
        "",
        "nothing",
    )
    suffix: ClassVar[str] = ".parquet"

    def recognises(self, path: Path) -> bool:
        return path.suffix.lower() == ".parquet"

    def read(self, path: Path) -> Iterator[RawRow]:
        schema = schema_of(path)
        label = _first(LABELS, schema.names)
        place = _first(PLACES, schema.names)
        if "id" not in schema.names and place is None:
            found = ", ".join(schema.names)[:1000] or "none"
            raise DiscernError(
                f"{path.name} has no column of pictures: id, {', '.join(PLACES)}. It has: {found}."
            )
        names = class_names(schema).get(label or "", [])
        for number, row in rows_in(path, _columns(schema, place)):
            yield from _rows_of(number, row, label, place, names)

    def write(self, out: Path, pictures: Iterable[LabelledPicture], *, copies: bool = False) -> Written:
        done = Written()
        about = json.dumps({"info": {"features": FEATURES}}).encode()
        schema = SCHEMA.with_metadata({b"huggingface": about})
        with written(out) as part, pq.ParquetWriter(part, schema) as writer:
            waiting: list[dict[str, Any]] = []
            for picture in pictures:
                done.pictures += 1
                waiting.append(_row(picture))
                if len(waiting) == ROWS_AT_ONCE:
                    writer.write_table(pa.Table.from_pylist(waiting, schema))
                    waiting = []
            writer.write_table(pa.Table.from_pylist(waiting, schema))
        return done


def _first(wanted: Sequence[str], names: Sequence[str]) -> str | None:
    return next((name for name in wanted if name in names), None)


def _columns(schema: pa.Schema, place: str | None) -> list[str]:
    """All but the bytes of pictures, which are not read: a picture is known by its place or its id."""
    kept = []
    for name in schema.names:
        kind = schema.field(name).type
        if pa.types.is_struct(kind):
            if kind.get_field_index("path") >= 0 and name == place:
                kept.append(f"{name}.path")
        elif name == "answers" or not (pa.types.is_nested(kind) or pa.types.is_binary(kind)):
            kept.append(name)
    return kept


def _rows_of(
    number: int, row: dict[str, Any], label: str | None, place: str | None, names: Sequence[str]
) -> Iterator[RawRow]:
    where = row.get(place or "")
    path = where.get("path") if isinstance(where, dict) else where
    found = {"id": text_of(row.get("id")), "path": text_of(path)}
    found |= columns_of(row, (label or "", place or "", "score", "decision", "version"))
    answers = list(given_rows(number, found, row.get("answers")))
    yield from answers or [(number, found | {"label": _word(row.get(label or ""), names)})]


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
