"""A bundle from disk. It may come from anyone: everything is checked, nothing is executed or extracted."""

from __future__ import annotations

import json
import math
import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load as parse_safetensors

from concepts.encoders import load_named_elsewhere
from concepts.encoders.base import Encoder
from concepts.errors import DiscernError, FingerprintMismatchError
from concepts.export.facts import SCHEMA_VERSION, BundleFacts, ConceptFacts
from concepts.export.heads import BundleHead, check_cuts, tensors_of
from concepts.export.scorer import Outputs, Scorer
from concepts.learning.base import LinearHead

FACTS_FILE = "head.json"
WEIGHTS_FILE = "head.safetensors"
CLASSIFIER_FILE = "classifier.onnx"
MOST_BYTES = {FACTS_FILE: 16 * 2**20, WEIGHTS_FILE: 16 * 2**20}  # long definitions; two million weights
MOST_ZIP_BYTES = 2**30  # of which little is read: an encoder may be in it
MOST_ZIP_FILES = 1000
AT_ONCE = 1024  # vectors that are multiplied: in double precision they stay in the processor's cache
LONGEST_REASON = 200  # characters; some quote what they found


@dataclass(frozen=True)
class Bundle:
    heads: tuple[BundleHead, ...]
    facts: BundleFacts

    @property
    def head(self) -> LinearHead:
        """Of the only concept. Raises `DiscernError` where there are several."""
        if len(self.heads) > 1:
            raise DiscernError(
                f"This bundle has {len(self.heads)} concepts: ask it for `outputs`, a column each."
            )
        return self.heads[0].line

    @property
    def columns(self) -> tuple[str, ...]:
        return self.facts.columns

    def outputs(self, vectors: NDArray[np.floating]) -> Outputs:
        """(n, d), of length 1 → probabilities and decisions (n, columns), grades (n, graded). Raises
        `DiscernError` for another d."""
        if vectors.ndim != 2 or vectors.shape[1] != self.facts.encoder.dimension:
            wanted = (len(vectors), self.facts.encoder.dimension)
            raise DiscernError(f"The bundle scores vectors of shape {wanted}, not {vectors.shape}.")
        parts = [
            self._scorer.answers(np.asarray(vectors[start : start + AT_ONCE], np.float64))
            for start in range(0, max(len(vectors), 1), AT_ONCE)
        ]
        return parts[0] if len(parts) == 1 else Outputs(*map(np.concatenate, zip(*parts, strict=True)))

    @property
    def weights(self) -> NDArray[np.float64]:
        """(d, concepts)"""
        return np.asarray(self._scorer.weights)

    def said(self, similarity: NDArray[np.float64]) -> Outputs:
        """`outputs` of vectors of which vectors · weights (n, concepts) are known already."""
        return self._scorer.said(similarity)

    @cached_property
    def _scorer(self) -> Scorer:
        return Scorer(self.facts.model_dump(), tensors_of(self.heads))


def load_bundle(path: Path, *, expect_fingerprint: str | None = None) -> Bundle:
    """A bundle folder or zip → its head and facts.

    Raises `FingerprintMismatchError` where the head is not for vectors of `expect_fingerprint`, and
    `DiscernError` where the bundle is newer than this version, damaged or not a bundle.
    """
    facts_bytes, weights_bytes = _read_zip(path) if path.is_file() else _read_folder(path)
    facts = _parse_facts(facts_bytes, path)
    if expect_fingerprint is not None and facts.encoder.fingerprint != expect_fingerprint:
        raise FingerprintMismatchError(f"The bundle {path}", expect_fingerprint, facts.encoder.fingerprint)
    return Bundle(_parse_heads(weights_bytes, facts, path), facts)


def encoder_of(bundle: Bundle, *, cache: Path, trust: str | None = None) -> Encoder:
    """The encoder whose vectors the bundle scores. The bundle may come from anyone, so one that is not part
    of Discern is loaded only where `trust` names it (or one of the same fingerprint, from elsewhere).

    Raises `UntrustedEncoderError`, `EncoderError` and `FingerprintMismatchError`.
    """
    wanted = bundle.facts.encoder
    return load_named_elsewhere(
        wanted.name, wanted.fingerprint, cache=cache, precision=wanted.precision, trust=trust
    )


def _damaged(path: Path, problem: str) -> DiscernError:
    return DiscernError(f"{path} is not a usable bundle: {problem}. Export it again.")


def _read_folder(folder: Path) -> tuple[bytes, bytes]:
    if not folder.is_dir():
        raise DiscernError(f"There is no bundle at {folder}.")

    def read(name: str) -> bytes:
        file = folder / name
        if not file.is_file():
            raise _damaged(folder, f"{name} is missing")
        try:
            with file.open("rb") as stream:
                content = stream.read(MOST_BYTES[name] + 1)
        except OSError as error:
            raise _damaged(folder, f"{name} can't be read ({error.strerror})") from error
        if len(content) > MOST_BYTES[name]:
            raise _damaged(folder, f"{name} is larger than {MOST_BYTES[name] // 2**20} MB")
        return content

    return read(FACTS_FILE), read(WEIGHTS_FILE)


def _read_zip(path: Path) -> tuple[bytes, bytes]:
    """The two files of the one bundle in the archive, at its top or in its only folder."""
    if path.stat().st_size > MOST_ZIP_BYTES:
        raise _damaged(path, f"it is larger than {MOST_ZIP_BYTES // 2**20} MB")
    try:
        with zipfile.ZipFile(path) as archive:
            names = _safe_names(archive, path)
            folders = {name.parent for name in names if name.name == FACTS_FILE}
            if len(folders) != 1:
                raise _damaged(path, f"it must hold one {FACTS_FILE}, not {len(folders)}")
            folder = folders.pop()
            return _read_member(archive, folder / FACTS_FILE, path), _read_member(
                archive, folder / WEIGHTS_FILE, path
            )
    # RuntimeError: the archive is encrypted.
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise _damaged(path, f"it is not a readable zip archive ({str(error)[:LONGEST_REASON]})") from error


def _safe_names(archive: zipfile.ZipFile, path: Path) -> list[PurePosixPath]:
    """Nothing is extracted, but a name that would leave the folder marks the whole archive as hostile."""
    members = archive.namelist()
    if len(members) > MOST_ZIP_FILES:
        raise _damaged(path, f"it holds more than {MOST_ZIP_FILES} files")
    if any(
        member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        for member in archive.infolist()
    ):
        raise _damaged(path, "it is compressed in an unusual way")
    if len(set(members)) != len(members):
        raise _damaged(path, "it holds two files of one name")
    for name in members:
        if name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/"):
            raise _damaged(path, f"it holds the unsafe file name {name!r}")
    return [PurePosixPath(name) for name in members]


def _read_member(archive: zipfile.ZipFile, name: PurePosixPath, path: Path) -> bytes:
    if str(name) not in archive.namelist():
        raise _damaged(path, f"{name} is missing")
    with archive.open(str(name)) as stream:
        content = stream.read(MOST_BYTES[name.name] + 1)  # the size in the archive's own table may be a lie
    if len(content) > MOST_BYTES[name.name]:
        raise _damaged(path, f"{name} is larger than {MOST_BYTES[name.name] // 2**20} MB")
    return content


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a number")
    return number


def _parse_facts(content: bytes, path: Path) -> BundleFacts:
    try:
        document: Any = json.loads(content, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"{FACTS_FILE} is not JSON ({error})") from error
    if not isinstance(document, dict) or document.get("format") != "discern-head":
        raise _damaged(path, f"{FACTS_FILE} was not written by Discern")
    version = document.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise DiscernError(
            f"{path} was written by a newer Discern (format {version}; this one reads up to "
            f"{SCHEMA_VERSION}). Update Discern to use it."
        )
    try:
        return BundleFacts.model_validate(of_version_1(document) if version == 1 else document)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise _damaged(path, f"{FACTS_FILE} has a wrong value at {where} ({first['msg']})") from error


def of_version_1(document: dict[str, Any]) -> dict[str, Any]:
    """A format that knew one concept, as this one would say it."""
    shared = {"format", "schema_version", "discern_version", "encoder", "licence_notes"}
    concept = {key: value for key, value in document.items() if key not in shared}
    kept = {key: value for key, value in document.items() if key in shared}
    return kept | {"schema_version": SCHEMA_VERSION, "concepts": [concept]}


def _parse_heads(content: bytes, facts: BundleFacts, path: Path) -> tuple[BundleHead, ...]:
    """Tensors "0.weights" (dimension,), "0.bias" (1,) and of a graded concept "0.cuts" (n - 1,), all float64.
    The first format had them without number."""
    try:
        tensors = parse_safetensors(content)
    except (SafetensorError, KeyError, ValueError) as error:
        raise _damaged(path, f"{WEIGHTS_FILE} can't be read ({error})") from error
    if tensors.keys() == {"weights", "bias"}:
        tensors = {f"0.{name}": tensor for name, tensor in tensors.items()}
    shapes = {name: (str(tensor.dtype), tensor.shape) for name, tensor in tensors.items()}
    wanted = {}
    for place, concept in enumerate(facts.concepts):
        wanted[f"{place}.weights"] = ("float64", (facts.encoder.dimension,))
        wanted[f"{place}.bias"] = ("float64", (1,))
        if concept.grades:
            wanted[f"{place}.cuts"] = ("float64", (concept.grades.n - 1,))
    if shapes != wanted:
        raise _damaged(path, f"{WEIGHTS_FILE} holds {_some(shapes)}, not {_some(wanted)}")
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise _damaged(path, f"{WEIGHTS_FILE} holds weights that are not finite numbers")
    heads = (_head(place, concept, tensors) for place, concept in enumerate(facts.concepts))
    try:
        return tuple(heads)
    except ValueError as error:
        raise _damaged(path, f"{WEIGHTS_FILE} doesn't fit its description ({error})") from error


def _some(shapes: dict[str, Any]) -> str:
    return str(shapes)[:LONGEST_REASON]


def _head(place: int, concept: ConceptFacts, tensors: dict[str, Any]) -> BundleHead:
    line = LinearHead(
        kind=concept.head.kind,
        weights=tensors[f"{place}.weights"],
        bias=float(tensors[f"{place}.bias"][0]),
        threshold=concept.head.threshold,
        details=dict(concept.head.details),
    )
    cuts = tensors.get(f"{place}.cuts")
    if concept.grades and cuts is not None:
        check_cuts(line.bias, cuts, concept.grades)
    return BundleHead(line, cuts)
