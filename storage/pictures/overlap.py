"""Whether two pictures show the same scene where they overlap: one was cropped, moved or saved anew.

Phase correlation (Kuglin, Hines 1975) of small grey copies says how one lies on the other, then the colours
of what they share are compared. GIM (Shen et al., ICLR 2024) verifies pairs so with a trained matcher.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image

SIDE: Final = 64  # pixels of a grey copy, whatever the picture's shape
SCALES: Final = (1.0, 0.9, 0.8)  # of the middle of one that is laid on the other whole
FAR: Final = 16  # pixels that one is moved at most: they share half of their area or more
# The published peak of .3 alone takes 13 of 1,331 pairs of groceries that look alike and are of different
# classes: the same shelf behind another carton. With the colours compared it may be lower, and takes none.
PEAK: Final = 0.2
ALIKE: Final = 0.7  # correlation of colours
# A pair whose cells have a lower median is given up before edges are moved. The least of 1,934 copies: .36.
GIVEN_UP: Final = 0.3
COLOUR_SIDE, SHARED_SIDE = 96, 32  # pixels of a coloured copy, and of what two of them share
CELL: Final = 8  # of these
BUT_FOR: Final = 0.1  # of the cells, which may differ a little
# A thing that one of two pictures shows differs there from the other 5 to 20 times as much as the pictures
# differ elsewhere. Of made copies 98 in 100 differ nowhere by more than 4.8 times.
PLACE, OUTLIER, NOISE = 4, 5.0, 2.0  # pixels of a place's side; times; grey levels that saving anew costs
STEPS: Final = (0.04, 0.02, 0.01)  # by which the edges of what they share are moved
STILL: Final = 0.015  # of the side: an edge that is moved by less wasn't

_WINDOW: Final = np.outer(np.hanning(SIDE), np.hanning(SIDE)).astype(np.float32)
_NEAR: Final = np.r_[0 : FAR + 1, SIDE - FAR : SIDE]

Box = NDArray[np.float64]  # left, top, right, bottom; 0 to 1


@dataclass(frozen=True, eq=False)
class Look:
    """What is compared of a picture: a small square copy, and the phases (3, 64, 33) of its grey at each of
    `SCALES`."""

    colours: Image.Image
    phases: NDArray[np.complex64]
    turned: bool


def look(image: Image.Image, turns: int = 0) -> Look:
    """`turns`: how many times it is turned by 90 degrees to the left first."""
    colours = image.convert("RGB").resize((COLOUR_SIDE, COLOUR_SIDE), Image.Resampling.BILINEAR)
    colours = colours.rotate(90 * turns)
    grey = colours.convert("L")
    middles = np.stack([_part(grey, np.array([1 - s, 1 - s, 1 + s, 1 + s]) / 2, SIDE) for s in SCALES])
    spectra = np.fft.rfft2((middles - middles.mean(axis=(1, 2), keepdims=True)) * _WINDOW)
    phases = (spectra / np.maximum(np.abs(spectra), 1e-6)).astype(np.complex64)
    return Look(colours, phases, turned=turns > 0)


def overlap(one: Look, other: Look) -> bool:
    """Whether they are the same where they lie on each other, and one was moved, cropped or turned. Of two
    that lie on each other whole the perceptual hash is the judge: a camera that stands still sees the same
    scene with and without an animal."""
    one_whole, other_whole = one.phases[:1], other.phases[:1]
    products = np.concatenate([one.phases * other_whole.conj(), one_whole * other.phases[1:].conj()])
    peaks = np.fft.irfft2(products, (SIDE, SIDE))[:, _NEAR][:, :, _NEAR]
    which, row, column = np.unravel_index(peaks.argmax(), peaks.shape)
    if peaks[which, row, column] < PEAK:
        return False
    scales = (SCALES[which], 1.0) if which < len(SCALES) else (1.0, SCALES[which - len(SCALES) + 1])
    moved = np.array([_NEAR[column], _NEAR[row]])
    moved = np.where(moved > FAR, moved - SIDE, moved) / SIDE
    shared = np.concatenate([np.maximum(0, -moved), np.minimum(1, 1 - moved)])
    first = (shared + np.tile(moved, 2) - 0.5) * scales[0] + 0.5
    second = (shared - 0.5) * scales[1] + 0.5
    likeness, second = _likeness(one.colours, other.colours, first, second)
    if likeness >= ALIKE and not one.turned and _are_one(first, second):  # a little may be cut off the other
        likeness, first = _likeness(other.colours, one.colours, second, first)
        return likeness >= ALIKE and not _are_one(first, second)
    return likeness >= ALIKE


def _likeness(one: Image.Image, other: Image.Image, first: Box, second: Box) -> tuple[float, Box]:
    """How alike the colours in two boxes are nearly everywhere, with the second's edges moved for as long as
    that makes them more alike on the whole, and where they are then. A plain wall is like nothing."""
    kept = _part(one, first, SHARED_SIDE)
    held = _part(other, second, SHARED_SIDE)
    if np.median(_correlations(_cells(kept), _cells(held))) < GIVEN_UP:
        return 0.0, second
    shape = _shape(kept)
    best = np.vdot(shape, _shape(held))
    for step in STEPS:
        for edge in range(4):
            for sign in (-1, 1):
                box = second.copy()
                box[edge] = np.clip(box[edge] + sign * step, 0, 1)
                part = _part(other, box, SHARED_SIDE)
                if (found := np.vdot(shape, _shape(part))) > best:
                    best, second, held = found, box, part
    # A thing in one of them makes one place differ much more than others: an animal came between two frames.
    mine, theirs = kept - kept.mean(axis=(0, 1)), held - held.mean(axis=(0, 1))
    lit = (mine * theirs).sum() / max((theirs**2).sum(), 1e-6)  # the light may have changed
    squares = np.square(mine - theirs * lit).mean(axis=2)
    places = np.sqrt(sliding_window_view(squares, (PLACE, PLACE)).mean(axis=(2, 3)))
    if places.max() > OUTLIER * (np.median(places) + NOISE):
        return 0.0, second
    return float(np.quantile(_correlations(_cells(kept), _cells(held)), BUT_FOR)), second


def _are_one(first: Box, second: Box) -> bool:
    return bool(np.abs(first - second).max() < STILL)


def _part(image: Image.Image, box: Box, side: int) -> NDArray[np.float32]:
    left, top, right, bottom = (np.clip(box, 0, 1) * image.width).tolist()
    part = image.resize((side, side), Image.Resampling.BILINEAR, box=(left, top, right, bottom))
    return np.asarray(part, dtype=np.float32)


def _cells(part: NDArray[np.float32]) -> NDArray[np.float32]:
    """A shared part (32, 32, 3) as (16, 8, 8, 3)."""
    count = SHARED_SIDE // CELL
    return part.reshape(count, CELL, count, CELL, 3).swapaxes(1, 2).reshape(-1, CELL, CELL, 3)


def _correlations(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of each part (parts, side, side, 3) with the other's: (parts,)."""
    products: NDArray[np.float32] = (_shape(one) * _shape(other)).sum(axis=(1, 2))
    return products


def _shape(part: NDArray[np.float32]) -> NDArray[np.float32]:
    """(…, side, side, 3) as (…, pixels, 3): no mean colour, and of length 1, or 0 where it is plain."""
    pixels: NDArray[np.float32] = part.reshape(*part.shape[:-3], -1, 3)
    pixels = pixels - pixels.mean(axis=-2, keepdims=True)
    pixels /= np.maximum(np.sqrt(np.square(pixels).sum(axis=(-2, -1), keepdims=True)), 1e-3)
    return pixels
