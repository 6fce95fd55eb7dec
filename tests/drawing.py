"""Small pictures drawn by the tests, so that none has to be shipped."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SHAPES = ("ellipse", "rectangle", "line")


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    image.save(out := io.BytesIO(), kind, **options)
    return out.getvalue()


def draw(shape: str, seed: int) -> Image.Image:
    """A shape on a noisy background. Ellipses are what the test's concept is about."""
    rng = np.random.default_rng(seed)
    background = rng.integers(150, 255, 3) + rng.normal(0, 14, (96, 96, 3))
    image = Image.fromarray(background.clip(0, 255).astype(np.uint8))
    left, top = (int(x) for x in rng.integers(6, 30, 2))
    box = (left, top, left + int(rng.integers(40, 58)), top + int(rng.integers(40, 58)))
    colour = tuple(int(x) for x in rng.integers(0, 120, 3))
    pen = ImageDraw.Draw(image)
    if shape == "line":
        pen.line(box, fill=colour, width=int(rng.integers(2, 6)))
    else:
        getattr(pen, shape)(box, fill=colour)
    return image


def draw_folder(folder: Path, count: int, first_seed: int = 0) -> Path:
    """`count` PNGs called ellipse-000.png and so on, a third of each shape."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        shape = SHAPES[index % 3]
        draw(shape, first_seed + index).save(folder / f"{shape}-{index:04}.png")
    return folder


def claims(side: int) -> bytes:
    """The header of a BMP of so many pixels a side, and no pixel."""
    return b"BM" + bytes(8) + struct.pack("<IIiiHHI", 54, 40, side, side, 1, 24, 0) + bytes(20)


def scene(seed: int) -> Image.Image:
    """256 × 192 pixels full of things of every size and colour, as a photograph is."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (256, 192), tuple(rng.integers(0, 255, 3).tolist()))
    pen = ImageDraw.Draw(image)
    for size in np.geomspace(90, 6, 160):
        left, top = rng.uniform(-20, 256), rng.uniform(-20, 192)
        box = (left, top, left + size * rng.uniform(0.5, 1), top + size * rng.uniform(0.5, 1))
        getattr(pen, rng.choice(["ellipse", "rectangle"]))(box, fill=tuple(rng.integers(0, 255, 3).tolist()))
    return image
