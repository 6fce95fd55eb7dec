"""Pictures from outside the library, given as examples: read, embedded, and kept apart from it.

They are learned from and searched with. They are counted, asked about and measured with nowhere.
"""

from __future__ import annotations

import numpy as np

from concepts.encoders.base import Encoder, Vectors
from concepts.library.collection import Collection
from storage.outside import OutsidePicture
from storage.pictures.decoding import decode, decoded
from storage.pictures.duplicates import nearly_equal
from storage.pictures.files import check_size
from storage.pictures.hashing import perceptual_hash, picture_id
from storage.pictures.resizing import MODEL_SIDE, model_jpeg, thumbnail


def keep(collection: Collection, concept_id: int, data: bytes, author: str) -> tuple[str, bool]:
    """Keeps a picture with a concept; its id, and whether anything was added: of one that the library has, or
    that was kept before, nothing needs to be.

    Raises `BadPictureError` for bytes that are no picture that can be read.
    """
    check_size(len(data))
    known = picture_id(data)
    if collection.library.has(known):
        return known, False
    encoder = collection.encoder()
    with decoded(data, short_side=max(encoder.decode_size, MODEL_SIDE), sent=True) as found:
        pixels, likeness = encoder.prepare(found.image), perceptual_hash(found.image)
        small = model_jpeg(found.image)
    (vector,) = encoder.encode_pictures(pixels[None])
    picture = OutsidePicture(known, likeness, str(encoder.fingerprint), vector)
    return known, collection.outside.add(concept_id, picture, small, author)


def embed_again(collection: Collection) -> int:
    """Embeds those anew that are of another encoder than the library, from what is kept of them; how many."""
    encoder: Encoder | None = None
    waiting = collection.outside.embedded_otherwise(collection.recorded().fingerprint)
    vectors: dict[str, Vectors] = {}
    for known in waiting:
        encoder = encoder or collection.encoder()
        image = decode(collection.outside.rendition(known)).image
        (vectors[known],) = encoder.encode_pictures(encoder.prepare(image)[None])
    if encoder is not None:
        collection.outside.embed(vectors, str(encoder.fingerprint))
    return len(waiting)


def outside_thumbnail(collection: Collection, known: str) -> bytes:
    """WebP. Raises `UnknownError`."""
    return thumbnail(decode(collection.outside.rendition(known)).image)


def library_twins(collection: Collection, concept_id: int, ids: list[str]) -> set[str]:
    """Ids of the library's pictures that look the same as those of `ids` that are from outside."""
    outside = collection.outside.of(concept_id, ids)
    if not outside:
        return set()
    known, hashes = collection.library.hashes()
    near = nearly_equal(hashes, [picture.perceptual_hash for picture in outside])
    return {known[row] for row in np.flatnonzero(near.any(axis=1))}
