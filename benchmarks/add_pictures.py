"""How fast are pictures added, beside what decoding and the network need alone on the same cores?

    python -m benchmarks.add_pictures FOLDER [--encoder embedded]

"Alone" is every file read, hashed, decoded, thumbnailed and prepared without the network, and the network
on prepared pictures, each on all cores. Where both keep every core busy, doing both can't take less than
the sum. Adding does SQL, the vector index and near-duplicates besides. Peak memory is measured in processes
of their own, over half of the pictures and over all.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np

from concepts.encoders import Encoder, load_encoder
from concepts.jobs.engines import WORKERS
from concepts.library.ingest_worker import ENCODE_BATCH
from concepts.settings import load_settings
from concepts.workbench import Workbench
from storage.blobs import FolderBlobs
from storage.pictures import sources
from storage.pictures.decoding import decode
from storage.pictures.files import Source
from storage.pictures.hashing import perceptual_hash, picture_id
from storage.pictures.resizing import THUMBNAIL_SIDE, thumbnail
from storage.pictures.thumbnails import ThumbnailStore


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def files_of(folder: Path, count: int | None) -> list[Path]:
    found = (Path(file.uri) for file in sources.walk([folder]) if isinstance(file, Source))
    return list(islice(found, count))


def decode_alone(files: list[Path], encoder: Encoder, home: Path) -> float:
    thumbnails = ThumbnailStore(FolderBlobs(home))

    def look(file: Path) -> None:
        data = sources.read(str(file))
        decoded = decode(data, short_side=max(encoder.decode_size, THUMBNAIL_SIDE))
        thumbnails.write(picture_id(data), thumbnail(decoded.image))
        perceptual_hash(decoded.image)
        encoder.prepare(decoded.image)

    with ThreadPoolExecutor(WORKERS) as pool:
        return seconds(lambda: list(pool.map(look, files)))


def forward_alone(count: int, files: list[Path], encoder: Encoder) -> float:
    some = [encoder.prepare(decode(file.read_bytes()).image) for file in files[:ENCODE_BATCH]]
    batch = np.stack(some)
    encoder.encode_pictures(batch)
    rounds = range(-(-count // len(batch)))
    with ThreadPoolExecutor(WORKERS) as pool:
        return seconds(lambda: list(pool.map(lambda _: encoder.encode_pictures(batch), rounds)))


def add(folder: Path, count: int | None, encoder: str, home: Path) -> dict[str, float]:
    """In this process, whose peak memory is then that of adding."""
    home.mkdir(parents=True, exist_ok=True)
    listing = home / "pictures.csv"
    listing.write_text("path\n" + "\n".join(f'"{file}"' for file in files_of(folder, count)))
    result = Workbench(load_settings(home=home)).pictures.add_pictures([listing], encoder=encoder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"added": result.added, "seconds": result.seconds, "peak_mb": peak}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--encoder", default="embedded")
    parser.add_argument("--only-add", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        if options.only_add:
            print(json.dumps(add(options.folder, options.only_add, options.encoder, work / "home")))
            return
        files = files_of(options.folder.absolute(), None)
        encoder = load_encoder(options.encoder, cache=load_settings().cache)
        decode = decode_alone(files, encoder, work / "thumbnails")
        forward = forward_alone(len(files), files, encoder)
    runs = []
    for count in (len(files) // 2, len(files)):
        command = [sys.executable, "-m", "benchmarks.add_pictures", str(options.folder.absolute())]
        command += ["--encoder", options.encoder, "--only-add", str(count)]
        runs.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    half, whole = runs
    n = len(files)
    print(f"{n:,} pictures, {encoder.fingerprint}, {encoder.fingerprint.precision}, {WORKERS} cores")
    print(f"decode alone   {decode:7.1f} s {n / decode:7.1f} pictures a second")
    print(f"forward alone  {forward:7.1f} s {n / forward:7.1f}")
    print(f"both, ideally  {decode + forward:7.1f} s {n / (decode + forward):7.1f}")
    ratio = whole["seconds"] / (decode + forward)
    print(f"added          {whole['seconds']:7.1f} s {n / whole['seconds']:7.1f}   {ratio:.2f} of ideal time")
    print(
        f"peak memory    {half['peak_mb']:.0f} MB for {half['added']:.0f}, {whole['peak_mb']:.0f} MB for all"
    )


if __name__ == "__main__":
    main()
