"""The code shown for copying that needs Discern runs as it is; `test_classify` runs what needs it not."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest
from drawing import draw_folder

from concepts.encoders import load_encoder
from concepts.export.bundle import write_bundle
from concepts.export.facts import BundleFacts, EncoderFacts, HeadFacts
from concepts.export.usage import from_pictures
from concepts.learning.base import LinearHead


@pytest.fixture
def bundle(tmp_path: Path, tiny_open_clip: Path) -> Path:
    encoder = load_encoder(f"local-dir:{tiny_open_clip}", cache=tmp_path / "cache", precision="float32")
    head = LinearHead("lda", np.linspace(-1, 1, encoder.dimension), 0.1, 0.5)
    facts = BundleFacts(
        discern_version="0",
        created="2026-01-01T00:00:00Z",  # type: ignore[arg-type]
        concept="Ball",
        definition={"name": "Ball", "description": "A ball."},  # type: ignore[arg-type]
        definition_revision=1,
        head=HeadFacts.of(head, number=1, target="best F1", calibration="none"),
        encoder=EncoderFacts(
            name=encoder.name,
            fingerprint=str(encoder.fingerprint),
            dimension=encoder.dimension,
            licence=encoder.licence,
            **vars(encoder.fingerprint),
        ),
    )
    return write_bundle(tmp_path / "ball", head, facts, None)


def run(code: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "copied", "exec"), {"__name__": "copied"})
    return out.getvalue()


def test_from_pictures(
    bundle: Path, tmp_path: Path, tiny_open_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    draw_folder(tmp_path / "pictures", 3)
    lines = run(from_pictures(str(bundle.with_suffix(".zip")), f"local-dir:{tiny_open_clip}")).splitlines()
    assert len(lines) == 3
    assert all(line.endswith((" yes", " no")) for line in lines)
