"""Other users of the same computer see nothing of a data folder."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

from concepts.rooms import open_app
from concepts.settings import load_settings


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_data_folder_is_its_owners_alone_whenever_it_is_opened(
    made_library: tuple[Path, Path], own_home: Path
) -> None:
    files = [*made_library[0].glob("discern.sqlite*"), *made_library[0].rglob("*.webp")]
    assert len(files) >= 4
    assert (mode(made_library[0]), {mode(file) for file in files}) == (0o700, {0o600})
    shutil.copytree(made_library[0], own_home)
    own_home.chmod(0o755)
    (own_home / "discern.sqlite").chmod(0o644)
    open_app(load_settings()).close()
    assert (mode(own_home), mode(own_home / "discern.sqlite")) == (0o700, 0o600)
