"""A classifier as files that run anywhere: written whole or not at all, the same bytes for the same input."""

from __future__ import annotations

import io
import json
import os
import shutil
import uuid
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel
from safetensors.numpy import save as safetensors_bytes

from concepts.errors import DiscernError
from concepts.export.card import card_text
from concepts.export.checksums import CHECKSUMS_FILE, checksums_text
from concepts.export.classifier_model import EncoderGraph, classifier_bytes
from concepts.export.facts import BundleFacts
from concepts.export.loading import CLASSIFIER_FILE, FACTS_FILE, WEIGHTS_FILE, Bundle, load_bundle
from concepts.export.onnx_model import onnx_bytes
from concepts.export.plots import PLOT_FILES, figures_of, png
from concepts.learning.base import LinearHead
from concepts.learning.report import Curves

__all__ = ["Bundle", "BundleFacts", "Curves", "load_bundle", "write_bundle"]

LICENCE_FILE = "ENCODER_LICENCE.txt"
WITH_ENCODER = frozenset({CLASSIFIER_FILE, "classify.py", "requirements.txt", LICENCE_FILE})
OUR_FILES = frozenset(
    {FACTS_FILE, WEIGHTS_FILE, CHECKSUMS_FILE, "head.onnx", "scorer.py", "README.md", "curves.json"}
    | {*PLOT_FILES, *WITH_ENCODER}
)
REQUIREMENTS = """numpy>=2.0,<3
onnxruntime>=1.22,<2
pillow>=11.3,<13
"""
ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def write_bundle(
    folder: Path,
    head: LinearHead,
    facts: BundleFacts,
    curves: Curves | None,
    encoder: EncoderGraph | str = "it was written without its encoder",
) -> Path:
    """Write the bundle folder and `<folder>.zip` beside it; an older bundle there is replaced.

    `curves` is None for a head that was not evaluated. `encoder` goes along, so that the bundle scores
    pictures; or it is why it can't. Raises `DiscernError` where something else is in
    the way, or where head and facts don't belong together.
    """
    folder = folder.absolute()
    archive = folder.with_name(folder.name + ".zip")
    _check_consistent(head, facts)
    _check_replaceable(folder, archive)
    files = _contents(head, facts, curves, encoder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _replace_folder(folder, files)
        _replace_file(archive, _zip_bytes(folder.name, files))
    except OSError as error:
        raise DiscernError(f"The bundle can't be written to {folder}: {error.strerror}.") from error
    return folder


def _check_consistent(head: LinearHead, facts: BundleFacts) -> None:
    if (head.kind, head.threshold) != (facts.head.kind, facts.head.threshold):
        raise DiscernError("The head and its description differ in kind or threshold.")
    if head.weights.shape != (facts.encoder.dimension,):
        raise DiscernError(
            f"The head has weights of shape {head.weights.shape}, but its encoder makes vectors of "
            f"{facts.encoder.dimension} numbers."
        )
    if not (np.isfinite(head.weights).all() and np.isfinite(head.bias)):
        raise DiscernError("The head has weights that are not finite numbers. Train it again.")


def _check_replaceable(folder: Path, archive: Path) -> None:
    """Only what Discern wrote is ever replaced: a bundle, or an empty folder."""
    if os.path.lexists(folder) and (folder.is_symlink() or not folder.is_dir()):
        raise DiscernError(f"{folder} is not a folder. Choose another place for the bundle.")
    if folder.is_dir():
        found = {entry.name for entry in folder.iterdir()} - {"__pycache__"}
        strange = sorted(found - OUR_FILES)
        if strange or (found and FACTS_FILE not in found):
            example = strange[0] if strange else sorted(found)[0]
            raise DiscernError(
                f"{folder} holds files that are not a bundle's ({example!r}). Choose another place."
            )
    if os.path.lexists(archive) and not _is_bundle_zip(archive):
        raise DiscernError(f"{archive} exists and is not a bundle. Choose another place for the bundle.")


def _is_bundle_zip(archive: Path) -> bool:
    try:
        with zipfile.ZipFile(archive) as members:
            return any(Path(name).name == FACTS_FILE for name in members.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def _contents(
    head: LinearHead, facts: BundleFacts, curves: Curves | None, encoder: EncoderGraph | str
) -> dict[str, bytes]:
    """Every file of the bundle by name. Weights are float64, so a loaded head is the head, bit for bit."""
    tensors = {
        "weights": np.ascontiguousarray(head.weights, dtype=np.float64),
        "bias": np.array([head.bias], dtype=np.float64),
    }
    plots = figures_of(facts, curves) if curves else {}
    files = {
        FACTS_FILE: _json_bytes(facts),
        WEIGHTS_FILE: safetensors_bytes(tensors),
        "head.onnx": onnx_bytes(head, facts),
        "scorer.py": Path(__file__).with_name("scorer.py").read_bytes(),
        "README.md": card_text(facts, plots, encoder if isinstance(encoder, str) else None).encode(),
        **{name: png(figure) for name, figure in plots.items()},
    }
    if curves:
        files["curves.json"] = _json_bytes(curves)
    if not isinstance(encoder, str):
        files |= {
            CLASSIFIER_FILE: classifier_bytes(encoder, head, facts),
            "classify.py": Path(__file__).with_name("classify.py").read_bytes(),
            "requirements.txt": REQUIREMENTS.encode(),
            LICENCE_FILE: _licence(encoder).encode(),
        }
    files[CHECKSUMS_FILE] = checksums_text(files).encode()
    return dict(sorted(files.items()))


def _licence(encoder: EncoderGraph) -> str:
    text = (Path(__file__).parent / "licences" / f"{encoder.licence}.txt").read_text(encoding="utf-8")
    about = f"{CLASSIFIER_FILE} holds an encoder whose weights are under the licence below."
    return f"{about}\n\n{encoder.notice}\n\n{text}"


def _json_bytes(document: BaseModel) -> bytes:
    plain: Any = document.model_dump(mode="json")
    text = json.dumps(plain, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode()


def _zip_bytes(folder_name: str, files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(f"{folder_name}/{name}", ZIP_TIME)
            member.create_system = 3  # Unix, on every system, so that the bytes and rights are the same
            member.external_attr = 0o644 << 16
            # Weights hardly become smaller, and packing them takes seconds.
            way = zipfile.ZIP_STORED if name == CLASSIFIER_FILE else zipfile.ZIP_DEFLATED
            archive.writestr(member, content, way)
    return buffer.getvalue()


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


def _replace_file(target: Path, content: bytes) -> None:
    fresh = target.with_name(f".{target.name}.new-{uuid.uuid4().hex[:8]}")
    try:
        fresh.write_bytes(content)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
