"""Parquet of LAION and of img2dataset: captions, addresses, and columns about safety.

img2dataset writes `00000.parquet` beside the folder `00000` with pictures that are called by their `key`. A
picture is found by that place, else by the `sha256` that img2dataset took of what it downloaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

from concepts.labelling.formats.base import CAPTION, columns_of, text_of
from concepts.labelling.formats.parquet import columns_in, rows_in, schema_of
from concepts.labelling.rows import RawRow
from concepts.registry import Method

CAPTIONS: Final = ("caption", "TEXT", "text")
ADDRESSES: Final = ("url", "URL")
FOLDER: Final = 5  # digits of a key that are its shard, as img2dataset counts them
# What says how a picture was fetched, or what the library knows better; and its bytes.
TECHNICAL: Final = {
    "key", "status", "error_message", "exif", "width", "height", "original_width", "original_height",
    "sha256", "jpg", "png", "webp", "WIDTH", "HEIGHT",
}  # fmt: skip


class Img2Dataset:
    method: ClassVar[Method] = Method(
        "img2dataset",
        "Captions and safety columns of LAION and img2dataset, with labels where there are some.",
        "github.com/rom1504/img2dataset, output format files",
        "",
        "nothing",
    )

    def recognises(self, path: Path) -> bool:
        if path.suffix.lower() != ".parquet":
            return False
        names = columns_in(path)
        return _first(ADDRESSES, names) != "" and _first(CAPTIONS, names) != ""

    def read(self, path: Path) -> Iterator[RawRow]:
        schema = schema_of(path)
        caption = _first(CAPTIONS, schema.names)
        kept = [name for name in schema.names if name not in TECHNICAL or name in ("key", "sha256", "status")]
        for number, row in rows_in(path, kept):
            key = text_of(row.get("key"))
            found: dict[str, Any] = {"id": text_of(row.get("sha256"))}
            found |= {"path": _file(path.stem, key)} if key else _named(row)
            found |= columns_of(row, {*TECHNICAL, caption})
            if text_of(row.get(caption)):
                found[CAPTION] = row[caption]
            label = row.get("label")
            yield number, found | {"label": str(label) if isinstance(label, str | int | float) else None}


def _file(shard: str, key: str) -> str:
    return f"{shard if key.startswith(shard) else key[:FOLDER]}/{key}.jpg"


def _named(row: dict[str, Any]) -> dict[str, Any]:
    """Without a key, by a path of the library, where somebody put that in; else by nothing but the row."""
    return {"path": text_of(row.get("path")) or text_of(row.get(_first(ADDRESSES, list(row))))}


def _first(wanted: Sequence[str], names: Sequence[str]) -> str:
    return next((name for name in wanted if name in names), "")
