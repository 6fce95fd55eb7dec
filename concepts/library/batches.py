"""In batches of what size files are read, embedded and committed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from storage.pictures.files import SkippedFile, Source
from storage.pictures.videos import is_video

ENCODE_BATCH = 16  # a transformer gains nothing by more, and whoever gains by fewer takes fewer by itself
HELD_BYTES = 16 * 2**20  # of files in a batch, which are read twice as many batches ahead as engines work on
COMMIT_EVERY = 256  # files: about what a killed process does again

Item = TypeVar("Item")


def batches(items: Iterable[Item], size: Callable[[Item], int]) -> Iterator[list[Item]]:
    """As many as are embedded at a time, or fewer of large files, by the `size` of each in bytes."""
    some: list[Item] = []
    held = 0
    for item in items:
        some.append(item)
        held += size(item)
        if len(some) == ENCODE_BATCH or held > HELD_BYTES:
            yield some
            some, held = [], 0
    if some:
        yield some


def weight(file: Source | SkippedFile) -> int:
    """Bytes; a video is a batch by itself."""
    return HELD_BYTES + 1 if is_video(file.uri) else file.size


def chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def growing(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Each twice as many as the one before, up to `COMMIT_EVERY`: the first pictures are seen at once."""
    iterator, size = iter(items), ENCODE_BATCH
    while chunk := list(islice(iterator, size)):
        yield chunk
        size = min(2 * size, COMMIT_EVERY)
