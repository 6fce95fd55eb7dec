"""The encoder protocol: pictures and words → unit vectors in one space; and which encoders there are."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from concepts.registry import Method, Registry

Vectors = NDArray[np.float32]
Pixels = NDArray[np.float32 | np.uint8]

MAY_BE_PASSED_ON = frozenset({"Apache-2.0", "MIT"})
# Only what is known about exactly these checkpoints. Any other is "unknown", which the model card then says.
LICENCES = (
    (re.compile(r"^embedded$"), "Apache-2.0"),
    (re.compile(r"MobileCLIP|dfn", re.I), "Apple research licence (apple-amlr)"),
    (re.compile(r"eupe_lvd1689m$"), "fair-noncommercial-research-license"),
    (re.compile(r"^timm:[a-z0-9_]+_dinov3[a-z_]*\.(lvd1689m|sat493m|dinov3_lvd1689m)$"), "dinov3-license"),
    (re.compile(r"^timm:vit_[a-z0-9]+_patch14_reg1_tipsv2\.webli$"), "Apache-2.0"),
    (re.compile(r"/metaclip(_400m|_fullcc|2_worldwide)$"), "CC-BY-NC-4.0"),
    (re.compile(r"^ViT-B-32-256/datacomp_s34b_b86k$", re.I), "MIT"),
    (re.compile(r"^hf-hub:laion/CLIP-ViT-B-32-256x256-DataComp-s34B-b86K$", re.I), "MIT"),
    (re.compile(r"^(hf-hub:timm/)?ViT-(B-32|SO400M-16)-SigLIP2-(256|384)(/webli)?$", re.I), "Apache-2.0"),
    (re.compile(r"^(hf-hub:timm/)?ViT-(B|L)-16-SigLIP2(-256|-384|-512)?(/webli)?$", re.I), "Apache-2.0"),
    (re.compile(r"^(hf-hub:timm/)?PE-Core-(T-16-384|S-16-384|B-16|L-14-336)(/meta)?$", re.I), "Apache-2.0"),
)
# Encoders that learned from English, as far as their names say. Of any other nobody is told that it did.
ENGLISH = re.compile(r"^embedded\b|datacomp|dfn|laion2b|laion400m|PE-Core|/openai$", re.I)
OPEN_CLIP, TIMM, GIVEN = "open_clip", "timm", "vectors"
ELSEWHERE = frozenset({OPEN_CLIP, TIMM})  # whose weights come from anywhere, by name
WORDLESS = frozenset({TIMM, GIVEN})
ENCODERS: Registry[LoadedByName] = Registry("encoder", "discern.encoders")


@dataclass(frozen=True)
class Fingerprint:
    """Everything that changes a vector. Two encoders agree exactly when their fingerprints do (rule 3)."""

    architecture: str
    weights_sha256: str
    preprocessing: str  # resize, crop, normalisation and decode mode, in a fixed wording
    precision: str = "float32"  # a bundle whose encoder was made smaller says another

    def __str__(self) -> str:
        """Readable name and a short digest, safe in file and table names: `embedded-3f9a1c0b52de`."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:12]
        stem = "".join(c if c.isalnum() else "-" for c in self.architecture.lower()).strip("-")[:40]
        return f"{stem}-{digest}"


class TextEncoder(Protocol):
    """Words → unit vectors of the space of one encoder, perhaps without loading it."""

    @property
    def fingerprint(self) -> Fingerprint | str: ...

    def encode_texts(self, texts: Sequence[str]) -> Vectors: ...


@runtime_checkable
class Encoder(Protocol):
    """Pictures and words → unit vectors of one space, so that a dot product is their cosine.

    `prepare` and `encode_pictures` are called from several threads at once, `encode_texts` from one.
    """

    @property
    def name(self) -> str:
        """What a person writes to choose it: `embedded`, `ViT-B-32-256/tag`, `local-dir:/path`."""

    @property
    def fingerprint(self) -> Fingerprint: ...

    @property
    def dimension(self) -> int: ...

    @property
    def licence(self) -> str:
        """Licence of the weights, for the model card; `unknown` where the checkpoint doesn't say."""

    @property
    def decode_size(self) -> int:
        """Short side in pixels below which a picture may not be shrunk while it is decoded."""

    def prepare(self, picture: Image.Image) -> Pixels:
        """An upright RGB picture → what the network eats, shape (3, H, W)."""

    def encode_pictures(self, batch: Pixels) -> Vectors:
        """(n, 3, H, W) → (n, dimension), unit length, rounded to what float16 can hold."""

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """n texts → (n, dimension), unit length, in the space of the pictures."""


@runtime_checkable
class LoadedByName(Encoder, Protocol):
    """An encoder that people choose, registered in `ENCODERS`."""

    method: ClassVar[Method]

    @classmethod
    def load(cls, name: str, cache: Path) -> Encoder:
        """The encoder that a person writes as `name`: what it is registered as, perhaps with more after a
        colon. `cache` keeps what can be computed again.

        Raises `EncoderError`, with what to do about it.
        """


def unit(vectors: NDArray[np.floating]) -> Vectors:
    """Rows scaled to length 1; a row of zeros stays zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)


def as_stored(vectors: Vectors) -> Vectors:
    """Rounded to float16, which the index keeps: a picture scores the same fresh or from the library."""
    return vectors.astype(np.float16).astype(np.float32)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def licence_of(name: str) -> str:
    """The licence of an encoder's weights, by the encoder's name; `unknown` where it isn't in the table."""
    if "local-dir:" in name:
        return "unknown"  # a folder can be called anything
    return next((licence for pattern, licence in LICENCES if pattern.search(name)), "unknown")


@dataclass(frozen=True)
class Portable:
    """`graph` writes it as ONNX: `pictures` uint8 (n, 3, height, width) → `vectors` float32 (n, dimension).
    Normalisation, unit length and the rounding to float16 are inside: it gives the encoder's vectors. Raises
    `EncoderError` for what can't be written, or is too large to go along.

    `fit` says how Pillow gives an upright RGB picture that size: `whole` stretches all of it, `crop` makes
    its shorter side fit and cuts the middle out.
    """

    graph: Callable[[], bytes]
    height: int
    width: int
    fit: Literal["whole", "crop"]
    notice: str  # whose the weights are, as their licences want it said to whoever gets them
    interpolation: Literal["bicubic", "bilinear"] = "bicubic"
    made_with: str = ""  # what may write another graph in another version


@runtime_checkable
class PortableEncoder(Protocol):
    def portable(self) -> Portable:
        """Raises `EncoderError` where its preprocessing is of a kind that `Portable` can't say."""


ENCODERS.register_at("embedded", f"{__package__}.embedded:EmbeddedEncoder")
ENCODERS.register_at(TIMM, f"{__package__}.timm_encoder:TimmEncoder")
ENCODERS.register_at(GIVEN, f"{__package__}.given:GivenVectors")
ENCODERS.register_at(OPEN_CLIP, f"{__package__}.openclip:OpenClipEncoder")


def registered_as(name: str) -> str:
    """The entry that what a person writes belongs to: `mine` and `mine:…` to the one called mine, such as
    `timm:architecture.tag`.

    Everything else is open_clip's: `architecture/tag`, `hf-hub:organisation/name`, `local-dir:/path`.
    """
    key = name.partition(":")[0]
    return key if key in ENCODERS else OPEN_CLIP


def knows_words(name: str) -> bool:
    """Whether texts mean anything to the encoder of this name."""
    return registered_as(name) not in WORDLESS


def reads_english_best(name: str) -> bool:
    return "local-dir:" not in name and ENGLISH.search(name) is not None
