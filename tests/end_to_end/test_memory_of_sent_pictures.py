"""What pictures that are sent at once take of a real process's memory, and that it is given back.

Each is flat and as large as one that is sent may be. The seconds are printed: `pytest -s` shows them.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from functools import cache
from pathlib import Path
from typing import NamedTuple

import httpx2 as httpx
import pytest
from answering import answered_all
from drawing import draw_folder
from patience import PATIENCE
from PIL import Image
from running_app import RunningApp
from soak_load import memory_of

from concepts.results.library import import_pictures
from concepts.rooms import open_app
from concepts.settings import load_settings
from storage.pictures.pixels import MAX_SENT_PIXELS

pytestmark = pytest.mark.slow

MOST_ABOVE_REST = 1_200_000_000  # bytes
GIVEN_BACK = 100_000_000  # bytes above rest that may stay
NAME = "Shapes"
SETTLED = 30  # times in which nothing changed, a tenth of a second apart
SIDE = 7_700
HEIC = Path(__file__).parents[1] / "fixtures" / "flat-7700.heic"  # Pillow writes none
PASSWORDS = {"owner": "of an owner", "viewer": "of a viewer"}
HOW = {
    "JPEG": {"format": "JPEG"},
    "progressive": {"format": "JPEG", "progressive": True, "subsampling": 0},
    "PNG": {"format": "PNG", "compress_level": 1},
    "WebP": {"format": "WEBP", "quality": 20, "method": 0},
}


class Mix(NamedTuple):
    who: str
    n: int
    kinds: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.n} × {', '.join(self.kinds)} by {self.who}"


MIXES = (
    Mix("owner", 1, ("WebP",)),
    Mix("viewer", 1, ("HEIC",)),
    Mix("viewer", 6, ("PNG",)),
    Mix("owner", 6, ("HEIC",)),
    Mix("viewer", 32, ("JPEG", "progressive")),
    Mix("owner", 32, ("JPEG", "progressive", "PNG", "WebP", "HEIC")),
)


@cache
def picture(kind: str, side: int = SIDE) -> bytes:
    assert side * side <= MAX_SENT_PIXELS
    if kind == "HEIC":
        return HEIC.read_bytes()
    out = io.BytesIO()
    Image.new("RGB", (side, side), (128, 64, 32)).save(out, **HOW[kind])
    return out.getvalue()


class Process:
    """A server, and what memory it has."""

    def __init__(self, app: RunningApp) -> None:
        self.app = app

    def at_rest(self) -> int:
        """Bytes that it has once it takes no more by itself, as a new one does for a while."""
        last, same = 0, 0
        while same < SETTLED:
            now = self.resident()
            same = same + 1 if abs(now - last) < 2_000_000 else 0
            last = now
            time.sleep(0.1)
        return last

    def resident(self) -> int:
        return memory_of(self.app.pid, "VmRSS:")

    def begin(self) -> None:
        """The peak is counted from here on."""
        Path(f"/proc/{self.app.pid}/clear_refs").write_text("5")

    def peak(self) -> int:
        return memory_of(self.app.pid, "VmHWM:")


def decoded(client: httpx.Client, content: bytes) -> None:
    """Sends a picture, for what a version says of it."""
    answer = client.post("/api/v1/classify", files={"picture": ("a", content)})
    assert answer.status_code == 200, answer.text
    (found,) = answer.json()["pictures"]
    assert (found["error"], len(found["said"])) == (None, 1)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Iterator[Process]:
    folder, encoder = tmp_path_factory.mktemp("people"), f"local-dir:{tiny_open_clip}"
    bench = open_app(load_settings(home=folder / "home"))
    import_pictures(bench, [draw_folder(folder / "drawn", 90)], encoder=encoder).wait()
    bench.close()
    shapes = answered_all(folder / "home", NAME, None, lambda path: "yes" if "ellipse" in path else "no")
    shapes.close()
    users = ",".join(f"{name}={name}:{password}" for name, password in PASSWORDS.items())
    app = RunningApp(folder / "home", encoder, DISCERN_USERS=users)
    app.start()
    yield Process(app)
    app.stop()


@pytest.mark.parametrize("mix", MIXES, ids=str)
def test_large_pictures_take_no_more_than_one_budget_and_give_it_back(process: Process, mix: Mix) -> None:
    auth = (mix.who, PASSWORDS[mix.who])
    client = httpx.Client(base_url=process.app.url, auth=auth, timeout=PATIENCE)
    for kind in ("PNG", *HOW):  # what the first of a kind loads stays
        decoded(client, picture(kind, 300))
    rest = process.at_rest()
    process.begin()
    with ThreadPoolExecutor(mix.n) as pool:
        begun = time.monotonic()
        large = [pool.submit(decoded, client, picture(mix.kinds[i % len(mix.kinds)])) for i in range(mix.n)]
        wait(large[:1] if mix.n == 1 else large, timeout=PATIENCE, return_when=FIRST_COMPLETED)
        asked = time.monotonic()
        decoded(client, picture("PNG", 300))
        answered = time.monotonic()
        left = sum(not one.done() for one in large)
        for one in large:
            one.result()
    took, peak = time.monotonic() - begun, process.peak() - rest
    small = f"a small one {answered - asked:.2f} s with {left} left"
    print(f"\n{mix}: {took:.1f} s, {small}, peak {peak / 1e6:.0f} MB")
    assert peak < MOST_ABOVE_REST
    assert mix.n < 32 or left, "a small picture had to wait for all the large ones"
    deadline = time.monotonic() + PATIENCE
    while process.resident() - rest > GIVEN_BACK:
        assert time.monotonic() < deadline, process.resident() - rest
    print(f"{(process.resident() - rest) / 1e6:.0f} MB stay")
