"""Small pictures drawn here: a shape on a noisy background. The file's name says the shape.

They are the same bytes everywhere: whole numbers from a generator whose stream is frozen, and a format
without compression. A picture's id is the hash of its bytes, and which pictures measure follows from the ids.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

SHAPES = ("ellipse", "rectangle", "ellipse", "line")  # every second one counts
SIDE = 96  # pixels


def draw(shape: str, seed: int) -> Image.Image:
    """Returns the picture of this seed."""
    random = np.random.RandomState(seed)
    light, dark = random.randint(150, 255, 3), random.randint(0, 120, 3)
    left, top = random.randint(6, 30, 2)
    width, height = random.randint(40, 58, 2)
    y, x = np.mgrid[:SIDE, :SIDE]
    across, down = x - left, y - top  # from the box's corner
    inside = (across >= 0) & (across < width) & (down >= 0) & (down < height)
    if shape == "ellipse":
        inside = ((2 * across - width) * height) ** 2 + ((2 * down - height) * width) ** 2 < (
            width * height
        ) ** 2
    elif shape == "line":
        inside &= abs(across * height - down * width) < 2 * SIDE
    noisy = light + random.randint(-24, 25, (SIDE, SIDE, 3))
    return Image.fromarray(np.where(inside[..., None], dark, noisy).clip(0, 255).astype(np.uint8))


def draw_folder(folder: Path, count: int, first_seed: int = 0) -> Path:
    """Writes `count` files called ellipse-0000.bmp, rectangle-0001.bmp and so on, and returns the folder."""
    folder.mkdir(parents=True)
    for index in range(count):
        shape = SHAPES[index % len(SHAPES)]
        draw(shape, first_seed + index).save(folder / f"{shape}-{index:04}.bmp")
    return folder


def truth(path: str) -> str:
    """Returns the label that a file's name tells: "yes" for an ellipse."""
    return "yes" if Path(path).name.startswith("ellipse") else "no"


def bomb() -> bytes:
    """Returns a PNG of a few hundred bytes that claims to have 50,000 × 50,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"0" * 999)) + chunk(b"IEND", b"")
