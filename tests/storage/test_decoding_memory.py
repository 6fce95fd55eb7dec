"""One budget of memory for decoding, whatever the number of threads: large pictures go one at a time."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from PIL import Image

from storage.pictures import decoding
from storage.pictures.decoding import BYTES_A_PIXEL, Memory, decode


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
