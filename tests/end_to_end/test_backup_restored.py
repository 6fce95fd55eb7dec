"""A backup brings back everything people said; what can be made again is made again from the pictures."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from drawing import draw_folder

from concepts.results.library import browse, thumbnail_of
from concepts.rooms import open_app
from concepts.settings import Settings


def test_a_library_comes_back_from_its_backup(
    discern: Callable[..., Any],
    tmp_path: Path,
    tiny_open_clip: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encoder = f"local-dir:{tiny_open_clip}"
    drawn = draw_folder(tmp_path / "drawn", 60)
    discern("library", "add", drawn, "--encoder", encoder)
    discern("concept", "new", "Round", "--description", "A round shape")
    labels = tmp_path / "labels.csv"
    rows = [f"{p},{'yes' if 'ellipse' in p.name else 'no'}" for p in sorted(drawn.glob("*.png"))]
    labels.write_text("path,label\n" + "\n".join(rows))
    discern("concept", "labels", "import", "Round", labels, "--simulated")
    discern("concept", "train", "Round")
    before = discern("concept", "show", "Round")
    found = discern("library", "search", "--like", rows[0].split(",")[0])
    assert discern("backup", tmp_path / "backup.zip")["bytes"] > 0

    restored = tmp_path / "restored"
    with zipfile.ZipFile(tmp_path / "backup.zip") as archive:
        archive.extractall(restored)
        assert f"reembed {encoder}" in archive.read("README.txt").decode()
    monkeypatch.setenv("DISCERN_HOME", str(restored))
    assert discern("library", "reembed", encoder)["embedded"] == len(rows)
    assert discern("concept", "show", "Round") == before
    assert discern("library", "search", "--like", rows[0].split(",")[0]) == found
    bench = open_app(Settings(home=restored))
    assert all(thumbnail_of(bench, picture.id) for picture in browse(bench, limit=60).pictures)
