"""Whether a bundle, folder or zip, is whole: what is in it, whether checksums hold, whether it loads."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from concepts.errors import DiscernError
from concepts.export.checksums import CHECKSUMS_FILE, parse_checksums
from concepts.export.loading import CLASSIFIER_FILE, FACTS_FILE, Bundle, load_bundle
from concepts.export.onnx_model import columns_of
from concepts.view import View

LONGEST_LIST = 2**20  # bytes of the file of checksums
MOST_GRAPH = 2**30  # bytes of a graph that is loaded to see whether it works
BLOCK = 2**20
WHAT = {
    FACTS_FILE: "everything known about it",
    "head.safetensors": "weights for embeddings",
    "head.onnx": "the same as ONNX",
    "scorer.py": "scores embeddings",
    "reading.py": "reads pictures for classify.py",
    "open_clip_encoder.py": "loads the encoder for classify.py",
    CLASSIFIER_FILE: "from pictures to answers, as ONNX",
    "classify.py": "scores pictures",
    "classify.html": "scores pictures in a browser",
    "RUNTIME_LICENCE.txt": "licence of what runs classify.html",
    "requirements.txt": "what classify.py needs",
    "ENCODER_LICENCE.txt": "licence of the encoder in classifier.onnx",
    "README.md": "the model card",
    "curves.json": "the curves of its figures",
    CHECKSUMS_FILE: "checksums",
}


class BundleFile(View):
    name: str
    bytes: int
    what: str


class BundleConcept(View):
    """`version` is None for what a rule combines the others to."""

    name: str
    version: int | None
    threshold: float


class BundleCheck(View):
    """`problems` is empty for one that is whole; `checksums` is how many hold, None where there are none."""

    bundle: str
    concepts: tuple[BundleConcept, ...]
    encoder: str
    fingerprint: str
    scores_pictures: bool
    files: tuple[BundleFile, ...]
    checksums: int | None
    problems: tuple[str, ...]


def check_bundle(path: Path) -> BundleCheck:
    """Raises `DiscernError` for what is no bundle that loads; all else that is wrong is a problem of it."""
    bundle = load_bundle(path)
    with _opened(path) as (sizes, open_file):
        held, problems = _checksums(sizes, open_file)
        if CLASSIFIER_FILE in sizes:
            problems += _graph_problems(sizes[CLASSIFIER_FILE], open_file, bundle)
    files = (
        BundleFile(name=name, bytes=size, what=WHAT.get(name, "a plot" if name.endswith(".png") else ""))
        for name, size in sorted(sizes.items())
    )
    facts = bundle.facts
    return BundleCheck(
        bundle=str(path),
        concepts=tuple(BundleConcept.model_validate(column) for column in columns_of(facts)),
        encoder=facts.encoder.name,
        fingerprint=facts.encoder.fingerprint,
        scores_pictures=CLASSIFIER_FILE in sizes,
        files=tuple(files),
        checksums=held,
        problems=tuple(problems),
    )


def files_of(path: Path) -> dict[str, bytes]:
    """Every file of a bundle that `check_bundle` has found whole."""
    with _opened(path) as (sizes, open_file):
        found = {}
        for name in sizes:
            with open_file(name) as stream:
                found[name] = stream.read()
        return found


def file_of(path: Path, name: str) -> bytes | None:
    """A file of a bundle, whole; None where it isn't there."""
    with _opened(path) as (sizes, open_file):
        if name not in sizes:
            return None
        if sizes[name] > MOST_GRAPH:
            raise DiscernError(f"{name} in {path} is larger than {MOST_GRAPH // 2**20} MB.")
        with open_file(name) as stream:
            return stream.read(MOST_GRAPH)


Open = Callable[[str], IO[bytes]]


def _of_format_1(about: Any) -> dict[str, object]:
    """What a graph of the first format says of itself, as this one would say it."""
    return {"name": about["concept"], "threshold": about["threshold"], "version": about["version"]}


@contextmanager
def _opened(path: Path) -> Iterator[tuple[dict[str, int], Open]]:
    """Sizes of the bundle's own files by name, and how to open one. Nothing is extracted."""
    try:
        if path.is_dir():
            files = {file.name: file for file in path.iterdir() if file.is_file()}
            yield (
                {name: file.stat().st_size for name, file in files.items()},
                lambda name: files[name].open("rb"),
            )
            return
        with zipfile.ZipFile(path) as archive:
            folder = next(n for n in archive.namelist() if Path(n).name == FACTS_FILE).removesuffix(
                FACTS_FILE
            )
            members = {m.filename.removeprefix(folder): m for m in archive.infolist() if not m.is_dir()}
            yield {name: m.file_size for name, m in members.items()}, lambda name: archive.open(members[name])
    except (OSError, zipfile.BadZipFile) as error:
        raise DiscernError(f"{path} can't be read: {error}.") from error


def _checksums(sizes: dict[str, int], open_file: Open) -> tuple[int | None, list[str]]:
    if CHECKSUMS_FILE not in sizes:
        return None, []
    try:
        with open_file(CHECKSUMS_FILE) as stream:
            expected = parse_checksums(stream.read(LONGEST_LIST).decode())
    except ValueError as error:
        return None, [f"{CHECKSUMS_FILE} can't be read: {error}"]
    problems = [f"{name} is missing" for name in sorted(expected.keys() - sizes.keys())]
    problems += [
        f"{name} has no checksum" for name in sorted(sizes.keys() - expected.keys() - {CHECKSUMS_FILE})
    ]
    changed = [n for n in sorted(expected.keys() & sizes.keys()) if _sha256(open_file, n) != expected[n]]
    problems += [f"{name} is not what was written" for name in changed]
    return len(expected.keys() & sizes.keys()) - len(changed), problems


def _sha256(open_file: Open, name: str) -> str:
    digest = hashlib.sha256()
    with open_file(name) as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _graph_problems(size: int, open_file: Open, bundle: Bundle) -> list[str]:
    """Loads the graph as ONNX Runtime does, from its bytes alone, and gives it a grey picture."""
    import onnxruntime

    if size > MOST_GRAPH:
        return [f"{CLASSIFIER_FILE} is larger than {MOST_GRAPH // 2**20} MB"]
    try:
        with open_file(CLASSIFIER_FILE) as stream:
            content = stream.read(MOST_GRAPH)
        session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        about: Any = json.loads(session.get_modelmeta().custom_metadata_map["discern"])
        shown = about.get("pictures", about)  # the first format's were not apart
        grey = np.full((1, 3, int(shown["height"]), int(shown["width"])), 127, np.uint8)
        (probability,) = session.run(["probability"], {"pictures": grey})
        theirs = about["fingerprint"], about.get("columns") or [_of_format_1(about)]
    except Exception as error:  # ONNX Runtime raises classes of its own that share no base
        return [f"{CLASSIFIER_FILE} doesn't load: {' '.join(str(error).split())[:200]}"]
    problems = (
        [] if ((probability >= 0) & (probability <= 1)).all() else [f"{CLASSIFIER_FILE} gives no probability"]
    )
    if theirs != (bundle.facts.encoder.fingerprint, columns_of(bundle.facts)):
        problems.append(f"{CLASSIFIER_FILE} is of another classifier than {FACTS_FILE}")
    return problems
