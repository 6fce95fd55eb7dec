"""Erasing the pictures in the trash: all that this app keeps of them, and never their own files."""

from __future__ import annotations

from collections.abc import Sequence

from concepts.jobs import Listener
from concepts.library.collection import Collection
from concepts.library.renditions import Renditions
from concepts.view import View
from storage.pictures import archives
from storage.uploads import KeptUploads

AT_ONCE = 1000


class Emptied(View):
    """What is gone, counted. `labels`: what people and machines said of them; `drawn`: pictures that
    measured. `tables`: of vectors that were written anew, so that no older state has them; `lists`: of the
    nearest pictures of others that one of them was in. `freed`: bytes of files. `in_archives`: those that are
    in an uploaded archive, which stays, because other pictures are in it too."""

    pictures: int = 0
    places: int = 0
    labels: int = 0
    captions: int = 0
    candidates: int = 0
    drawn: int = 0
    watched: int = 0
    vectors: int = 0
    tables: int = 0
    lists: int = 0
    thumbnails: int = 0
    renditions: int = 0
    uploads: int = 0
    freed: int = 0
    in_archives: int = 0
    refused: bool = False


def erase(
    collection: Collection,
    renditions: Renditions,
    uploads: KeptUploads,
    author: str,
    refuse: bool,
    listener: Listener,
) -> Emptied:
    """Files and vectors go before the rows that lead to them, so that what a killed run left over is still in
    the trash, for the next one."""
    removed = collection.removed
    ids = removed.ids(collection.library.counts().in_bin + AT_ONCE)
    if not ids:
        return Emptied(refused=refuse)
    listener(0, len(ids), "what they are searched by")
    vectors = collection.purge_vectors(ids)
    counts = dict.fromkeys(("thumbnails", "renditions", "uploads", "freed", "in_archives"), 0)
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        for picture_id in some:
            for what, forget in (
                ("thumbnails", collection.thumbnails.delete),
                ("renditions", renditions.forget),
            ):
                size = forget(picture_id)
                counts[what] += bool(size)
                counts["freed"] += size
        _forget_uploads(uploads, removed.places(some), counts)
        listener(start + len(some), len(ids), "small pictures and uploads")
    listener(len(ids), len(ids), "what was said of them")
    gone = removed.purge(ids, author, refuse=refuse)
    return Emptied(refused=refuse, **vars(gone), **vars(vectors), **counts)


def _forget_uploads(uploads: KeptUploads, places: Sequence[str], counts: dict[str, int]) -> None:
    """What came through the browser is this app's own copy; nothing outside its folder is touched."""
    for place in places:
        if not uploads.has(place):
            continue
        if archives.split(place):
            counts["in_archives"] += 1
        elif size := uploads.forget(place):
            counts["freed"] += size
            counts["uploads"] += 1
