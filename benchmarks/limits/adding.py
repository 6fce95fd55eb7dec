"""Adding pictures: the embedded encoder, and a ViT-B-32 WITH RANDOM WEIGHTS (for speed alone).

Reading, decoding and thumbnailing without the network, and the network on prepared pictures, each keep every
core busy. So doing both can't take less than the sum, however well it overlaps, and the sum is the limit.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from benchmarks.add_pictures import decode_alone, files_of, forward_alone
from benchmarks.embedding import CORES, Way, embedded_network, measure, random_vit, vit_network, ways
from benchmarks.engines import draw
from benchmarks.homes import new_home
from benchmarks.limits.rows import Row, Rows
from concepts.encoders import Encoder, load_encoder
from concepts.library.ingest_worker import ENCODE_BATCH
from concepts.settings import load_settings
from concepts.workbench import Workbench

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
    files = files_of(place, count)
    embedded = load_encoder("embedded", cache=cache)
    yield _added(folder, f"add {count:,} {kind}, embedded encoder", embedded, files, cache)
    if quick:
        return
    yield _embedded(
        "embed, embedded encoder", embedded, list(ways(embedded_network(), 256, folder, False)), 256
    )
    vit = load_encoder(f"local-dir:{random_vit(folder / 'vit')}", cache=cache)
    some = files[: max(count // SHARE_OF_VIT, CORES * ENCODE_BATCH)]
    yield _added(folder, f"add {len(some):,} {kind}, ViT-B-32 (random weights)", vit, some, cache)
    found = list(ways(vit_network(vit), 224, folder, False))
    yield _embedded("embed, ViT-B-32 (random weights)", vit, found, 224)


def _added(folder: Path, row: str, encoder: Encoder, files: list[Path], cache: Path) -> Row:
    took, least = [], []
    for repeat in range(REPEATS):
        home = new_home(folder / f"home-{encoder.dimension}-{repeat}", cache)
        listing = home / "pictures.csv"
        listing.write_text("path\n" + "\n".join(f'"{file}"' for file in files))
        bench = Workbench(load_settings(home=home))
        try:
            done = bench.pictures.add_pictures([listing], encoder=encoder.name)
        finally:
            bench.context.close()
        assert done.embedded == done.added > 0, done
        took.append(done.seconds)
        decoding = decode_alone(files, encoder, home / "again")
        least.append(decoding + forward_alone(done.embedded, files, encoder))
    return Row(row, tuple(took), tuple(least), 1.1, "decode alone + forward alone")


def _embedded(row: str, encoder: Encoder, found: list[Way], side: int) -> Row:
    """Beside the quickest plain way of the same packages whose vectors are as good."""
    product = Way("product", encoder.encode_pictures)
    measure([product, *found], side)
    best = min(found, key=lambda way: float(np.median(way.clock)))
    pictures = CORES * ENCODE_BATCH
    took, least = ([pictures * one for one in way.clock] for way in (product, best))
    return Row(f"{row}, {pictures} pictures", tuple(took), tuple(least), 1.05, best.name)
