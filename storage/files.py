"""Writing a file whole or not at all, and the URL of one that is a database."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from urllib.parse import quote


def write_whole(path: Path, content: bytes) -> None:
    """Write beside the target and rename: a reader sees the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


def sqlite_url(path: Path) -> str:
    """For `storage.database.Database`. Here, because settings need it and not what a database needs."""
    return f"sqlite:///{quote(str(path))}"
