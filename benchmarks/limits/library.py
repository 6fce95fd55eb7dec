"""The library: a folder of files that are known already. Files and rows are made up; no file is read."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from benchmarks.limits.homes import new_home
from benchmarks.limits.rows import Row, Rows, compared
from concepts.library.collection import collection_of
from concepts.results.library import import_pictures
from concepts.rooms import open_app
from concepts.settings import load_settings
from storage.adding import PictureFacts
from storage.pictures.files import Source

A_FOLDER = 1_000  # files
FILES_A_SECOND = 20_000


def rows(folder: Path, count: int) -> Rows:
    """`count` files in a folder that is empty."""
    pictures = folder / "pictures"
    home = new_home(folder / "home", load_settings().cache)
    bench = open_app(load_settings(home=home))
    try:
        import_pictures(bench, [_one_picture(folder)], encoder="embedded").wait()
        encoder = collection_of(bench).library.encoder()
        assert encoder is not None
        for start in range(0, count, A_FOLDER):
            read = [_known(pictures, number) for number in range(start, min(start + A_FOLDER, count))]
            collection_of(bench).library.adding.record(read, [], encoder.fingerprint)
            ids = [facts.id for _, facts in read]
            collection_of(bench).stored().write(
                ids, np.eye(1, encoder.dimension, k=3).repeat(len(ids), axis=0)
            )
            collection_of(bench).library.adding.vectors_written(ids, encoder.fingerprint)

        def again() -> None:
            done = import_pictures(bench, [pictures]).wait()
            assert done.unchanged == count, done

        what = f"add {count:,} files again that are unchanged"
        beside = compared(what, 10, again, "a stat of each file", lambda: _stats(pictures), repeats=3)
        yield Row(f"{what}, by the clock", beside.seconds, (), count / FILES_A_SECOND, "")
        yield beside
    finally:
        bench.close()


def _one_picture(folder: Path) -> Path:
    from PIL import Image

    path = folder / "one.png"
    Image.new("RGB", (32, 32), (200, 30, 30)).save(path)
    return path


def _known(folder: Path, number: int) -> tuple[Source, PictureFacts]:
    path = folder / f"{number // A_FOLDER:04d}" / f"{number:07d}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    stat = path.stat()
    own = hashlib.sha256(str(number).encode()).hexdigest()
    return Source(str(path), stat.st_size, stat.st_mtime_ns), PictureFacts(own, 1000, "JPEG", 640, 480, None)


def _stats(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.jpg"))
