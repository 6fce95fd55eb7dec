"""One budget of memory for decoding, whatever the number of threads: large pictures go one at a time."""

from __future__ import annotations

import io
import struct
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from PIL import Image

from storage.pictures import decoding
from storage.pictures.colours import STRIP, rgb
from storage.pictures.decoding import BYTES_A_PIXEL, MAX_SENT_PIXELS, Memory, decode, decoded, wanted


def encoded(side: int, kind: str = "PNG", **how: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), "teal").save(out, kind, **how)
    return out.getvalue()


class Watched:
    """Counts how many are being converted at a time."""

    def __init__(self, together: int) -> None:
        self.most = self._now = 0
        self._lock = threading.Lock()
        self._all_there = threading.Barrier(together)
        self._real = decoding.rgb

    def rgb(self, picture: Image.Image) -> Image.Image:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        if self._all_there.parties > 1:
            self._all_there.wait(30)
        converted = self._real(picture)
        with self._lock:
            self._now -= 1
        return converted


@pytest.mark.parametrize(("pictures_in_budget", "together"), [(0.5, 1), (1, 1), (1.5, 1), (4, 4)])
def test_as_many_are_decoded_at_a_time_as_the_budget_has_room_for(
    monkeypatch: pytest.MonkeyPatch, pictures_in_budget: float, together: int
) -> None:
    watched = Watched(together)
    budget = int(pictures_in_budget * 100 * 100 * BYTES_A_PIXEL)
    monkeypatch.setattr(decoding, "memory", Memory(budget))
    monkeypatch.setattr(decoding, "rgb", watched.rgb)
    with ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(decode, [encoded(100)] * 16))) == 16
    assert watched.most == together


def test_a_jpeg_counts_as_what_it_is_shrunk_to_unless_it_has_to_be_held_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted: list[int] = []

    class Noting(Memory):
        def share(self, wanted_now: int) -> Any:
            wanted.append(wanted_now)
            return super().share(wanted_now)

    monkeypatch.setattr(decoding, "memory", Noting(decoding.MOST_MEMORY))
    for how in ({}, {"progressive": True}):
        decode(encoded(800, "JPEG", **how), short_side=100)
    assert wanted == [100 * 100 * BYTES_A_PIXEL, 800 * 800 * BYTES_A_PIXEL]


def test_a_bad_picture_gives_its_share_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "memory", Memory(1))
    for _ in range(3):
        with pytest.raises(decoding.BadPictureError):
            decode(encoded(300)[:200])
    assert decode(encoded(100)).width == 100


class Told(Memory):
    """Notes when a share is taken and when it is given back."""

    def __init__(self) -> None:
        super().__init__(decoding.MOST_MEMORY)
        self.events: list[str] = []

    @contextmanager
    def share(self, wanted: int) -> Iterator[None]:
        with super().share(wanted):
            self.events.append("taken")
            yield
        self.events.append("given back")


def test_a_share_is_held_until_the_picture_was_used_and_its_pixels_go_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory = Told()
    monkeypatch.setattr(decoding, "memory", memory)
    with decoded(encoded(100)) as picture:
        picture.image.resize((10, 10))
        memory.events.append("used")
    assert memory.events == ["taken", "used", "given back"]
    with pytest.raises(ValueError, match="closed"):
        picture.image.resize((10, 10))


def test_of_those_that_wait_the_smallest_goes_first() -> None:
    memory, order = Memory(100), []

    def take(wanted: int) -> None:
        with memory.share(wanted):
            order.append(wanted)

    with ThreadPoolExecutor(4) as pool:
        with memory.share(100):
            taken = [pool.submit(take, wanted) for wanted in (90, 200, 10, 60)]
            while len(memory._waiting) < len(taken):
                threading.Event().wait(0.001)
        for one in taken:
            one.result()
    assert order.index(10) < order.index(60) < order.index(90) < order.index(200)


def colours_one_after_the_other(jpeg: bytes) -> bytes:
    """Up to the head of its first scan, which has the first colour alone."""
    return jpeg[: jpeg.index(b"\xff\xda")] + b"\xff\xda\0\x08\x01\x01\0\0\x3f\0"


def test_a_jpeg_whose_colours_come_in_scans_of_their_own_counts_whole() -> None:
    jpeg = encoded(800, "JPEG")
    shrunk, whole = (wanted(io.BytesIO(one), 100).bytes for one in (jpeg, colours_one_after_the_other(jpeg)))
    assert (shrunk, whole) == (100 * 100 * BYTES_A_PIXEL, 800 * 800 * BYTES_A_PIXEL)


@pytest.mark.parametrize("mode", ["F", "I", "I;16"])
def test_grey_of_more_than_a_byte_is_made_smaller_some_lines_at_a_time(mode: str) -> None:
    values = np.random.default_rng(0).integers(0, 60_000, (3 * STRIP + 5, 7))
    pixels = values.astype({"F": np.float32, "I": np.int32, "I;16": np.uint16}[mode])
    whole = pixels.astype(np.float64)
    scaled = (whole - whole.min()) * (255.0 / np.ptp(whole))
    expected = (values >> 8 if mode == "I;16" else scaled).astype(np.uint8)
    found = np.asarray(rgb(Image.fromarray(pixels)))
    assert (found == expected[:, :, None]).all()


def tiled(width: int, height: int, tile: int) -> bytes:
    """The header of a TIFF in grey, with tiles of so many pixels a side."""
    tags = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 277: 1, 322: tile, 323: tile, 324: 0, 325: 1}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)


def test_a_tiff_of_which_a_tile_would_take_all_memory_is_damaged() -> None:
    with pytest.raises(decoding.BadPictureError, match="tiles are larger than the picture"):
        decode(tiled(64, 64, 2**15))
    assert wanted(io.BytesIO(tiled(64, 64, 256))).bytes > 0


def test_an_avif_counts_as_large_whatever_it_says() -> None:
    out = io.BytesIO()
    Image.new("RGB", (64, 64)).save(out, "AVIF")
    assert wanted(out).bytes == MAX_SENT_PIXELS * BYTES_A_PIXEL
