"""A bundle from disk. It may come from anyone: everything is checked, nothing is executed or extracted."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load as parse_safetensors

from concepts.bundle.checksums import CHECKSUMS_FILE, LONGEST_LIST, MISSING, ChecksumResult, compare
from concepts.bundle.facts import SCHEMA_VERSION, BundleFacts, ConceptFacts
from concepts.bundle.files import (
    CLASSIFIER_FILE,
    FACTS_FILE,
    LONGEST_REASON,
    WEIGHTS_FILE,
    BundleFiles,
    damaged,
    opened,
)
from concepts.bundle.heads import BundleHead, check_cuts, tensors_of
from concepts.bundle.scorer import BundleScorer, Outputs
from concepts.encoders import load_named_elsewhere
from concepts.encoders.base import Encoder
from concepts.errors import ChangedBundleError, DiscernError, FingerprintMismatchError
from concepts.learning.base import LinearHead

# Long definitions; two million weights; an encoder of half a gigabyte, and more.
MOST_BYTES = {FACTS_FILE: 16 * 2**20, WEIGHTS_FILE: 16 * 2**20, CLASSIFIER_FILE: 2**30}
DIGEST = re.compile(r"[0-9a-fA-F]{64}")
AT_ONCE = 1024  # vectors that are multiplied: in double precision they stay in the processor's cache


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
    def _scorer(self) -> BundleScorer:
        return BundleScorer(self.facts.model_dump(), tensors_of(self.heads))


def load_bundle(
    path: Path,
    *,
    expect_fingerprint: str | None = None,
    digest: str | None = None,
    accept_changed: bool = False,
) -> Bundle:
    """A bundle folder or zip → its head and facts, once its files are compared with its checksums.

    That shows damage. Whoever changes a file can write its checksum too: against that `digest` says which
    bundle it has to be (`bundle_digest` of the one that was sent). `accept_changed` loads a changed one.

    Raises `ChangedBundleError` where a file is not as it was written, `FingerprintMismatchError` where the
    head is not for vectors of `expect_fingerprint`, and `DiscernError` where the bundle is another than that
    of the `digest`, newer than this version, damaged or not a bundle.
    """
    bundle, _ = read_bundle(path, digest=digest, accept_changed=accept_changed)
    if expect_fingerprint is not None:
        check_for(bundle, path, expect_fingerprint)
    return bundle


def check_for(bundle: Bundle, path: Path, fingerprint: str) -> None:
    """Raises `FingerprintMismatchError` where it is not for vectors of this encoder."""
    found = bundle.facts.encoder.fingerprint
    if found != fingerprint:
        raise FingerprintMismatchError(f"The bundle {path}", fingerprint, found)


def read_bundle(
    path: Path, also: Sequence[str] = (), *, digest: str | None = None, accept_changed: bool = False
) -> tuple[Bundle, dict[str, bytes]]:
    """The same, and the files `also`, those that there are: the very bytes that were compared."""
    if digest is not None and accept_changed:
        raise DiscernError("Give a digest or accept changes, not both.")
    with opened(path) as files:
        wanted = [name for name in also if name in files.sizes]
        content = {name: files.read(name, MOST_BYTES[name]) for name in (FACTS_FILE, WEIGHTS_FILE, *wanted)}
        if not accept_changed:
            check_unchanged(files, content, digest)
        facts = _parse_facts(content[FACTS_FILE], path)
    bundle = Bundle(_parse_heads(content[WEIGHTS_FILE], facts, path), facts)
    return bundle, {name: content[name] for name in wanted}


def check_unchanged(
    files: BundleFiles,
    content: Mapping[str, bytes],
    digest: str | None = None,
    *,
    nothing_else: bool = False,
) -> str | None:
    """The digest of the bundle's checksums, which its files have; None for one of before there were any.
    `content`: files that were read already. `nothing_else`, or a `digest`: files without checksum are
    differences, too. Raises `ChangedBundleError`, and `DiscernError` where the bundle is another than that
    of the `digest`."""
    if digest is not None and not DIGEST.fullmatch(digest.strip()):
        raise DiscernError(f"“{digest}” is not the digest of a bundle (64 hexadecimal characters).")
    found, own = compared(files, content)
    strict = nothing_else or digest is not None
    if differences := found.all_differences if strict else found.differences:
        raise ChangedBundleError(str(files.path), differences)
    if digest is not None and own is None:
        raise DiscernError(f"{files.path} has no checksums, so it has no digest either. Export it again.")
    if digest is not None and own != digest.strip().lower():
        raise DiscernError(f"{files.path} is not the bundle with the digest {digest}: its own is {own}.")
    return own


def compared(files: BundleFiles, content: Mapping[str, bytes]) -> tuple[ChecksumResult, str | None]:
    """The files with the list of checksums, and the digest of the list; None where there is none. Format 1
    is older than lists; format 2 always had one, so there a missing one is lost."""
    if CHECKSUMS_FILE not in files.sizes:
        lost = [] if _is_of_format_1(content[FACTS_FILE]) else [MISSING]
        return ChecksumResult(lost, [], []), None
    listed = files.start_of(CHECKSUMS_FILE, LONGEST_LIST + 1)
    known = {name: hashlib.sha256(given).hexdigest() for name, given in content.items()}
    found = compare(
        listed, [*files.sizes, *files.others], lambda name: known.get(name) or files.sha256_of(name)
    )
    return found, hashlib.sha256(listed).hexdigest()


def _is_of_format_1(facts: bytes) -> bool:
    try:
        return bool(json.loads(facts)["schema_version"] == 1)
    except (ValueError, RecursionError, LookupError, TypeError):
        return False


def encoder_of(bundle: Bundle, *, cache: Path, trust: str | None = None) -> Encoder:
    """The encoder whose vectors the bundle scores. The bundle may come from anyone, so one that is not part
    of Discern is loaded only where `trust` names it (or one of the same fingerprint, from elsewhere).

    Raises `UntrustedEncoderError`, `EncoderError` and `FingerprintMismatchError`.
    """
    wanted = bundle.facts.encoder
    return load_named_elsewhere(
        wanted.name, wanted.fingerprint, cache=cache, precision=wanted.precision, trust=trust
    )


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a number")
    return number


def _parse_facts(content: bytes, path: Path) -> BundleFacts:
    try:
        document: Any = json.loads(content, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"{FACTS_FILE} is not JSON ({error})") from error
    if not isinstance(document, dict) or document.get("format") != "discern-head":
        raise damaged(path, f"{FACTS_FILE} was not written by Discern")
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
        raise damaged(path, f"{FACTS_FILE} has a wrong value at {where} ({first['msg']})") from error


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
        raise damaged(path, f"{WEIGHTS_FILE} can't be read ({error})") from error
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
        raise damaged(path, f"{WEIGHTS_FILE} holds {_some(shapes)}, not {_some(wanted)}")
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise damaged(path, f"{WEIGHTS_FILE} holds weights that are not finite numbers")
    heads = (_head(place, concept, tensors) for place, concept in enumerate(facts.concepts))
    try:
        return tuple(heads)
    except ValueError as error:
        raise damaged(path, f"{WEIGHTS_FILE} doesn't fit its description ({error})") from error


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
