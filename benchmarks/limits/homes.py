"""Data folders of benchmarks: each is new and empty, but for what an encoder works out once on a computer."""

from __future__ import annotations

from pathlib import Path

from storage.files import make_private


def new_home(home: Path, cache: Path) -> Path:
    """Makes a data folder that uses this `cache`, and the cache itself where no Discern ever ran."""
    make_private(cache.parent, folder=True)  # a person's own data folder, perhaps
    cache.mkdir(exist_ok=True)
    home.mkdir()
    (home / "cache").symlink_to(cache)
    return home
