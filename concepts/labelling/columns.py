"""What a file says of pictures besides labels: captions and other columns."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from concepts.errors import NoUsableRowsError
from concepts.labelling.formats.apart import rows_of
from concepts.labelling.formats.base import CAPTION, Format
from concepts.labelling.rows import NO_COLUMNS_OF_PICTURES, BadRow, can_be_kept
from concepts.library.collection import collection_of
from concepts.library.lookup import NamedPicture, find_named
from concepts.use_cases.handles import App
from concepts.view import View
from storage.picture_columns import LONGEST_NAME, LONGEST_VALUE, PictureColumn

SHOWN = 20  # rows of a file that can't be used, as a report names them


class ColumnsReport(View):
    """`pictures` of the library that the file says something of, `kept` values that are new, by column;
    `unknown_pictures` are none of the library."""

    format: str
    pictures: int
    kept: int
    columns: dict[str, int]
    unknown_pictures: int
    bad: int
    bad_rows: list[dict[str, Any]]


def keep_columns(app: App, found: Format, file: Path, *, any_number: bool) -> ColumnsReport:
    """Keeps what a file or folder says of pictures. Raises `NoUsableRowsError`."""
    bad: list[BadRow] = []
    rows: list[tuple[int, NamedPicture, dict[str, str]]] = []
    for number, row in rows_of(found, file, any_number=any_number):
        if isinstance(row, BadRow):
            bad.append(row)
            continue
        picture, path = str(row.get("id") or ""), str(row.get("path") or "")
        said = {
            str(name): str(value).strip()
            for name, value in row.items()
            if name not in NO_COLUMNS_OF_PICTURES and value is not None and str(value).strip()
        }
        if not picture and not path:
            bad.append(BadRow(number, "neither an id nor a path"))
        elif any(len(value) > LONGEST_VALUE for value in (picture, path, *said.values())):
            bad.append(BadRow(number, f"a value of more than {LONGEST_VALUE:,} characters"))
        elif any(len(name) > LONGEST_NAME for name in said):
            bad.append(BadRow(number, f"a column whose name has more than {LONGEST_NAME} characters"))
        elif not all(map(can_be_kept, (picture, path, *said, *said.values()))):
            bad.append(BadRow(number, "characters that are no text"))
        elif said:
            if CAPTION in said:
                said = {CAPTION: said.pop(CAPTION)} | said
            rows.append((number, NamedPicture(picture or path, path if picture else ""), said))
    folder = file.absolute() if file.is_dir() else file.absolute().parent
    outcomes = find_named(collection_of(app).library, [named for _, named, _ in rows], folder)
    columns: list[PictureColumn] = []
    unknown = 0
    for (number, _, said), (picture_id, why) in zip(rows, outcomes, strict=True):
        if picture_id is None:
            unknown += 1
            bad.append(BadRow(number, why))
            continue
        columns += [
            PictureColumn(picture_id=picture_id, name=name, value=value, file=file.name)
            for name, value in said.items()
        ]
    if bad and not columns:
        raise NoUsableRowsError(file.name, [(row.number, row.reason) for row in bad])
    bad.sort(key=lambda row: row.number)
    return ColumnsReport(
        format=found.method.name,
        pictures=len({column.picture_id for column in columns}),
        kept=app.columns.add(columns),
        columns=Counter(column.name for column in columns),
        unknown_pictures=unknown,
        bad=len(bad),
        bad_rows=[{"row": row.number, "reason": row.reason} for row in bad[:SHOWN]],
    )
