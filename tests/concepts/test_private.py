"""Other users of the same computer see nothing of a data folder."""

from __future__ import annotations

import stat
from pathlib import Path

from drawing import draw_folder

from concepts.settings import load_settings
from concepts.workbench import Workbench


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_data_folder_is_its_owners_alone_whenever_it_is_opened(
    tmp_path: Path, tiny_open_clip: Path
) -> None:
    home = tmp_path / "home"
    bench = Workbench(load_settings(home=home))
    bench.library.add([draw_folder(tmp_path / "p", 3)], encoder=f"local-dir:{tiny_open_clip}").wait()
    assert mode(home) == 0o700
    files = [*home.glob("discern.sqlite*"), *home.rglob("*.webp")]
    assert len(files) >= 4
    assert {mode(file) for file in files} == {0o600}
    bench.close()
    home.chmod(0o755)
    (home / "discern.sqlite").chmod(0o644)
    Workbench(load_settings(home=home)).close()
    assert (mode(home), mode(home / "discern.sqlite")) == (0o700, 0o600)
