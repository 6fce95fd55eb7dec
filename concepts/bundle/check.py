"""Whether a bundle, folder or zip, is whole: what is in it, whether checksums hold, whether it loads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from concepts.bundle.checksums import CHECKSUMS_FILE
from concepts.bundle.facts import BundleFacts
from concepts.bundle.graph import check_graph
from concepts.bundle.heads import columns_of
from concepts.bundle.load import (
    CLASSIFIER_FILE,
    FACTS_FILE,
    MOST_BYTES,
    Bundle,
    BundleFiles,
    check_unchanged,
    compared,
    load_bundle,
    opened,
)
from concepts.errors import DiscernError
from concepts.view import View

WHAT = {
    FACTS_FILE: "everything known about it",
    "head.safetensors": "weights for embeddings",
    "head.onnx": "the same as ONNX",
    "scorer.py": "scores embeddings",
    "pixels.py": "reads colours for reading.py",
    "reading.py": "reads pictures for classify.py",
    "checksums.py": "compares checksums for classify.py",
    "open_clip_encoder.py": "loads the encoder for classify.py",
    CLASSIFIER_FILE: "from pictures to decisions, as ONNX",
    "classify.py": "scores pictures",
    "classify.html": "scores pictures in a browser",
    "RUNTIME_LICENCE.txt": "licence of what runs classify.html",
    "requirements.txt": "what classify.py needs",
    "ENCODER_LICENCE.txt": "licence of the encoder in classifier.onnx",
    "README.md": "the model card",
    "curves.json": "the curves of its figures",
    CHECKSUMS_FILE: "checksums",
}
PLOTS = (".svg", ".png")  # .png before 0.3.0


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
    bundle = load_bundle(path, accept_changed=True)
    with opened(path) as files:
        found, digest = compared(files, _facts_of(files))
        problems = found.all_differences
        if CLASSIFIER_FILE in files.sizes:
            problems += graph_problems(files.read(CLASSIFIER_FILE, MOST_BYTES[CLASSIFIER_FILE]), bundle)
        sizes = files.sizes
    facts = bundle.facts
    return BundleCheck(
        bundle=str(path),
        concepts=concepts_of(facts),
        encoder=facts.encoder.name,
        fingerprint=facts.encoder.fingerprint,
        scores_pictures=CLASSIFIER_FILE in sizes,
        files=tuple(
            BundleFile(name=name, bytes=size, what=WHAT.get(name, "a plot" if name.endswith(PLOTS) else ""))
            for name, size in sorted(sizes.items())
        ),
        checksums=None if digest is None else len(found.whole),
        problems=tuple(problems),
    )


def concepts_of(facts: BundleFacts) -> tuple[BundleConcept, ...]:
    return tuple(BundleConcept.model_validate(column) for column in columns_of(facts))


def bundle_digest(path: Path) -> str:
    """A line that stands for a bundle's whole content, as folder and as zip: the SHA-256 of its list of
    checksums. Raises `ChangedBundleError` where a file differs from the list or isn't in it, and
    `DiscernError` where there is no list."""
    with opened(path) as files:
        digest = check_unchanged(files, _facts_of(files), nothing_else=True)
    if digest is None:
        raise DiscernError(f"{path} has no checksums: an older Discern wrote it. Export it again.")
    return digest


def files_of(path: Path) -> dict[str, bytes]:
    """Every file of a bundle that `check_bundle` has found whole."""
    with opened(path) as files:
        return {name: files.read(name, size) for name, size in files.sizes.items()}


def _facts_of(files: BundleFiles) -> Mapping[str, bytes]:
    return {FACTS_FILE: files.read(FACTS_FILE, MOST_BYTES[FACTS_FILE])}


def graph_problems(graph: bytes, bundle: Bundle) -> list[str]:
    """Checks what a classifier.onnx would take; then loads it as ONNX Runtime does, from its bytes alone, and
    gives it a grey picture."""
    import onnxruntime

    try:
        check_graph(graph)
        session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
        about: Any = json.loads(session.get_modelmeta().custom_metadata_map["discern"])
        shown = about.get("pictures", about)  # the first format's were not apart
        height, width = session.get_inputs()[0].shape[2:]
        if (height, width) != (shown["height"], shown["width"]):
            raise ValueError("it takes pictures of another size than it says")
        grey = np.full((1, 3, height, width), 127, np.uint8)
        (probability,) = session.run(["probability"], {"pictures": grey})
        of_format_1 = {"name": about.get("concept"), **{k: about.get(k) for k in ("threshold", "version")}}
        theirs = about["fingerprint"], about.get("columns") or [of_format_1]
    except Exception as error:  # ONNX Runtime raises classes of its own that share no base
        return [f"{CLASSIFIER_FILE} doesn't load: {' '.join(str(error).split())[:200]}"]
    problems = []
    if not ((probability >= 0) & (probability <= 1)).all():
        problems.append(f"{CLASSIFIER_FILE} gives no probability")
    if theirs != (bundle.facts.encoder.fingerprint, columns_of(bundle.facts)):
        problems.append(f"{CLASSIFIER_FILE} is of another classifier than {FACTS_FILE}")
    return problems
