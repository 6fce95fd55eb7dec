"""What does it cost to have pictures looked at by Ray, and how much can the one writer take in?

    python -m benchmarks.engines [--pictures 900] [--merged 6000] [--engine ray]

Drawn JPEGs of 1024 x 768 are added with the embedded encoder in threads of this process, then by a Ray with
as many workers as there are processors: a third of them and all, so that what a picture costs can be told
from what it costs to begin. On one machine that can show only what Ray costs. Processor seconds are those of
this process and all that it began, so that other programs disturb them little. The writer is measured with
small pictures that are processed before it begins, and vectors of the embedded encoder's length.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.homes import new_home
from concepts.encoders import load_encoder
from concepts.encoders.base import Fingerprint, as_stored, unit
from concepts.jobs.engines import Engine, InProcess, engine_of
from concepts.settings import load_settings
from concepts.workbench import SharedResources, Workbench

TICK = os.sysconf("SC_CLK_TCK")


def draw(folder: Path, count: int, size: tuple[int, int]) -> Path:
    """Coarse noise enlarged, so that files are as large as photographs of that size."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(count):
        coarse = rng.integers(0, 255, (size[1] // 8, size[0] // 8, 3), dtype=np.uint8)
        image = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
        image.save(folder / f"{number:06}.jpg", quality=85)
    return folder


class Drawn:
    """An encoder that costs nothing: vectors by chance, as long as the embedded encoder's."""

    name, licence, dimension, decode_size = "drawn", "", 1664, 8
    fingerprint = Fingerprint("drawn", "0" * 64, "none", "float32")

    def prepare(self, picture: Image.Image) -> Any:
        return np.asarray(picture.resize((8, 8)), dtype=np.float32).transpose(2, 0, 1)

    def encode_pictures(self, batch: Any) -> Any:
        seeds = [int(np.abs(one).sum()) for one in batch]
        return as_stored(unit(np.stack([np.random.default_rng(s).normal(size=1664) for s in seeds])))

    def encode_texts(self, texts: Any) -> Any:
        return np.zeros((len(texts), 1664), np.float32)


class ProcessedFirst(InProcess):
    """Gives nothing before all is processed. `began` and `used`: when that was, and the processor seconds
    until then."""

    began = used = 0.0

    def map(self, *given: Any) -> Any:
        results = list(super().map(*given))
        self.began, self.used = time.perf_counter(), time.process_time()
        yield from results


class ProcessorSeconds:
    """Of this process and all that comes of it while this is open, also of those that end meanwhile."""

    def __enter__(self) -> ProcessorSeconds:
        self._before, self._used = _used(), dict[int, float]()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()
        self._used |= _used()
        self.seconds = sum(used - self._before.get(process, 0.0) for process, used in self._used.items())

    def _watch(self) -> None:
        while not self._done.wait(0.2):
            self._used |= _used()


def _used() -> dict[int, float]:
    """Process → its processor seconds up to now, of this one and those below it."""
    children: dict[int, list[int]] = defaultdict(list)
    used: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children[int(fields[1])].append(int(entry.name))
            used[int(entry.name)] = (int(fields[11]) + int(fields[12])) / TICK
    below, waiting = dict[int, float](), [os.getpid()]
    while waiting:
        one = waiting.pop()
        below[one] = used.get(one, 0.0)
        waiting += children[one]
    return below


def added(engine: Engine, home: Path, pictures: list[Path], cache: Path) -> dict[str, Any]:
    new_home(home, cache)
    bench = Workbench(load_settings(home=home, encoder="embedded"))
    bench.context.collection.engine = engine
    bench.context.collection.encoder()
    began = time.perf_counter()
    with ProcessorSeconds() as processors:
        report = bench.library.add(pictures).wait()
        seconds = time.perf_counter() - began
    bench.context.database.close()
    return {
        "pictures": report.added,
        "seconds": round(seconds, 2),
        "a second": round(report.added / seconds, 1),
        "processor seconds": round(processors.seconds, 2),
    }


def both(engine: Engine, folder: Path, pictures: list[Path], cache: Path) -> dict[str, Any]:
    few, all_ = (
        added(engine, folder / f"{type(engine).__name__}{n}", pictures[:n], cache)
        for n in (len(pictures) // 3, len(pictures))
    )
    more = all_["pictures"] - few["pictures"]
    each = (all_["processor seconds"] - few["processor seconds"]) / more
    return {
        "few": few,
        "all": all_,
        "processor ms for one more picture": round(1000 * each, 1),
        "a second for more pictures": round(more / (all_["seconds"] - few["seconds"]), 1),
        "processor seconds to begin": round(all_["processor seconds"] - each * all_["pictures"], 1),
    }


def merged(home: Path, pictures: Path) -> dict[str, Any]:
    engine = ProcessedFirst()
    bench = Workbench(load_settings(home=home), SharedResources(load=lambda name, **how: Drawn()))
    bench.context.collection.engine = engine
    report = bench.library.add([pictures]).wait()
    return {
        "pictures": report.added,
        "a second": round(report.added / (time.perf_counter() - engine.began)),
        "processor ms a picture": round(1000 * (time.process_time() - engine.used) / report.added, 2),
        "bytes a picture": {
            "SQLite": round((home / "discern.sqlite").stat().st_size / report.added),
            "vectors": round(_bytes(home / "vectors") / report.added),
        },
    }


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pictures", type=int, default=900)
    parser.add_argument("--merged", type=int, default=9000)
    parser.add_argument("--engine", default="ray")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures = sorted(draw(folder / "pictures", given.pictures, (1024, 768)).iterdir())
        (folder / "cache").mkdir()
        load_encoder("embedded", cache=folder / "cache")  # what it works out once isn't measured
        found: dict[str, Any] = {"load": os.getloadavg()[0], "processors": os.cpu_count()}
        found["bytes a file"] = sum(file.stat().st_size for file in pictures) // given.pictures
        found["in process"] = both(InProcess(), folder, pictures, folder / "cache")
        engine = engine_of(given.engine)
        began = time.perf_counter()
        list(engine.map(len, [[0]]))
        found["seconds to the first answer of Ray"] = round(time.perf_counter() - began, 1)
        found[given.engine] = both(engine, folder, pictures, folder / "cache")
        engine.close()
        small = draw(folder / "small", given.merged, (64, 64))
        found["one writer"] = merged(folder / "merged", small)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
