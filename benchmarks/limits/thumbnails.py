"""Thumbnails from the real server on loopback, to several connections of one client.

What the client alone can do is told beside it: the same requests to a server that answers every one with the
same bytes and does nothing else. Thumbnails are drawn.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.limits.app import serving
from benchmarks.limits.rows import Row, Rows, seconds_of
from concepts.settings import load_settings
from storage.blobs import FolderBlobs
from storage.database import Database
from storage.pictures.thumbnails import ThumbnailStore

CONNECTIONS = 8
PICTURES = 500
A_SECOND = 1_000
REPEATS = 3
END = b"\r\n\r\n"


def rows(folder: Path, requests: int) -> Rows:
    """So many `requests` a repeat."""
    home = folder / "home"
    Database(load_settings(home=home).database).close()  # thumbnails without one are a damaged home
    store = ThumbnailStore(FolderBlobs(home / "thumbnails"))
    content = _drawn((320, 240))
    ids = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(PICTURES)]
    for picture in ids:
        store.write(picture, content)
    asked = [ids[number % PICTURES] for number in range(requests)]
    whole = [_request(picture, "") for picture in asked]
    known = [_request(picture, f'If-None-Match: "{picture}"\r\n') for picture in asked]
    kinds = (
        ("", 200, whole, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(content), content)),
        (" that it has", 304, known, b"HTTP/1.1 304 Not Modified\r\n\r\n"),
    )
    with serving(home, "app") as (address, _):
        _ready(address)
        port = urlsplit(address).port
        assert port is not None
        for what, status, sent, _ in kinds:
            _took(port, sent[:PICTURES], status)
            took = tuple(_took(port, sent, status) for _ in range(REPEATS))
            yield Row(f"{requests:,} thumbnails{what} ({status})", took, (), requests / A_SECOND, "")
    for _, status, sent, answer in kinds:
        with _answering(answer) as port:
            took = tuple(_took(port, sent, status) for _ in range(REPEATS))
        yield Row(f"{requests:,} answers ({status}) that cost nothing: the client alone", took, (), None, "")


def _drawn(size: tuple[int, int]) -> bytes:
    """Shapes over noise, so that decoding takes as long as for a photo."""
    rng = np.random.default_rng(0)
    noise = rng.integers(90, 200, (size[1] // 4, size[0] // 4, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(image)
    for _ in range(12):
        x, y = int(rng.integers(0, size[0])), int(rng.integers(0, size[1]))
        colour = tuple(int(c) for c in rng.integers(0, 255, 3))
        pen.ellipse((x, y, x + size[0] // 6, y + size[0] // 6), fill=colour)
    file = io.BytesIO()
    image.save(file, "WEBP", quality=80, method=0)
    return file.getvalue()


def _ready(address: str) -> None:
    """Waits until the app is ready, not only answers."""
    while True:
        try:
            urlopen(f"{address}/healthz", timeout=1)
            return
        except OSError as error:
            if isinstance(getattr(error, "reason", None), ConnectionRefusedError):
                raise  # it listened before, and has ended
            time.sleep(0.1)


def _request(picture: str, headers: str) -> bytes:
    return f"GET /media/thumbnail/{picture} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n".encode()


def _took(port: int, requests: Sequence[bytes], status: int) -> float:
    """Seconds until each was answered, the next of a connection being sent when the last is whole."""
    return seconds_of(lambda: asyncio.run(_all(port, requests, status)))


async def _all(port: int, requests: Sequence[bytes], status: int) -> None:
    waiting = iter(requests)
    await asyncio.gather(*(_ask(port, waiting, b"HTTP/1.1 %d " % status) for _ in range(CONNECTIONS)))


async def _ask(port: int, requests: Iterator[bytes], expected: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        writer.write(request)
        head = await reader.readuntil(END)
        assert head.startswith(expected), head
        _, found, rest = head.lower().partition(b"content-length:")
        if found:
            await reader.readexactly(int(rest.split(b"\r\n", 1)[0]))
    writer.close()


@contextmanager
def _answering(answer: bytes) -> Iterator[int]:
    """A process that sends these bytes for every request; its port."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_answer, args=(there, answer), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        process.kill()
        process.join()


def _answer(pipe: object, answer: bytes) -> None:
    async def each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await reader.readuntil(END)
                writer.write(answer)
        except asyncio.IncompleteReadError:
            writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(each, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])  # type: ignore[attr-defined]
        await server.serve_forever()

    asyncio.run(serve())
