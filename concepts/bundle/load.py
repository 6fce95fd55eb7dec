"""A bundle from disk, folder or zip. It may come from anyone: everything is checked, what is hostile refused,
and nothing is executed or extracted."""

from __future__ import annotations

import hashlib
import json
import math
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load as parse_safetensors

from concepts.bundle.checksums import CHECKSUMS_FILE, LONGEST_LIST, MISSING, ChecksumResult, compare
from concepts.bundle.facts import SCHEMA_VERSION, BundleFacts
from concepts.bundle.heads import BundleHead, check_cuts, tensors_of
from concepts.bundle.scorer import LARGEST, BundleScorer, Outputs
from concepts.encoders import load_named_elsewhere
from concepts.encoders.base import Encoder
from concepts.errors import ChangedBundleError, DiscernError, FingerprintMismatchError
from concepts.learning.base import FAMILIAR_FROM, LinearHead, Prototypes

FACTS_FILE = "head.json"
WEIGHTS_FILE = "head.safetensors"
CLASSIFIER_FILE = "classifier.onnx"
MOST_ZIP_BYTES = 2**30  # of which little is kept: an encoder may be in it
MOST_ZIP_FILES = 1000
MOST_UNPACKED = 2**31  # bytes that are read to compare checksums
LONGEST_REASON = 200  # characters; some quote what they found
# Long definitions; a thousand concepts with prototypes; an encoder of half a gigabyte, and more.
MOST_BYTES = {FACTS_FILE: 16 * 2**20, WEIGHTS_FILE: 2**29, CLASSIFIER_FILE: 2**30}
DIGEST = re.compile(r"[0-9a-fA-F]{64}")
AT_ONCE = 1024  # vectors that are multiplied: in double precision they stay in the processor's cache
# RuntimeError: the archive is encrypted.
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError)


@dataclass(frozen=True)
class BundleFiles:
    """The bundle's own files by name. `sizes` are in bytes. `others` is all else that is there: each has a
    slash in its name, so none can have the name of a file. `inside`: the bundle's folder in a zip, with a
    slash behind it."""

    path: Path
    sizes: dict[str, int]
    open_file: Callable[[str], AbstractContextManager[Any]]
    others: list[str]
    inside: str = ""

    def read(self, name: str, most: int) -> bytes:
        """A whole file. Raises `DiscernError` where it is missing, larger than `most`, or can't be read."""
        if name not in self.sizes:
            raise damaged(self.path, f"{self.inside}{name} is missing")
        most_there = min(self.sizes[name], most)  # as much room is made before anything is read
        content = self.start_of(name, most_there + 1)
        if len(content) > most_there:
            larger = f"{most // 2**20} MB" if most_there == most else "it was when the bundle was opened"
            raise damaged(self.path, f"{name} is larger than {larger}")
        return content

    def start_of(self, name: str, most: int) -> bytes:
        """At most so many bytes of a file that is there: the size in an archive's own table may be a lie."""
        try:
            with self.open_file(name) as stream:
                return bytes(stream.read(most))
        except BROKEN as error:
            raise damaged(self.path, f"{name} can't be read ({_reason(error)})") from error

    def sha256_of(self, name: str) -> str | None:
        """None where it can't be read to its end."""
        try:
            with self.open_file(name) as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except BROKEN:
            return None


@contextmanager
def opened(path: Path) -> Iterator[BundleFiles]:
    """Raises `DiscernError` where there is no bundle, and for one that is damaged or hostile."""
    if path.is_file():
        with _opened_zip(path) as found:
            yield _bounded(found)
    elif path.is_dir():
        try:
            entries = list(path.iterdir())
            files = {file.name: file for file in entries if file.is_file()}
            others = sorted(f"{entry.name}/" for entry in entries if entry.name not in files)
            sizes = {name: file.stat().st_size for name, file in files.items()}
        except OSError as error:
            raise damaged(path, f"it can't be read ({_reason(error)})") from error
        yield _bounded(BundleFiles(path, sizes, lambda name: files[name].open("rb"), others))
    else:
        raise DiscernError(f"There is no bundle at {path}.")


def damaged(path: Path, problem: str) -> DiscernError:
    return DiscernError(f"{path} is not a usable bundle: {problem}. Export it again.")


def _bounded(files: BundleFiles) -> BundleFiles:
    if sum(files.sizes.values()) > MOST_UNPACKED:
        raise damaged(files.path, f"it unpacks to more than {MOST_UNPACKED // 2**20} MB")
    return files


@contextmanager
def _opened_zip(path: Path) -> Iterator[BundleFiles]:
    """The one bundle in the archive, at its top or in its only folder."""
    try:
        if path.stat().st_size > MOST_ZIP_BYTES:
            raise damaged(path, f"it is larger than {MOST_ZIP_BYTES // 2**20} MB")
        archive = zipfile.ZipFile(path)
    except BROKEN as error:
        raise damaged(path, f"it is not a readable zip archive ({_reason(error)})") from error
    with archive:
        # Nothing is extracted, but a name that would leave the folder marks the whole archive as hostile.
        entries, given = archive.infolist(), archive.namelist()
        if len(entries) > MOST_ZIP_FILES:
            raise damaged(path, f"it holds more than {MOST_ZIP_FILES} files")
        if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in entries):
            raise damaged(path, "it is compressed in an unusual way")
        if len(set(map(PurePosixPath, given))) != len(given):
            raise damaged(path, "it holds two files of one name")
        for one in given:
            if one.startswith("/") or "\\" in one or ":" in one or ".." in one.split("/"):
                raise damaged(path, f"it holds the unsafe file name {one!r}")
        names = {PurePosixPath(member.filename): member for member in archive.infolist()}
        folders = {name.parent for name in names if name.name == FACTS_FILE}
        if len(folders) != 1:
            raise damaged(path, f"it must hold one {FACTS_FILE}, not {len(folders)}")
        folder = folders.pop()
        inside = "" if folder == PurePosixPath(".") else f"{folder}/"
        members = {
            name.name: member
            for name, member in names.items()
            if not member.is_dir() and name.parent == folder
        }
        sizes = {name: member.file_size for name, member in members.items()}
        # Beside the files of its bundle: subfolders, and all that lies outside of it.
        others = []
        for name, member in names.items():
            if folder in name.parents:
                within = name.relative_to(folder).parts
                if member.is_dir() or len(within) > 1:
                    others.append(f"{within[0]}/")
            elif not member.is_dir() or name not in (folder, *folder.parents):
                others.append(posixpath.relpath(name, folder))  # begins with ../
        others = sorted(set(others))
        yield BundleFiles(path, sizes, lambda name: archive.open(members[name]), others, inside)


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)[:LONGEST_REASON]


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
        """(n, d), of length 1 → probabilities and decisions (n, columns), grades (n, graded), familiarity (n,
        familiar). Raises `DiscernError` for another d."""
        if vectors.ndim != 2 or vectors.shape[1] != self.facts.encoder.dimension:
            wanted = (len(vectors), self.facts.encoder.dimension)
            raise DiscernError(f"The bundle scores vectors of shape {wanted}, not {vectors.shape}.")
        parts = [
            self._scorer.answers(np.asarray(vectors[start : start + AT_ONCE], np.float64))
            for start in range(0, max(len(vectors), 1), AT_ONCE)
        ]
        if len(parts) == 1:
            return parts[0]
        probability, decision, grade = map(np.concatenate, zip(*parts, strict=True))
        familiarity = np.concatenate([part.familiarity for part in parts])
        return Outputs(probability, decision, grade, familiarity)

    @property
    def weights(self) -> NDArray[np.float64]:
        """(d, columns): of each concept its weights, then all prototypes."""
        return np.asarray(self._scorer.weights)

    def said(self, similarity: NDArray[np.float64]) -> Outputs:
        """`outputs` of vectors of which vectors · weights (n, columns) are known already."""
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

    Raises `EncoderError` and `FingerprintMismatchError`.
    """
    wanted = bundle.facts.encoder
    return load_named_elsewhere(wanted.name, wanted.fingerprint, cache=cache, trust=trust)


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
    """Tensors "0.weights" (dimension,), "0.bias" (1,) and of a graded concept "0.cuts" (n - 1,), all float64;
    of one with prototypes "0.yes" and "0.no" (any number, dimension), float32. The first format had them
    without number."""
    try:
        tensors = parse_safetensors(content)
    except (SafetensorError, KeyError, ValueError) as error:
        raise damaged(path, f"{WEIGHTS_FILE} can't be read ({error})") from error
    if tensors.keys() == {"weights", "bias"}:
        tensors = {f"0.{name}": tensor for name, tensor in tensors.items()}
    shapes = {name: (str(tensor.dtype), tensor.shape) for name, tensor in tensors.items()}
    wanted: dict[str, tuple[str, tuple[int, ...]]] = {}
    for place, concept in enumerate(facts.concepts):
        wanted[f"{place}.weights"] = ("float64", (facts.encoder.dimension,))
        wanted[f"{place}.bias"] = ("float64", (1,))
        if concept.grades:
            wanted[f"{place}.cuts"] = ("float64", (concept.grades.n - 1,))
        elif f"{place}.yes" in tensors or concept.head.familiar_from is not None:
            for side in (f"{place}.yes", f"{place}.no"):
                some = max(len(tensors[side]), 1) if side in tensors and tensors[side].ndim else 1
                wanted[side] = ("float32", (some, facts.encoder.dimension))
    if shapes != wanted:
        found, right = (str(some)[:LONGEST_REASON] for some in (shapes, wanted))
        raise damaged(path, f"{WEIGHTS_FILE} holds {found}, not {right}")
    if not all((np.abs(tensor) <= LARGEST).all() for tensor in tensors.values()):  # which no NaN is
        raise damaged(path, f"{WEIGHTS_FILE} has weights that are not finite or exceed {LARGEST:g}")
    heads = []
    for place, concept in enumerate(facts.concepts):
        bias, cuts = float(tensors[f"{place}.bias"][0]), tensors.get(f"{place}.cuts")
        about = concept.head
        yes, no = tensors.get(f"{place}.yes"), tensors.get(f"{place}.no")
        beside = None if yes is None or no is None else Prototypes(yes, no)
        weights, details = tensors[f"{place}.weights"], dict(about.details)
        if about.familiar_from is not None:
            details[FAMILIAR_FROM] = about.familiar_from
        line = LinearHead(about.kind, weights, bias, about.threshold, details, prototypes=beside)
        try:
            if concept.grades and cuts is not None:
                check_cuts(bias, cuts, concept.grades)
        except ValueError as error:
            raise damaged(path, f"{WEIGHTS_FILE} doesn't fit its description ({error})") from error
        heads.append(BundleHead(line, cuts))
    return tuple(heads)
