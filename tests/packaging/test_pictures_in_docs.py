"""The pictures of the documentation: which may be here, and that pages, files and script agree."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from concepts.errors import DiscernError
from docs.photographs import COPYRIGHT, PICTURES, free_pictures, parts
from docs.screenshots import IMAGES, MOVING, SHOTS, STILLS, main

ROOT = Path(__file__).parents[2]
FORMAT = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n"
GPL_STAMPS = f"""{FORMAT}Files: *
Copyright: 2002-2022 by Bill Kendrick
License: GPL-2

License: GPL-2
 This package is free software; you can redistribute it and/or modify
"""  # as Debian's tuxpaint-stamps-default has it
UNREADABLE = "All pictures are in the public domain.\n\nFiles: *\nLicense: CC0-1.0\n"


def paragraph(files: str, licence: str) -> str:
    return f"Files: {files}\nCopyright: 2024 Ana\nLicense: {licence}\n\n"


def package(root: Path, copyright: str) -> Path:
    (root / PICTURES).mkdir(parents=True)
    for name in ("dune.jpg", "otter.jpg"):
        Image.new("RGB", (8, 8)).save(root / PICTURES / name)
    (root / COPYRIGHT).parent.mkdir(parents=True)
    (root / COPYRIGHT).write_text(copyright, encoding="utf-8")
    return root


ASKS_FOR_SOMETHING = ("CC-BY-4.0", "CC-BY-SA-3.0", "CC0-1.0 and CC-BY-3.0", "public-domain or GPL-2", "")


@pytest.mark.parametrize(
    "copyright", [GPL_STAMPS, UNREADABLE, *(FORMAT + paragraph("*", one) for one in ASKS_FOR_SOMETHING)]
)
def test_what_asks_for_something_or_no_machine_can_read_is_refused(tmp_path: Path, copyright: str) -> None:
    with pytest.raises(DiscernError, match=r"No picture .* is in the public domain or under CC0"):
        free_pictures(package(tmp_path, copyright))


@pytest.mark.parametrize(
    ("paragraphs", "free"),
    [
        (  # the packaging may have another licence
            paragraph("*", "CC0-1.0\n as it says") + paragraph("debian/*", "GPL-2+"),
            ["dune.jpg", "otter.jpg"],
        ),
        (  # wherever a picture with one of its own lay in the source
            paragraph("*", "public-domain") + paragraph("lent/otter.jpg\n lent/heron.jpg", "CC-BY-SA-4.0"),
            ["dune.jpg"],
        ),
    ],
)
def test_a_picture_is_free_by_its_own_licence(tmp_path: Path, paragraphs: str, free: list[str]) -> None:
    assert [file.name for file in free_pictures(package(tmp_path, FORMAT + paragraphs))] == free


def test_pages_files_and_script_name_the_same_pictures() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    shown = re.findall(
        r"images/([\w-]+)\.webp\)", "".join(page.read_text(encoding="utf-8") for page in pages)
    )
    assert set(shown) | set(STILLS) == {file.stem for file in IMAGES.iterdir()}
    assert {file.stem for file in IMAGES.iterdir()} == {MOVING, *(shot.name for shot in SHOTS)}


def test_the_moving_picture_shows_each_still_in_its_turn_and_all_weigh_three_megabytes_at_most() -> None:
    with Image.open(IMAGES / f"{MOVING}.webp") as moving:
        assert getattr(moving, "n_frames", 1) == len(STILLS)
    assert sum(file.stat().st_size for file in IMAGES.iterdir()) <= 3_000_000


def test_pictures_of_ones_own_are_not_put_into_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["screenshots", "--pictures", str(tmp_path)])
    with pytest.raises(SystemExit):
        main()
    assert "--out" in capsys.readouterr().err


@given(st.integers(1, 60), st.integers(1, 60), st.integers(4, 12), st.integers(0, 99))
def test_parts_share_no_pixel_and_leave_none_out(width: int, height: int, least: int, seed: int) -> None:
    covered = np.zeros((height, width), dtype=int)
    boxes = parts((0, 0, width, height), least, np.random.default_rng(seed))
    for left, top, right, bottom in boxes:
        covered[top:bottom, left:right] += 1
        assert len(boxes) == 1 or min(right - left, bottom - top) >= min(least, width, height)
    assert (covered == 1).all()
