"""What a file says of pictures besides labels: captions and other columns."""

from __future__ import annotations

from collections.abc import Iterator

from concepts.labelling.formats import CAPTION
from concepts.labelling.rows import NO_COLUMNS_OF_PICTURES, BadRow, RawRow, can_be_kept
from concepts.library.lookup import NamedPicture
from storage.picture_columns import LONGEST_NAME, LONGEST_VALUE


def usable_columns(
    raw: Iterator[RawRow], bad: list[BadRow]
) -> Iterator[tuple[int, NamedPicture, dict[str, str]]]:
    """(row, picture, its columns) of the rows that say something; those that can't be kept go to `bad`."""
    for number, row in raw:
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
            yield number, NamedPicture(picture or path, path if picture else ""), said
