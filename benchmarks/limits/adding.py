"""Adding pictures: the embedded encoder, and a ViT-B-32 WITH RANDOM WEIGHTS (for speed alone).

Reading, decoding and thumbnailing without the network, and the network on prepared pictures, each keep every
core busy: both can't take less than the sum, the limit. Comparing near neighbours, which all have, is extra.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.limits.embedding import CORES, quickest, random_vit, vit_network
from benchmarks.limits.homes import new_home
from benchmarks.limits.rows import Row, Rows, seconds_of
from benchmarks.torch_lite0 import Lite0
from concepts.encoders import load_encoder
from concepts.encoders.base import Encoder
from concepts.jobs.engines import WORKERS
from concepts.library.ingestion import ENCODE_BATCH
from concepts.results.library import import_pictures
from concepts.rooms import open_app
from concepts.settings import load_settings
from storage.blobs import FolderBlobs
from storage.pictures import sources
from storage.pictures.decoding import decode, decoded
from storage.pictures.files import Source
from storage.pictures.hashing import perceptual_hash, picture_id
from storage.pictures.resizing import THUMBNAIL_SIDE, thumbnail
from storage.pictures.thumbnails import ThumbnailStore

DRAWN = (1024, 768)
SHARE_OF_VIT = 6  # times fewer pictures than the embedded encoder gets, because it takes so much longer
REPEATS = 3


def rows(folder: Path, count: int, quick: bool = False) -> Rows:
    """`count` pictures: labelled ones where `DISCERN_EVAL_DATA` says where they are, else drawn ones.
    `quick`: by the embedded encoder alone, and without its network by itself."""
    cache = load_settings().cache
    data = os.environ.get("DISCERN_EVAL_DATA")
    place = Path(data).absolute() / "grocery" if data else draw(folder / "drawn", count, DRAWN)
    kind = "shelf photos" if data else "drawn pictures"
    found = (Path(file.uri) for file in sources.walk([place]) if isinstance(file, Source))
    files = list(islice(found, count))
    embedded = load_encoder("embedded", cache=cache)
    yield _added(folder, f"add {count:,} {kind}, embedded encoder", embedded, files, cache)
    if quick:
        return
    yield from quickest("embed, embedded encoder", embedded, Lite0(), 256, folder)
    vit = load_encoder(f"local-dir:{random_vit(folder / 'vit')}", cache=cache)
    some = files[: max(count // SHARE_OF_VIT, CORES * ENCODE_BATCH)]
    yield _added(folder, f"add {len(some):,} {kind}, ViT-B-32 (random weights)", vit, some, cache)
    # open_clip and timm run in PyTorch, so PyTorch sets the bar. ONNX Runtime gets rows without one.
    embed = "embed, ViT-B-32 (random weights)"
    yield from quickest(embed, vit, vit_network(vit), 224, folder, among="PyTorch")


def draw(folder: Path, count: int, size: tuple[int, int]) -> Path:
    """Coarse noise enlarged, so that files are as large as photographs of that size."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(count):
        coarse = rng.integers(0, 255, (size[1] // 8, size[0] // 8, 3), dtype=np.uint8)
        image = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
        image.save(folder / f"{number:06}.jpg", quality=85)
    return folder


def _added(folder: Path, row: str, encoder: Encoder, files: list[Path], cache: Path) -> Row:
    took, least = [], []
    for repeat in range(REPEATS):
        home = new_home(folder / f"home-{encoder.dimension}-{repeat}", cache)
        listing = home / "pictures.csv"
        listing.write_text("path\n" + "\n".join(f'"{file}"' for file in files))
        bench = open_app(load_settings(home=home))
        try:
            done = import_pictures(bench, [listing], encoder=encoder.name).wait()
        finally:
            bench.close()
        assert done.embedded == done.added > 0, done
        took.append(done.seconds)
        decoding = _decode_alone(files, encoder, home / "again")
        least.append(decoding + _forward_alone(done.embedded, files, encoder))
    return Row(row, tuple(took), tuple(least), 1.1, "decode alone + forward alone")


def _decode_alone(files: list[Path], encoder: Encoder, home: Path) -> float:
    """Seconds to read, hash, decode, thumbnail and prepare every file, on all cores."""
    thumbnails = ThumbnailStore(FolderBlobs(home))

    def look(file: Path) -> None:
        data = sources.read(str(file))
        with decoded(data, short_side=max(encoder.decode_size, THUMBNAIL_SIDE)) as picture:
            thumbnails.write(picture_id(data), thumbnail(picture.image))
            perceptual_hash(picture.image)
            encoder.prepare(picture.image)

    with ThreadPoolExecutor(WORKERS) as pool:
        return seconds_of(lambda: list(pool.map(look, files)))


def _forward_alone(count: int, files: list[Path], encoder: Encoder) -> float:
    """Seconds of the network on `count` prepared pictures, on all cores."""
    batch = np.stack([encoder.prepare(decode(file.read_bytes()).image) for file in files[:ENCODE_BATCH]])
    encoder.encode_pictures(batch)
    rounds = range(-(-count // len(batch)))
    with ThreadPoolExecutor(WORKERS) as pool:
        return seconds_of(lambda: list(pool.map(lambda _: encoder.encode_pictures(batch), rounds)))
