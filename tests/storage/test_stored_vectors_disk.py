"""What the vectors of an encoder take on disk, while somebody else works on them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from storage.vectors import stored


def test_a_folder_that_goes_while_sizes_are_added_counts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kept").write_bytes(b"x" * 5)
    (tmp_path / "unfinished").mkdir()
    (tmp_path / "unfinished" / "part").write_bytes(b"x" * 7)
    look_into = os.scandir

    def scandir(path: Any) -> Any:
        if Path(path).name == "unfinished":
            Path(path, "part").unlink()
            Path(path).rmdir()
        return look_into(path)

    assert stored._bytes_in(tmp_path) == 12
    monkeypatch.setattr(os, "scandir", scandir)
    assert stored._bytes_in(tmp_path) == 5
    assert stored._bytes_in(tmp_path / "nothing") == 0
