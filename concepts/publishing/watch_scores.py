"""What a version says of pictures that came, and which of them are asked about.

Every picture that could be drawn is drawn by itself with the chance of its side, by a number that its id and
the watch's secret seed give. So what was asked about is a random sample of what was flagged and of what was
not, whatever comes later, and a second run draws the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from concepts.classifier.training import check_fingerprint, check_has_learned, linear_head
from concepts.labelling.dataset import ConceptDataset
from concepts.labelling.waves import seen_groups
from concepts.library.collection import Collection
from storage.heads import StoredHead
from storage.watches import Watch, Watched


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
    check_fingerprint(head, collection)
    check_has_learned(head)
    known = dataset.with_vectors(ids)
    if not known:
        return []
    scorer = linear_head(head)
    probability = scorer.probabilities(dataset.vectors(known))
    fresh = _fresh(known, dataset, collection, before)
    found = []
    for picture, p in zip(known, probability, strict=True):
        flagged = bool(p >= scorer.threshold)
        chance = watch.ask_flagged if flagged else watch.ask_others
        found.append(
            Watched(
                picture_id=picture,
                file=files[picture],
                version=head.number,
                probability=float(p),
                threshold=scorer.threshold,
                flagged=flagged,
                fresh=picture in fresh,
                drawn=picture in fresh and lot(watch.seed, picture) < chance,
            )
        )
    return found


def lot(seed: str, name: str) -> float:
    """A number of 0..1 that nobody knows who doesn't know the seed, the same each time."""
    digest = hashlib.sha256(f"{seed} {name}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def _fresh(
    ids: Sequence[str], dataset: ConceptDataset, collection: Collection, before: Sequence[str]
) -> set[str]:
    """The first of each group of look-alikes of which nothing was answered, is kept apart or came earlier."""
    out, found = seen_groups(dataset, collection, before), set()
    for group, picture in zip(collection.library.near_groups(ids), ids, strict=True):
        if group not in out:
            out.add(group)
            found.add(picture)
    return found
