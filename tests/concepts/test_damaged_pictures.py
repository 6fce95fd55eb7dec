"""A folder of pictures whose starts, middles or ends are damaged: each is added, or skipped with its reason,
and the whole ones beside them are added."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from drawing import draw
from PIL import Image

from discern import Library
from storage.errors import Reason

KINDS = ("JPEG", "PNG", "WebP", "GIF", "TIFF", "BMP", "AVIF")
HEIC = Path(__file__).parents[1] / "fixtures" / "halves.heic"  # Pillow writes none
ENDS = 64  # bytes
FLIPPED = 8  # files of each kind and end


def whole(kind: str) -> bytes:
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    draw("ellipse", KINDS.index(kind)).save(out, kind, exif=exif)
    return out.getvalue()


def damaged(good: bytes) -> Iterator[bytes]:
    rng, half = random.Random(len(good)), len(good) // 2
    for cut in (1, ENDS, half):
        yield good[cut:]
        yield good[:-cut]
    for cut in (1, ENDS):
        yield good[:half] + good[half + cut :]
        yield good[:half] + bytes(cut) + good[half + cut :]
    for first in (0, len(good) - ENDS):
        for _ in range(FLIPPED):
            flipped = bytearray(good)
            for place in rng.sample(range(first, first + ENDS), 3):
                flipped[place] ^= rng.randrange(1, 256)
            yield bytes(flipped)


def test_of_a_folder_with_damaged_pictures_the_whole_ones_are_added_and_the_others_have_a_reason(
    tmp_path: Path, tiny_open_clip: Path
) -> None:
    folder, good = tmp_path / "pictures", {kind: whole(kind) for kind in KINDS} | {"HEIC": HEIC.read_bytes()}
    folder.mkdir()
    for kind, content in good.items():
        (folder / f"whole.{kind}").write_bytes(content)
        for number, broken in enumerate(damaged(content)):
            (folder / f"{number:02}.{kind}").write_bytes(broken)
    files = {str(path) for path in folder.iterdir()}
    with Library(tmp_path / "home") as library:
        report = library.add(folder, encoder=f"local-dir:{tiny_open_clip}")
        bad = {one.path: one for one in library.bench.library.bad_files(1000)}
        added = {one.path for one in library.search(like=[str(folder / "whole.PNG")], n=1000)}
    assert report.added + report.duplicates + sum(report.skipped.values()) == len(files)
    assert len(bad) == sum(report.skipped.values()) > 0
    assert {one.reason for one in bad.values()} <= set(get_args(Reason))
    assert all(one.message.strip() for one in bad.values())
    assert {str(folder / f"whole.{kind}") for kind in good} <= files - bad.keys()
    assert added <= files - bad.keys()
