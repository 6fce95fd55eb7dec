"""Why a file is no picture of the library: stable codes, each with its words."""

from __future__ import annotations

from typing import Final

REASONS: Final[dict[str, str]] = {
    "empty": "The file is empty",
    "not-a-picture": "The file is not a picture in a format that can be read",
    "truncated": "The file is cut off",
    "damaged": "The file is damaged",
    "too-large": "The picture has too many pixels",
    "unsupported": "The picture uses a variant of its format that can't be read",
    "file-too-large": "The file is too large",
    "unreadable": "The file can't be read",
    "missing": "The file does not exist",
    "dangling-link": "The link points to nothing",
    "bad-name": "The file's name is not valid text",
    "not-a-file": "Not a regular file",
    "bad-archive": "The archive is damaged",
    "encrypted": "The file in the archive needs a password",
    "outside": "A link leads out of the folders that may be read",
    "bad-row": "The row of the list can't be read",
}
