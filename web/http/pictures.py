"""Pictures that come with a request: bounded before any is decoded, each at its turn, and no longer than
somebody waits for what is said of them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Final, TypeVar

from fastapi import Request, UploadFile
from starlette.exceptions import HTTPException

from storage.pictures.decoding import Wanted, check_pixels, wanted
from storage.pictures.pixels import MAX_SENT_PIXELS

MOST_PICTURES: Final = 32  # of a request
MOST_PIXELS: Final = 400_000_000  # of a request: 32 of a phone's usual 12 megapixels
SHORT_SIDE: Final = 512  # pixels to which a JPEG is shrunk while it is decoded, or to fewer
SMALL: Final = 32 * 2**20  # bytes of memory that a small one takes at most
AT_ONCE: Final = os.cpu_count() or 2

Result = TypeVar("Result")


@dataclass(frozen=True)
class ReceivedPicture:
    name: str
    _wanted: Wanted
    _file: BinaryIO

    def read(self) -> bytes:
        """Its bytes, which lie on the disk until then. Raises `BadPictureError` for too many pixels."""
        check_pixels(self._wanted.width, self._wanted.height, MAX_SENT_PIXELS)
        self._file.seek(0)
        return self._file.read()


class PictureThreads:
    """Small pictures and large ones have threads of their own, as many as there are processors each. So
    nobody's small picture waits for all the large ones, and those take no thread that answers others."""

    def __init__(self) -> None:
        self._small = ThreadPoolExecutor(AT_ONCE, "small-pictures")
        self._large = ThreadPoolExecutor(AT_ONCE, "large-pictures")

    async def each(
        self, request: Request, files: Sequence[UploadFile], work: Callable[[ReceivedPicture], Result]
    ) -> list[Result]:
        """What `work` returns of each. Raises `HTTPException` 413 where they have too many pixels together,
        and 400 as soon as whoever asked is gone: no further header is read, and no further picture begun."""
        found = asyncio.create_task(self._each(files, work))
        gone = asyncio.create_task(_gone(request))
        try:
            await asyncio.wait([found, gone], return_when=asyncio.FIRST_COMPLETED)
            if found.done():
                return found.result()
            raise HTTPException(400, "Nobody waits for the answer any more.")
        finally:  # what waits in a queue leaves it
            found.cancel()
            gone.cancel()

    async def _each(
        self, files: Sequence[UploadFile], work: Callable[[ReceivedPicture], Result]
    ) -> list[Result]:
        wants = [await self.turn(partial(wanted, file.file, SHORT_SIDE)) for file in files]
        pixels = sum(one.pixels for one in wants)
        if pixels > MOST_PIXELS:
            raise HTTPException(
                413,
                f"These pictures have {pixels / 1e6:,.0f} million pixels, and a request may have "
                f"{MOST_PIXELS // 1_000_000} million. Send fewer at a time.",
            )
        found: dict[int, Result] = {}
        left = iter(enumerate(zip(files, wants, strict=True)))

        async def take_turns() -> None:
            for place, (file, want) in left:  # each takes the next that nobody has taken
                sent = ReceivedPicture(file.filename or "", want, file.file)
                found[place] = await self.turn(partial(work, sent), want.bytes)

        turns = [asyncio.create_task(take_turns()) for _ in range(AT_ONCE)]
        try:
            await asyncio.gather(*turns)
        finally:  # where one fails, the others begin nothing more
            for one in turns:
                one.cancel()
        return [found[place] for place in range(len(files))]

    async def turn(self, work: Callable[[], Result], memory: int = 0) -> Result:
        """What `work` returns, which takes so many bytes of `memory`. Where the server stops meanwhile, it
        doesn't wait for what was begun."""
        pool = self._small if memory <= SMALL else self._large
        return await asyncio.get_running_loop().run_in_executor(pool, copy_context().run, work)


async def _gone(request: Request) -> None:
    """Ends when whoever sent the request has left."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
