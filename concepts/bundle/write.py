"""A classifier as files that run anywhere: written whole or not at all, the same bytes for the same input."""

from __future__ import annotations

import json
import os
import re
import shutil
import uuid
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel
from safetensors.numpy import save as safetensors_bytes

from concepts import __version__
from concepts.bundle.card import card_text
from concepts.bundle.checksums import CHECKSUMS_FILE, checksums_text
from concepts.bundle.facts import BundleFacts, Combined, ConceptFacts, EncoderFacts, OneOf
from concepts.bundle.figures import PLOT_FILES, PlotFigure, figures_of, svg_file
from concepts.bundle.heads import (
    BundleHead,
    EncoderGraph,
    check_cuts,
    classifier_bytes,
    onnx_bytes,
    tensors_of,
)
from concepts.bundle.load import CLASSIFIER_FILE, FACTS_FILE, WEIGHTS_FILE
from concepts.bundle.page import PAGE_FILE, RUNTIME_LICENCE, classifying_page, runtime_licence
from concepts.errors import DiscernError
from concepts.learning.report import Curves
from storage.pictures import pixels

LICENCE_FILE = "ENCODER_LICENCE.txt"
CURVES_FILE = "curves.json"
ENCODER_CODE = "open_clip_encoder.py"  # where the encoder isn't in the bundle
PIXELS = "pixels.py"  # the library reads pictures by the same file
CODE = ("checksums.py", "classify.py", "reading.py", "scorer.py")
OUR_FILES = frozenset(
    {FACTS_FILE, WEIGHTS_FILE, CHECKSUMS_FILE, CLASSIFIER_FILE, LICENCE_FILE, CURVES_FILE, ENCODER_CODE}
    | {PAGE_FILE, RUNTIME_LICENCE}
    | {"head.onnx", "README.md", "requirements.txt", *CODE, PIXELS, *PLOT_FILES}
)
BEFORE_0_3 = frozenset(f"{Path(name).stem}.png" for name in PLOT_FILES)
OF_ONE_CONCEPT = re.compile(r"\d+-(.+)")  # of several: 1-scores.svg
BESIDE = re.compile(r"from (?:discern\.)?(?:concepts\.bundle|storage\.pictures)\.")
REQUIREMENTS = """numpy>=2.0,<3
onnxruntime>=1.22,<2
pillow>=11.3,<13
"""
PROTOTYPES = (
    "Beside its weights a head holds prototypes: means of the vectors of two labelled pictures or more. They "
    "say roughly what such pictures show. None is one picture's own, unless its side has no other."
)
ZIP_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class BundlePart:
    """One concept of a bundle. `curves` is None for a head that was not evaluated; `story`: how the concept
    came about, for the card."""

    head: BundleHead
    facts: ConceptFacts
    curves: Curves | None = None
    story: tuple[str, ...] = ()


def write_bundle(
    folder: Path,
    parts: Sequence[BundlePart],
    about: EncoderFacts,
    encoder: EncoderGraph | str,
    rule: Combined | OneOf | None = None,
    *,
    page: bool = False,
) -> Path:
    """Write the bundle folder and `<folder>.zip` beside it; an older bundle there is replaced.

    The `encoder` goes along, so that the bundle scores pictures; or it is why it can't. With it a `page` that
    does so in a browser. Raises `DiscernError` where something else is in the way, where heads and facts
    don't belong together, or where there can be no page.
    """
    folder = folder.absolute()
    archive = folder.with_name(folder.name + ".zip")
    facts = bundle_facts(parts, about, rule)
    for part in parts:
        line, described, grades = part.head.line, part.facts, part.facts.grades
        if (line.kind, line.threshold) != (described.head.kind, described.head.threshold):
            raise DiscernError("The head and its description differ in kind or threshold.")
        if line.weights.shape != (about.dimension,):
            raise DiscernError(
                f"The head has weights of shape {line.weights.shape}, but its encoder makes vectors of "
                f"{about.dimension} numbers."
            )
        if not (np.isfinite(line.weights).all() and np.isfinite(line.bias)):
            raise DiscernError("The head has weights that are not finite numbers. Train it again.")
        if (grades is None) != (part.head.cuts is None):
            raise DiscernError("Of the head and its description one alone has grades.")
        if grades and part.head.cuts is not None:
            check_cuts(line.bias, part.head.cuts, grades)
    # Only what Discern wrote is ever replaced: a bundle, or an empty folder.
    if os.path.lexists(folder) and (folder.is_symlink() or not folder.is_dir()):
        raise DiscernError(f"{folder} is not a folder. Choose another place for the bundle.")
    if folder.is_dir():
        found = {entry.name for entry in folder.iterdir()} - {"__pycache__"}
        strange = sorted(name for name in found if not is_ours(name))
        if strange or (found and FACTS_FILE not in found):
            example = strange[0] if strange else sorted(found)[0]
            raise DiscernError(
                f"{folder} holds files that are not a bundle's ({example!r}). Choose another place."
            )
    if os.path.lexists(archive) and not _is_bundle_zip(archive):
        raise DiscernError(f"{archive} exists and is not a bundle. Choose another place for the bundle.")
    files = _contents(parts, facts, encoder, page)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _replace_folder(folder, files)
        fresh = archive.with_name(f".{archive.name}.new-{uuid.uuid4().hex[:8]}")
        try:
            with zipfile.ZipFile(fresh, "w") as packed:
                for name, content in files.items():
                    member = zipfile.ZipInfo(f"{folder.name}/{name}", ZIP_TIME)
                    # As on Unix, on every system, so that the bytes and rights are the same.
                    member.create_system, member.external_attr = 3, 0o644 << 16
                    # Weights hardly become smaller, and packing them takes seconds.
                    way = zipfile.ZIP_STORED if name == CLASSIFIER_FILE else zipfile.ZIP_DEFLATED
                    packed.writestr(member, content, way)
            fresh.replace(archive)
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        raise DiscernError(f"The bundle can't be written to {folder}: {error.strerror}.") from error
    return folder


def bundle_facts(
    parts: Sequence[BundlePart], about: EncoderFacts, rule: Combined | OneOf | None = None
) -> BundleFacts:
    return BundleFacts(
        discern_version=__version__,
        encoder=about,
        concepts=tuple(part.facts for part in parts),
        rule=rule,
        licence_notes=(
            f"Weights of the encoder: {about.licence}.",
            "The pictures and labels it learned from are not in this file.",
            *([PROTOTYPES] if any(part.head.line.prototypes for part in parts) else ()),
        ),
    )


def _is_bundle_zip(archive: Path) -> bool:
    try:
        with zipfile.ZipFile(archive) as members:
            return any(Path(name).name == FACTS_FILE for name in members.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def _contents(
    parts: Sequence[BundlePart], facts: BundleFacts, encoder: EncoderGraph | str, page: bool
) -> dict[str, bytes]:
    """Every file of the bundle by name."""
    heads = [part.head for part in parts]
    alone = encoder if isinstance(encoder, str) else None
    figures: list[dict[str, PlotFigure]] = []
    files: dict[str, bytes] = {}
    for number, part in enumerate(parts, 1):
        mark = f"{number}-" if len(parts) > 1 else ""
        plots = figures_of(part.facts, part.curves) if part.curves else {}
        figures.append({mark + name: figure for name, figure in plots.items()})
        files |= {mark + name: svg_file(figure) for name, figure in plots.items()}
        if part.curves:
            files[mark + CURVES_FILE] = _json_bytes(part.curves)
    files |= {
        FACTS_FILE: _json_bytes(facts),
        WEIGHTS_FILE: safetensors_bytes(tensors_of(heads)),
        "head.onnx": onnx_bytes(heads, facts),
        "README.md": card_text(facts, figures, alone, page, [part.story for part in parts]).encode(),
        "requirements.txt": REQUIREMENTS.encode(),
        **{name: _code(Path(__file__).with_name(name)) for name in CODE},
        PIXELS: _code(Path(pixels.__file__)),
    }
    if isinstance(encoder, str):
        if page:
            raise DiscernError(f"A page for browsers needs the encoder in it: {encoder}.")
        files[ENCODER_CODE] = _code(Path(__file__).with_name(ENCODER_CODE))
    else:
        files |= {
            CLASSIFIER_FILE: classifier_bytes(encoder, heads, facts),
            LICENCE_FILE: licence_of_encoder(encoder).encode(),
        }
        if page:
            shown = classifying_page(files[CLASSIFIER_FILE], encoder.shown, facts)
            files |= {PAGE_FILE: shown.encode(), RUNTIME_LICENCE: runtime_licence().encode()}
    files[CHECKSUMS_FILE] = checksums_text(files).encode()
    return dict(sorted(files.items()))


def _code(file: Path) -> bytes:
    """Return a module's text, changed to import its siblings from the bundle's folder."""
    return BESIDE.sub("from ", file.read_text(encoding="utf-8")).encode()


def is_ours(name: str) -> bool:
    """Whether a bundle has files of this name, or had them."""
    match = OF_ONE_CONCEPT.fullmatch(name)
    return (match[1] if match else name) in OUR_FILES | BEFORE_0_3


def licence_of_encoder(encoder: EncoderGraph) -> str:
    text = (Path(__file__).parent / "licences" / f"{encoder.licence}.txt").read_text(encoding="utf-8")
    about = f"{CLASSIFIER_FILE} holds an encoder whose weights are under the licence below."
    return f"{about}\n\n{encoder.notice}\n\n{text}"


def _json_bytes(document: BaseModel) -> bytes:
    plain: Any = document.model_dump(mode="json")
    text = json.dumps(plain, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode()


def _replace_folder(folder: Path, files: dict[str, bytes]) -> None:
    """Complete under another name first, then renamed. The old bundle is gone only when the new is there."""
    mark = uuid.uuid4().hex[:8]
    fresh, old = (folder.with_name(f".{folder.name}.{word}-{mark}") for word in ("new", "old"))
    fresh.mkdir()
    try:
        for name, content in files.items():
            (fresh / name).write_bytes(content)
        if folder.exists():
            folder.rename(old)
        try:
            fresh.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
