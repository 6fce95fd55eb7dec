"""Puts near-duplicates in groups: by perceptual hashes, by video, and where new pictures overlap with others.

An encoder only says which few pictures are worth comparing: two that it can't tell apart may still differ in
what the person cares about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from itertools import pairwise

import numpy as np
from PIL import Image

from concepts.jobs import Listener
from storage.errors import UnknownError
from storage.library import Library
from storage.pictures.duplicates import bits_apart, near_groups, turned
from storage.pictures.overlap import Look, look, overlap
from storage.pictures.thumbnails import ThumbnailStore
from storage.tables import COMPARISON
from storage.vectors.reader import VectorReader
from storage.vectors.stored import StoredIndex

NEAREST = 5  # pictures that each new one is compared with,
ALIKE = 0.85  # and how alike they must be: nearly all copies are, but for turned ones. Hashes find those.
TURNED = 8  # bits that hashes of turned pictures may differ in
MOST = 100_000  # pictures: among so many it takes 6 s to find the nearest of 1,000, a quarter of adding them
AT_ONCE = 256
GROUPED_AFTER = 4096  # pictures: about what a killed process compares again

Candidate = tuple[str, str, int]  # and how often the first is to be turned by 90 degrees to the left


def group_near_duplicates(
    library: Library, index: StoredIndex, thumbnails: ThumbnailStore, listener: Listener
) -> None:
    """Compares what no run has compared yet. Groups only grow: what was found is not looked for again."""
    ids, hashes = library.hashes()
    hash_of = dict(zip(ids, hashes, strict=True))
    group = partial(near_groups, ids, hashes)
    # Frames of one video, but for those without detail: black is of any video.
    videos = ((one for one in frames.values() if hash_of.get(one)) for frames in library.videos().values())
    of_videos = (pair for frames in videos for pair in pairwise(frames))
    library.set_near_groups(group([*library.named_groups(), *of_videos]))
    done, too_many = 0, len(ids) > MOST
    while waiting := library.adding.pending(COMPARISON, GROUPED_AFTER, in_bin=True):
        pairs: list[tuple[str, str]] = []
        compared: set[Candidate] = set()
        new = [] if too_many else [one for one in waiting if hash_of.get(one) is not None]
        for start in range(0, len(new), AT_ONCE):
            listener(done + start, done + len(new), "Looking for near-duplicates")
            some = new[start : start + AT_ONCE]
            candidates = {*_nearest(index.snapshot(), some, hash_of), *_turned(some, ids, hashes, hash_of)}
            pairs += _verified(candidates - compared, thumbnails)
            compared |= candidates
        if pairs:
            library.set_near_groups(group([*library.named_groups(), *pairs]))
        library.adding.vectors_written(waiting, COMPARISON)
        done += len(new)


def _nearest(
    vectors: VectorReader, new: Sequence[str], hash_of: dict[str, str | None]
) -> Iterator[Candidate]:
    missing = set(vectors.missing(new))
    there = [one for one in new if one not in missing]
    for one, near in zip(there, vectors.search(vectors.vectors(there), NEAREST + 1), strict=True):
        for other, product in near:
            if other != one and product >= ALIKE and hash_of.get(other) is not None:
                yield min(one, other), max(one, other), 0


def _turned(
    new: Sequence[str], ids: Sequence[str], hashes: Sequence[str | None], hash_of: dict[str, str | None]
) -> Iterator[Candidate]:
    for turns in (1, 2, 3):
        for one, bits in zip(new, bits_apart(turned([hash_of[i] for i in new], turns), hashes), strict=True):
            near = np.flatnonzero(bits <= TURNED)  # of a drawing there may be hundreds
            nearest = near[bits[near].argsort(kind="stable")][: NEAREST + 1]
            yield from ((one, ids[other], turns) for other in nearest if ids[other] != one)


def _verified(candidates: Set[Candidate], thumbnails: ThumbnailStore) -> list[tuple[str, str]]:
    """Those that show the same where they overlap. One without a thumbnail shows nothing."""
    wanted = {(one, turns) for one, _, turns in candidates} | {(other, 0) for _, other, _ in candidates}

    def seen(asked: tuple[str, int]) -> Look | None:
        try:
            with Image.open(BytesIO(thumbnails.read(asked[0]))) as image:
                return look(image, asked[1])
        except (UnknownError, OSError):
            return None

    with ThreadPoolExecutor() as pool:
        looks = dict(zip(wanted, pool.map(seen, wanted), strict=True))
    pairs = [((first, second), looks[first, turns], looks[second, 0]) for first, second, turns in candidates]
    return [pair for pair, one, other in pairs if one and other and overlap(one, other)]
