"""ConSE (Norouzi et al. 2014): a picture's likely classes average the embeddings of their descriptions.

That puts the pictures of an ImageNet classifier into the space of a sentence encoder, so words find them.
To embed the 1,000 descriptions takes a small machine ten seconds, so their vectors ship with the product
(`imagenet_classes.safetensors`, float32, as each computer would work them out).
`python -m concepts.encoders.conse` writes that file again.
"""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from concepts.encoders.base import Vectors, sha256_of
from concepts.encoders.sentences import CLASSES as FILE
from concepts.encoders.sentences import MINILM_SHA256, SentenceEncoder, packaged_wordnet
from storage.files import write_whole

CLASSES = 1000
TOP = 5  # T in the paper; more adds classes that the picture doesn't show

log = logging.getLogger(__name__)


def descriptions_sha256() -> str:
    """Of timm's class names and WordNet glosses."""
    names = ("imagenet_synsets.txt", "imagenet_synset_to_lemma.txt", "imagenet_synset_to_definition.txt")
    return hashlib.sha256(
        "".join(sha256_of(packaged_wordnet() / name) for name in names).encode()
    ).hexdigest()


def class_vectors(sentences: SentenceEncoder, cache: Path) -> Vectors:
    """The 1,000 ImageNet classes as sentence embeddings, (1000, 384): those that ship with the product, or
    where another timm describes the classes otherwise, computed in seconds and cached."""
    key = _key()
    vectors = _read(FILE, key)
    if vectors is None:
        path = cache / f"imagenet-classes-{key[:16]}.safetensors"
        vectors = _read(path, key)
        if vectors is None:
            vectors = _embedded(sentences)
            write_whole(path, _file(vectors, key))
    return vectors


def _key() -> str:
    return hashlib.sha256(f"{MINILM_SHA256} {descriptions_sha256()}".encode()).hexdigest()


def _embedded(sentences: SentenceEncoder) -> Vectors:
    from timm.data import ImageNetInfo

    info = ImageNetInfo()
    return sentences.encode([info.index_to_description(i, detailed=True) for i in range(CLASSES)])


def _file(vectors: Vectors, key: str) -> bytes:
    content: bytes = save({"classes": vectors}, {"key": key, "sha256": _digest(vectors)})
    return content


def _read(path: Path, key: str) -> Vectors | None:
    """None where there are none, or those of other descriptions."""
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            vectors: Vectors = file.get_tensor("classes")
    except FileNotFoundError:
        return None
    except (OSError, SafetensorError) as error:
        log.warning("%s can't be read (%s); computing it again.", path, error)
        return None
    if metadata.get("sha256") != _digest(vectors):
        log.warning("%s is damaged; computing it again.", path)
        return None
    return vectors if metadata.get("key") == key else None


def _digest(vectors: Vectors) -> str:
    shape = json.dumps([str(vectors.dtype), *vectors.shape])
    return hashlib.sha256(shape.encode() + np.ascontiguousarray(vectors).tobytes()).hexdigest()


def conse(logits: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """(n, 1000) logits and (1000, d) class vectors → (n, d), unit length."""
    likely = logits.softmax(1).topk(TOP, dim=1)
    weights = likely.values / likely.values.sum(1, keepdim=True)
    return torch.nn.functional.normalize((classes[likely.indices] * weights[..., None]).sum(1), dim=1)


if __name__ == "__main__":
    write_whole(FILE, _file(_embedded(SentenceEncoder()), _key()))
