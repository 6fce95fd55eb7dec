"""What goes wrong in real life: each with a clear reason, the rest goes on, nothing is lost."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

from drawing import draw, draw_folder

from blackbox.pictures import bomb


def spoil(folder: Path) -> None:
    """Six bad files and a good one beside the others."""
    draw("ellipse", 1).save(folder / "whole.jpg", quality=95)
    content = (folder / "whole.jpg").read_bytes()
    (folder / "truncated.jpg").write_bytes(content[:900])
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.jpg").write_text("hello")
    (folder / "bomb.png").write_bytes(bomb())
    (folder / "dangling.jpg").symlink_to(folder / "gone.jpg")
    Path(os.fsdecode(os.fsencode(folder / "bad") + b"\xff.jpg")).write_bytes(content)


def test_bad_files_are_skipped_with_their_reasons_until_they_are_mended_and_the_rest_is_added(
    discern: Any, tmp_path: Path, tiny_open_clip: Path
) -> None:
    folder = draw_folder(tmp_path / "pictures", 9)
    spoil(folder)
    result = discern("library", "add", folder, "--encoder", f"local-dir:{tiny_open_clip}")
    assert result["added"] == 10
    assert result["skipped"] == {
        "truncated": 1, "empty": 1, "not-a-picture": 1, "too-large": 1, "dangling-link": 1, "bad-name": 1,
    }  # fmt: skip
    bad = {Path(file["path"]).name: file["message"] for file in discern("library", "info", "--bad")["bad"]}
    assert set(bad) >= {"truncated.jpg", "empty.png", "text.jpg", "bomb.png", "dangling.jpg"}
    assert all(message.endswith((".", ")")) and len(message) > 15 for message in bad.values())
    draw("line", 77).save(folder / "empty.png")
    assert discern("library", "add", folder)["added"] == 1
    assert discern("library", "info")["bad_files"] == len(bad) - 1


def test_archives_and_lists_are_added_in_place(discern: Any, tmp_path: Path, tiny_open_clip: Path) -> None:
    folder = draw_folder(tmp_path / "pictures", 6)
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        for path in sorted(folder.glob("ellipse*")):
            archive.write(path, f"inside/{path.name}")
        archive.writestr("inside/broken.png", b"not a picture")
    (tmp_path / "list.csv").write_text("path\npictures/rectangle-0001.png\npictures/nowhere.png\n")
    result = discern(
        "library", "add", tmp_path / "some.zip", tmp_path / "list.csv",
        "--encoder", f"local-dir:{tiny_open_clip}",
    )  # fmt: skip
    assert (result["added"], sum(result["skipped"].values())) == (3, 2)
    inside = f"{tmp_path}/some.zip!/inside/ellipse-0000.png"
    (hit,) = discern("library", "search", "--like", inside, "--top", 1)
    assert hit["path"] != inside
