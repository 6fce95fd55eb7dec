"""Key press to next decoded picture on the Label screen, with a large synthetic library, in Chromium.

    python -m benchmarks.label_latency --pictures 100000 --presses 200

The library is synthetic: random unit vectors in the index, a few drawn pictures hard-linked under every id,
and some thousand simulated answers. Everything else is real: the server in a process of its own, SQL, the
queue that trains and chooses behind, and the browser. The baseline is a static page that swaps the same
pictures, loaded five ahead, from the same server in the same run.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from concepts.settings import load_settings
from concepts.workbench import Workbench
from storage.adding import PictureFacts
from storage.labels import Author, NewLabel
from storage.library import LibraryEncoder
from storage.pictures.files import Source
from storage.pictures.thumbnails import thumbnail_key

CONCEPT = "Synthetic"
ANSWERS = 3000
KINDS = 48  # different pictures
BATCH = 5000

# A press counts from the event's own time until the picture that follows is decoded and a frame is drawn.
MEASURE = """
window.latencies = [];
performance.setResourceTimingBufferSize(10000);
window.addEventListener('keydown', (event) => {
  if (!'yn'.includes(event.key)) return;
  const began = event.timeStamp, before = document.querySelector('.stage img');
  const look = () => {
    const now = document.querySelector('.stage img');
    const next = now && now.dataset.picture !== before?.dataset.picture;
    if (!next) return requestAnimationFrame(look);
    now.decode().then(() => requestAnimationFrame(() => {
      const drawn = new MessageChannel();
      drawn.port1.onmessage = () => window.latencies.push(performance.now() - began);
      drawn.port2.postMessage(0);
    }));
  };
  queueMicrotask(look);
}, true);
"""

BASELINE = """
(ids) => {
  document.body.innerHTML = '<div class="stage"></div>';
  const stage = document.querySelector('.stage'), loaded = [];
  const load = () => {
    const id = ids.pop(), made = new Image();
    made.src = `/media/picture/${id}`; made.dataset.picture = id; made.style.width = '700px';
    made.decode(); loaded.push(made);
  };
  for (let i = 0; i < 6; i++) load();
  stage.append(loaded.shift());
  addEventListener('keydown', () => { stage.replaceChildren(loaded.shift()); load(); });
}
"""


def build(home: Path, count: int) -> None:
    """A library of `count` pictures and a concept with answers, unless the folder has one."""
    os.environ["DISCERN_HOME"] = str(home)
    workbench = Workbench(load_settings())
    library = workbench.context.collection.library
    if library.counts().pictures >= count:
        return
    encoder = workbench.context.collection.encoder()
    fingerprint = str(encoder.fingerprint)
    library.set_encoder(
        LibraryEncoder(encoder.name, encoder.fingerprint.precision, fingerprint, encoder.dimension)
    )
    ids = [hashlib.sha256(f"synthetic {i}".encode()).hexdigest() for i in range(count)]
    rng = np.random.default_rng(0)
    for start in range(0, count, BATCH):
        batch = ids[start : start + BATCH]
        vectors = rng.standard_normal((len(batch), encoder.dimension), dtype=np.float32)
        workbench.context.collection.stored().write(
            batch, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        )
        facts = [
            (Source(f"/synthetic/{i}.jpg", 1, 1), PictureFacts(i, 1, "JPEG", 1600, 1200, None)) for i in batch
        ]
        library.adding.record(facts, [], fingerprint)
        library.adding.vectors_written(batch, fingerprint)
    link_pictures(home, ids)
    workbench.concepts.begin(CONCEPT, "A synthetic concept: random vectors, simulated answers.")
    concept = workbench.context.store.find(CONCEPT)
    assert concept is not None
    reserved = set(workbench.context.store.evaluation_pictures(concept.id))
    answered = [i for i in ids if i not in reserved][:ANSWERS]
    author = Author("simulation", "simulated")
    workbench.context.log.append(
        concept.id,
        [NewLabel(f"s{n}", i, "yes" if n % 3 == 0 else "no", author, 1) for n, i in enumerate(answered)],
    )
    workbench.concept(CONCEPT).definition.mine().wait()


def link_pictures(home: Path, ids: list[str]) -> None:
    """Thumbnails of 320 px and large ones of 1,280 px, `KINDS` of each, hard-linked under every id."""
    for folder, size in ((home / "thumbnails", (320, 240)), (home / "cache" / "pictures", (1280, 960))):
        drawn = []
        for kind in range(KINDS):
            path = folder / f"kind-{kind}.webp"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(draw(kind, size))
            drawn.append(path)
        for number, picture_id in enumerate(ids):
            target = folder / thumbnail_key(picture_id)
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                os.link(drawn[number % KINDS], target)


def draw(seed: int, size: tuple[int, int]) -> bytes:
    """Shapes over noise, so that decoding takes as long as for a photo."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(90, 200, (size[1] // 4, size[0] // 4, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(image)
    for _ in range(12):
        x, y = rng.integers(0, size[0]), rng.integers(0, size[1])
        colour = tuple(int(c) for c in rng.integers(0, 255, 3))
        pen.ellipse((x, y, x + size[0] // 6, y + size[0] // 6), fill=colour)
    file = io.BytesIO()
    image.save(file, "WEBP", quality=80, method=0)
    return file.getvalue()


@contextmanager
def serving(home: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"DISCERN_HOME": str(home), "DISCERN_PORT": str(port)}
    process = subprocess.Popen([sys.executable, "app.py"], env=environment, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(3000):  # a busy machine takes minutes
            try:
                urllib.request.urlopen(f"{address}/healthz", timeout=1)
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise TimeoutError("The app didn't start.")
        yield address
    finally:
        process.terminate()
        process.wait()


def press(page: object, presses: int, pace: float) -> list[float]:
    for number in range(presses):
        page.keyboard.press("y" if number % 3 == 0 else "n")  # type: ignore[attr-defined]
        page.wait_for_function("n => window.latencies.length > n", arg=number, timeout=60_000)  # type: ignore[attr-defined]
        page.wait_for_timeout(1000 * pace)  # type: ignore[attr-defined]
    return page.evaluate("window.latencies")  # type: ignore[attr-defined, no-any-return]


def describe(name: str, values: list[float]) -> str:
    values = sorted(values)
    at = values[min(int(0.95 * len(values)), len(values) - 1)]
    return f"{name:44}{statistics.median(values):8.1f}{at:8.1f}{values[-1]:8.1f}   n={len(values)}"


def measure(home: Path, presses: int, pace: float) -> None:
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with serving(home) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.add_init_script(MEASURE)
        opened = []
        for _ in range(2):
            began = time.perf_counter()
            page.goto(f"{address}/label?concept={CONCEPT}")
            page.wait_for_selector(".stage img", timeout=120_000)
            opened.append(time.perf_counter() - began)
        latencies = press(page, presses, pace)
        requests = page.evaluate(
            "performance.getEntriesByType('resource')"
            ".filter(e => e.name.endsWith('/app/answers')).map(e => e.duration)"
        )
        saved = page.inner_text("[data-part=saved]")
        page.goto(f"{address}/healthz")
        ids = [path.stem for path in sorted((home / "thumbnails").glob("0?/*/*.webp"))[: presses + 10]]
        page.evaluate(BASELINE, ids)
        baseline = press(page, presses, pace)
        browser.close()
    print(f"{'milliseconds':44}{'median':>8}{'p95':>8}{'worst':>8}")
    print(describe("Label: key press to next decoded picture", latencies))
    print(describe("static page, pictures loaded five ahead", baseline))
    print(describe("answer saved: request, seen by the browser", requests))
    print(
        f"screen opened to first picture: {opened[0]:.1f} s cold, {opened[1]:.1f} s warm; at the end: {saved}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--presses", type=int, default=200)
    parser.add_argument(
        "--pace", type=float, default=0.3, help="seconds between a picture and the next press"
    )
    parser.add_argument("--home", type=Path, help="keep the library here and use it again")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = arguments.home or Path(folder)
        began = time.perf_counter()
        build(home, arguments.pictures)
        print(f"{arguments.pictures:,} synthetic pictures, built in {time.perf_counter() - began:.0f} s")
        measure(home, arguments.presses, arguments.pace)


if __name__ == "__main__":
    main()
