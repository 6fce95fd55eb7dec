"""A watched folder: its pictures, what a version says of them, and which of them are asked about.

Every picture that could be drawn is drawn by itself with the chance of its side, by a number that its id and
the watch's secret seed give. So what was asked about is a random sample of what was flagged and of what was
not, whatever comes later, and a second run draws the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from concepts.classifier.training import check_usable, probabilities_of
from concepts.labelling.dataset import ConceptDataset
from concepts.labelling.waves import seen_groups
from concepts.library.collection import Collection
from storage.heads import StoredHead
from storage.pictures.files import Source, Within, look_at
from storage.pictures.sources import walk
from storage.watches import Watch, Watched


def pictures_in(folder: Path, within: Within | None) -> list[Source]:
    """Every picture file of a folder and of those inside, of links those that stay `within`; archives, lists
    and hidden files are none.

    Raises `DiscernError` where the folder isn't there.
    """
    return [file for file in walk([folder], within) if isinstance(file, Source)]


def settled(files: Iterable[Source]) -> list[Source]:
    """Those that have the size and the time of before: nobody has written to them meanwhile."""
    return [file for file in files if look_at(file.uri) == file]


def under(folder: str, uri: str) -> str:
    """The file's place under the folder, with / between the parts."""
    return Path(uri).relative_to(folder).as_posix()


def said_of(
    ids: Sequence[str],
    files: dict[str, str],
    watch: Watch,
    head: StoredHead,
    dataset: ConceptDataset,
    collection: Collection,
    before: Sequence[str],
) -> list[Watched]:
    """What `head` says of these pictures, those without a vector left out. `files`: where each is under the
    folder; `before`: what could be drawn earlier.

    Raises `FingerprintMismatchError`, and `NotEnoughLabelsError` for a version that has learned nothing.
    """
    check_usable(head, collection)
    probability = probabilities_of(head, dataset, ids)
    fresh = _fresh(list(probability), dataset, collection, before)
    return [
        Watched(
            picture_id=picture,
            file=files[picture],
            version=head.number,
            probability=p,
            threshold=head.threshold,
            flagged=p >= head.threshold,
            fresh=picture in fresh,
            drawn=picture in fresh
            and lot(watch.seed, picture) < (watch.ask_flagged if p >= head.threshold else watch.ask_others),
        )
        for picture, p in probability.items()
    ]


def lot(seed: str, name: str) -> float:
    """A number of 0..1 that nobody knows who doesn't know the seed, the same each time."""
    digest = hashlib.sha256(f"{seed} {name}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def _fresh(
    ids: Sequence[str], dataset: ConceptDataset, collection: Collection, before: Sequence[str]
) -> set[str]:
    """The first of each group of near-duplicates none of which was labelled, kept apart or came earlier."""
    out, found = seen_groups(dataset, before), set()
    for group, picture in zip(collection.library.near_groups(ids), ids, strict=True):
        if group not in out:
            out.add(group)
            found.add(picture)
    return found
