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
from docs.photographs import COPYRIGHT, PICTURES, free_pictures, parts, photographs
from docs.screenshots import IMAGES, MOVING, SHOTS, STILLS, main

ROOT = Path(__file__).parents[2]
FORMAT = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n"
# As Debian's tuxpaint-stamps-default has it.
STAMPS = f"""{FORMAT}Files: *
Copyright: 2002-2022 by Bill Kendrick
License: GPL-2

License: GPL-2
 This package is free software; you can redistribute it and/or modify
"""


def package(root: Path, copyright: str) -> Path:
    (root / PICTURES).mkdir(parents=True)
    for name in ("dune.jpg", "otter.jpg"):
        Image.new("RGB", (8, 8)).save(root / PICTURES / name)
    (root / COPYRIGHT).parent.mkdir(parents=True)
    (root / COPYRIGHT).write_text(copyright, encoding="utf-8")
    return root


def paragraph(files: str, licence: str) -> str:
    return f"Files: {files}\nCopyright: 2024 Ana\nLicense: {licence}\n\n"


def free(root: Path, *paragraphs: str) -> list[str]:
    return [file.name for file in free_pictures(package(root, FORMAT + "".join(paragraphs)))]


def test_a_gpl_stamp_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DiscernError, match=r"No picture .* is in the public domain or under CC0"):
        free_pictures(package(tmp_path, STAMPS))


@pytest.mark.parametrize(
    "licence", ["CC-BY-4.0", "CC-BY-SA-3.0", "CC0-1.0 and CC-BY-3.0", "public-domain or GPL-2", ""]
)
def test_whatever_asks_for_something_is_refused(tmp_path: Path, licence: str) -> None:
    with pytest.raises(DiscernError):
        free(tmp_path, paragraph("*", licence))


def test_a_licence_that_no_machine_can_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DiscernError):
        free_pictures(
            package(tmp_path, "All pictures are in the public domain.\n\nFiles: *\nLicense: CC0-1.0\n")
        )


def test_under_cc0_the_packaging_may_have_another_licence(tmp_path: Path) -> None:
    found = free(tmp_path, paragraph("*", "CC0-1.0\n as it says"), paragraph("debian/*", "GPL-2+"))
    assert found == ["dune.jpg", "otter.jpg"]


def test_a_picture_with_a_licence_of_its_own_is_left_out_wherever_it_lay_in_the_source(
    tmp_path: Path,
) -> None:
    own = paragraph("lent/otter.jpg\n lent/heron.jpg", "CC-BY-SA-4.0")
    assert free(tmp_path, paragraph("*", "public-domain"), own) == ["dune.jpg"]


def test_without_apt_it_says_which_package_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if (Path("/") / PICTURES).is_dir():
        return  # installed: nothing is missing
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DiscernError, match="budgie-backgrounds"):
        photographs(tmp_path)


def test_pages_files_and_script_name_the_same_pictures() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    shown = re.findall(
        r"images/([\w-]+)\.webp\)", "".join(page.read_text(encoding="utf-8") for page in pages)
    )
    assert set(shown) | set(STILLS) == {file.stem for file in IMAGES.iterdir()}
    assert {file.stem for file in IMAGES.iterdir()} == {MOVING, *(shot.name for shot in SHOTS)}


def test_the_moving_picture_shows_each_still_in_its_turn() -> None:
    with Image.open(IMAGES / f"{MOVING}.webp") as moving:
        assert getattr(moving, "n_frames", 1) == len(STILLS)


def test_the_pictures_weigh_no_more_than_three_megabytes() -> None:
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
