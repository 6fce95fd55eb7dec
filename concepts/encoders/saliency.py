"""Where in a picture a score comes from: what each cell of a grid over it adds to weights · vector."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from concepts.encoders.base import Encoder, Pixels, Vectors
from concepts.errors import EncoderError

Box = tuple[float, float, float, float]  # left, top, right, bottom, as shares of the picture
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
# Of a covered picture: what there is time for while somebody waits.
FINE, COARSE = 7, 4
SECONDS_FINE, SECONDS_COARSE = 0.15, 1.0  # a picture, at most


@dataclass(frozen=True)
class Cells:
    """`parts` (rows, columns) and `rest` add up to weights · vector where `exact`. `held`: the places of the
    vector whose share is in the parts; None where a part says what the score loses without its cell."""

    parts: NDArray[np.float64]
    rest: float
    held: slice | None
    box: Box = WHOLE  # what of the picture the grid lies over

    @property
    def exact(self) -> bool:
        return self.held is not None


@runtime_checkable
class Pooling(Protocol):
    """An encoder whose vector, or a part of it, is a mean over cells, so that a score falls apart into
    them exactly but for rounding. The length by which the mean is divided is taken as it is."""

    def cells(self, pixels: Pixels, weights: NDArray[np.float64]) -> Cells | None:
        """pixels (3, H, W), weights (d,); None where this model is no such mean after all."""


@runtime_checkable
class Cropping(Protocol):
    """An encoder that may look at a part of a picture, or at more than it."""

    def seen(self, width: int, height: int) -> Box:
        """What it looks at of a picture of that size; beyond 0 to 1 where it adds a border."""


def locate(encoder: Encoder, picture: Image.Image, weights: NDArray[np.float64]) -> Cells:
    """What each part of a picture adds to the score: exactly where the encoder is a mean over cells, else by
    covering one square after the other (Zeiler & Fergus 2014, §4.1).

    Raises `EncoderError` where covering would keep somebody waiting too long.
    """
    pixels = encoder.prepare(picture)
    found = encoder.cells(pixels, weights) if isinstance(encoder, Pooling) else None
    found = found or covered(encoder, pixels, weights)
    return replace(found, box=encoder.seen(*picture.size)) if isinstance(encoder, Cropping) else found


def covered(encoder: Encoder, pixels: Pixels, weights: NDArray[np.float64]) -> Cells:
    """What the score loses when a square of the picture is covered with the picture's mean colour."""
    started = time.perf_counter()
    whole = float(encoder.encode_pictures(pixels[None])[0].astype(np.float64) @ weights)
    seconds = time.perf_counter() - started
    if seconds > SECONDS_COARSE:
        raise EncoderError(
            f"{encoder.name} takes {seconds:.1f} seconds for one look at a picture on this computer, and it "
            "takes many to see where in it the score comes from: that would be too long to wait for."
        )
    n = FINE if seconds <= SECONDS_FINE else COARSE
    _, height, width = pixels.shape
    down, across = (np.linspace(0, length, n + 1).round().astype(int) for length in (height, width))
    mean = pixels.mean(axis=(1, 2), keepdims=True)
    parts = np.zeros((n, n))
    for row in range(n):
        batch = np.repeat(pixels[None], n, axis=0)
        for column in range(n):
            batch[column, :, down[row] : down[row + 1], across[column] : across[column + 1]] = mean
        without: Vectors = encoder.encode_pictures(batch)
        parts[row] = whole - without.astype(np.float64) @ weights
    return Cells(parts, whole - float(parts.sum()), None)


def compared(cells: Cells, weights: NDArray[np.float64], others: Vectors) -> Cells:
    """The same against what a cell of other pictures (n, d) adds on average, which goes to the rest: a part
    above 0 raised the score more than one of any picture does. Covered squares are compared already."""
    if cells.held is None or not len(others):
        return cells
    usual = float(others[:, cells.held].astype(np.float64).mean(axis=0) @ weights[cells.held])
    return replace(cells, parts=cells.parts - usual / cells.parts.size, rest=cells.rest + usual)
