"""A bundle's program reads pictures as the encoder saw them, and finds the files of a folder."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from concepts.bundle.reading import BadPictureError, Reader, bytes_of, walk


def test_a_wide_or_tall_picture_is_cropped_to_its_middle() -> None:
    striped = np.zeros((8, 24, 3), np.uint8)
    striped[:, :8], striped[:, 16:] = (255, 0, 0), (0, 0, 255)  # red, black, blue
    shown = {"short_side": 8, "height": 8, "width": 8, "interpolation": "bicubic", "fit": "crop"}
    for pixels in (striped, striped.transpose(1, 0, 2)):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        cropped = Reader(shown).pixels(file.getvalue())
        assert cropped.shape == (3, 8, 8)
        assert not cropped.any()  # neither end is seen


def test_a_folder_is_walked_once_however_many_links_lead_to_it(tmp_path: Path) -> None:
    for name in ("b.jpg", "inside/a.png", "inside/notes.txt", ".hidden/c.jpg", "inside/.d.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "inside" / "back").symlink_to(tmp_path)
    assert list(walk([tmp_path])) == [str(tmp_path / "b.jpg"), str(tmp_path / "inside" / "a.png")]
    with pytest.raises(FileNotFoundError, match="gone does not exist"):
        walk([tmp_path, tmp_path / "gone"])


def test_neither_a_pipe_nor_what_is_gone_holds_it_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(BadPictureError, match="not a regular file"):
        bytes_of(str(tmp_path / "pipe.jpg"))
    with pytest.raises(BadPictureError, match="No such file"):
        bytes_of(str(tmp_path / "gone.jpg"))
