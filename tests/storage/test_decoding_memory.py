"""One budget of memory for decoding, whatever the number of threads: large pictures go one at a time."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import accumulate
from typing import Any

import numpy as np
import pytest
from drawing import encoded
from peaks import peak_memory
from PIL import Image, ImageCms

from concepts.bundle.reading import Reader
from storage.pictures import decoding
from storage.pictures.decoding import decode, decoded, wanted
from storage.pictures.pixels import (
    BYTES_A_PIXEL,
    MAX_SENT_PIXELS,
    MOST_MEMORY,
    MOST_PASSED,
    STRIP,
    Memory,
    rgb,
)


def flat(side: int, kind: str = "PNG", **how: Any) -> bytes:
    return encoded(Image.new("RGB", (side, side), "teal"), kind, **how)


class Told(Memory):
    """Notes how large a share is, when it is taken and when it is given back."""

    def __init__(self, budget: int = MOST_MEMORY) -> None:
        super().__init__(budget)
        self.events: list[str] = []
        self.wanted: list[int] = []

    @contextmanager
    def share(self, wanted: int, most: int = sys.maxsize) -> Iterator[None]:
        self.wanted.append(wanted)
        with super().share(wanted, most):
            self.events.append("taken")
            yield
            self.events.append("given back")


@pytest.mark.parametrize(("pictures_in_budget", "together"), [(0.5, 1), (1, 1), (1.5, 1), (4, 4)])
def test_as_many_are_decoded_at_a_time_as_the_budget_has_room_for(
    monkeypatch: pytest.MonkeyPatch, pictures_in_budget: float, together: int
) -> None:
    memory, all_there = Told(int(pictures_in_budget * 100 * 100 * BYTES_A_PIXEL)), threading.Barrier(together)
    monkeypatch.setattr(decoding, "memory", memory)
    real = decoding.rgb

    def rgb(picture: Image.Image) -> Image.Image:
        all_there.wait(30)
        return real(picture)

    monkeypatch.setattr(decoding, "rgb", rgb)
    with ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(decode, [flat(100)] * 16))) == 16
    assert max(accumulate(1 if event == "taken" else -1 for event in memory.events)) == together


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    monkeypatch.setattr(decoding, "memory", memory := Told())
    return memory


def colours_one_after_the_other(jpeg: bytes) -> bytes:
    """Up to the head of its first scan, which has the first colour alone."""
    return jpeg[: jpeg.index(b"\xff\xda")] + b"\xff\xda\0\x08\x01\x01\0\0\x3f\0"


def test_a_jpeg_counts_as_what_it_is_shrunk_to_unless_it_has_to_be_held_whole(told: Told) -> None:
    jpeg = flat(800, "JPEG")
    for one in (jpeg, flat(800, "JPEG", progressive=True), colours_one_after_the_other(jpeg)):
        with suppress(decoding.BadPictureError):  # of what isn't whole
            decode(one, short_side=100)
    assert told.wanted == [100 * 100 * BYTES_A_PIXEL, *[800 * 800 * BYTES_A_PIXEL] * 2]


def test_a_bad_picture_gives_its_share_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "memory", Memory(1))
    for _ in range(3):
        with pytest.raises(decoding.BadPictureError):
            decode(flat(300)[:200])
    assert decode(flat(100)).width == 100


def test_a_share_is_held_until_the_picture_was_used_and_its_pixels_go_with_it(told: Told) -> None:
    with decoded(flat(100)) as picture:
        picture.image.resize((10, 10))
        told.events.append("used")
    assert told.events == ["taken", "used", "given back"]
    with pytest.raises(ValueError, match="closed"):
        picture.image.resize((10, 10))


def order_of(*all_wanted: int) -> list[int]:
    """In which they go that come one after the other while there is no room."""
    memory, order = Memory(100), list[int]()

    def take(wanted: int) -> None:
        with memory.share(wanted):
            order.append(wanted)

    with ThreadPoolExecutor(len(all_wanted)) as pool:
        with memory.share(100):
            taken = []
            for wanted_now in all_wanted:
                taken.append(pool.submit(take, wanted_now))
                while len(memory._waiting) < len(taken):
                    threading.Event().wait(0.001)
        for one in taken:
            one.result()
    return order


def test_a_library_leaves_half_of_the_memory_to_pictures_that_are_sent() -> None:
    memory, order = Memory(100), list[str]()

    def take(name: str, wanted: int, most: int) -> None:
        with memory.share(wanted, most):
            order.append(name)

    with ThreadPoolExecutor(2) as pool, memory.share(40):
        waits = pool.submit(take, "of a library", 20, 50)
        while not memory._waiting:
            threading.Event().wait(0.001)
        pool.submit(take, "sent", 60, 100).result()
        assert (order, waits.done()) == (["sent"], False)
    assert order == ["sent", "of a library"]


def test_of_those_that_wait_the_smallest_goes_first() -> None:
    order = order_of(90, 200, 10, 60)
    assert order.index(10) < order.index(60) < order.index(90) < order.index(200)


@pytest.mark.parametrize("large", [100, 200])
def test_a_large_one_goes_once_many_smaller_ones_that_came_later_have_gone(large: int) -> None:
    order = order_of(large, *[1] * (MOST_PASSED + 8))
    assert order.index(large) == MOST_PASSED


@pytest.mark.parametrize("mode", ["F", "I", "I;16"])
def test_grey_of_more_than_a_byte_is_made_smaller_some_lines_at_a_time(mode: str) -> None:
    values = np.random.default_rng(0).integers(0, 60_000, (3 * STRIP + 5, 7))
    pixels = values.astype({"F": np.float32, "I": np.int32, "I;16": np.uint16}[mode])
    whole = pixels.astype(np.float64)
    scaled = (whole - whole.min()) * (255.0 / np.ptp(whole))
    expected = (values >> 8 if mode == "I;16" else scaled).astype(np.uint8)
    found = np.asarray(rgb(Image.fromarray(pixels)))
    assert (found == expected[:, :, None]).all()
    if mode == "I;16":  # as files have it
        for kind in ("PNG", "TIFF"):
            assert (np.asarray(decode(encoded(Image.fromarray(pixels), kind)).image) == found).all()


SMALL = {"height": 8, "width": 8, "fit": "whole", "interpolation": "bilinear", "short_side": 8}


def decode_and_forget(data: bytes) -> None:
    with decoded(data):
        pass


def test_an_avif_counts_as_large_where_it_was_sent_whatever_it_says(
    monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    avif = flat(64, "AVIF")
    assert wanted(io.BytesIO(avif)).bytes == MAX_SENT_PIXELS * BYTES_A_PIXEL
    for sent in (True, False):
        with decoded(avif, sent=sent):
            pass
        reader = Reader(SMALL)
        monkeypatch.setattr(reader, "_memory", told)
        reader.pixels(avif, sent=sent)
    assert told.wanted == [MAX_SENT_PIXELS * BYTES_A_PIXEL] * 2 + [64 * 64 * BYTES_A_PIXEL] * 2


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK", "I;16", "F"])
@pytest.mark.parametrize("read", [decode_and_forget, Reader(SMALL).pixels], ids=["Discern", "a bundle"])
def test_a_picture_takes_no_more_than_it_counts_as(read: Callable[[bytes], object], mode: str) -> None:
    side = 3000
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes().replace(b"sRGB", b"test")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned
    packed = {"compression": "tiff_adobe_deflate", "icc_profile": profile, "exif": exif}
    data = encoded(Image.new(mode, (side, side)), "TIFF", **packed)
    before = peak_memory(begin=True)
    read(data)
    assert peak_memory() - before < side * side * BYTES_A_PIXEL
