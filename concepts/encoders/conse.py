"""What the built-in encoder was taught to tell apart: vectors of the 1,000 classes of ImageNet.

ConSE (Norouzi et al. 2014) puts pictures into the space of a sentence encoder by the embeddings of their
likely classes' descriptions. To embed those takes a small machine ten seconds, so the vectors ship with the
product (`imagenet_classes.safetensors`). `python -m concepts.encoders.conse` writes that file again.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from concepts.encoders.base import Vectors
from concepts.encoders.packaged import CLASSES, described
from concepts.encoders.sentences import SentenceEncoder
from concepts.errors import EncoderError
from storage.files import write_whole

FILE = Path(__file__).with_name("imagenet_classes.safetensors")
TOP = 5  # T in the paper; more adds classes that the picture doesn't show
# Of the digests of timm's synsets, names and glosses
DESCRIPTIONS_SHA256 = "483d8b9c666351e94812c8d66de62b9dc9478936e71f07194944fb75629bef3d"
KNOWN = 0.45  # cosine to the nearest class, below which 95 searches found nothing more often than chance


@cache
def class_vectors(file: Path = FILE) -> Vectors:
    """(1000, 384), unit length. Raises `EncoderError` where the file is damaged."""
    try:
        with safe_open(file, framework="numpy") as opened:
            found: Vectors = opened.get_tensor("classes")
            if opened.metadata().get("sha256") == _digest(found):
                return found
    except (OSError, SafetensorError) as error:
        raise EncoderError(f"{file} can't be read ({error}). Install Discern again.") from error
    raise EncoderError(f"{file} is damaged. Install Discern again.")


def are_known(words: Vectors) -> NDArray[np.bool_]:
    """Whether sentences (n, 384) are near anything that the built-in encoder was taught to tell apart."""
    return np.asarray((words @ class_vectors().T).max(axis=1) >= KNOWN)


def descriptions() -> list[str]:
    """Whose vectors the file holds."""
    return [f"{names}: {gloss}" for names, gloss in described(CLASSES).values()]


def _digest(vectors: Vectors) -> str:
    shape = json.dumps([str(vectors.dtype), *vectors.shape])
    return hashlib.sha256(shape.encode() + np.ascontiguousarray(vectors).tobytes()).hexdigest()


if __name__ == "__main__":
    vectors = SentenceEncoder().encode(descriptions())
    write_whole(FILE, save({"classes": vectors}, {"sha256": _digest(vectors)}))
