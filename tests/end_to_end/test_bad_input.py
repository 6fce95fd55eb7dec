"""What goes wrong in real life: each with a clear reason, the rest goes on, nothing is lost."""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import Ended
from drawing import draw, draw_folder

from concepts.errors import DiscernError


def bomb() -> bytes:
    """A PNG of a few hundred bytes that says it has 50,000 × 50,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"0" * 999))
        + chunk(b"IEND", b"")
    )


def spoil(folder: Path) -> None:
    """Seven bad files beside the good ones."""
    draw("ellipse", 1).save(folder / "whole.jpg", quality=95)
    (folder / "truncated.jpg").write_bytes((folder / "whole.jpg").read_bytes()[:900])
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.jpg").write_text("hello")
    (folder / "bomb.png").write_bytes(bomb())
    (folder / "dangling.jpg").symlink_to(folder / "gone.jpg")
    Path(os.fsdecode(os.fsencode(folder / "bad") + b"\xff.jpg")).write_bytes(
        (folder / "whole.jpg").read_bytes()
    )


def test_bad_files_are_skipped_with_their_reasons_and_the_rest_is_added(
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


def test_a_mended_file_is_added_the_next_time_and_no_longer_listed(
    discern: Any, tmp_path: Path, tiny_open_clip: Path
) -> None:
    folder = draw_folder(tmp_path / "pictures", 3)
    (folder / "new.png").write_bytes(b"")
    discern("library", "add", folder, "--encoder", f"local-dir:{tiny_open_clip}")
    draw("line", 77).save(folder / "new.png")
    assert discern("library", "add", folder)["added"] == 1
    assert discern("library", "info")["bad_files"] == 0


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
    (hit,) = discern(
        "library", "search", "--like", f"{tmp_path}/some.zip!/inside/ellipse-0000.png", "--top", 1
    )
    assert hit["path"] != f"{tmp_path}/some.zip!/inside/ellipse-0000.png"


def test_a_path_that_is_not_there_is_an_error_that_names_it(discern: Any, tmp_path: Path) -> None:
    with pytest.raises(DiscernError, match="nowhere"):
        discern("library", "add", tmp_path / "nowhere", "--encoder", "embedded")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("concept", "show", "Nothing"), 1, "no concept “Nothing”"),
        (("concept", "nex"), 2, "nex"),
        (("concept", "new", "Name only"), 2, "Give a description"),
        (("concept", "train", "Any", "--head", "forest"), 2, "auto, line, text, lda, logistic"),
        (("concept", "annotate", "Any", "--annotator", "oracle"), 2, "auto, builtin, vlm"),
        (("score", "nowhere", "--out", "scores.csv"), 1, "nowhere"),
    ],
)
def test_exit_codes_tell_a_failure_from_a_wrong_command(
    arguments: tuple[str, ...], code: int, said: str, ended: Callable[..., Ended]
) -> None:
    ended("concept", "new", "Any", "--description", "A thing.")
    end = ended(*arguments)
    assert end.code == code
    assert said in end.err
    assert code == 2 or len(end.err.strip().splitlines()) == 1
