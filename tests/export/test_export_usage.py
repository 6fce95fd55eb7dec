"""The code shown for copying that needs Discern runs as it is; `test_classify` runs what needs it not."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest
from bundles import make_facts, write_one
from drawing import draw_folder

from concepts.bundle.usage import from_pictures
from concepts.encoders import load_encoder
from concepts.learning.base import LinearHead
from concepts.publishing.export import encoder_facts


@pytest.fixture
def bundle(tmp_path: Path, tiny_open_clip: Path) -> Path:
    encoder = load_encoder(f"local-dir:{tiny_open_clip}", cache=tmp_path / "cache")
    head = LinearHead("lda", np.linspace(-1, 1, encoder.dimension), 0.1, 0.5)
    facts = make_facts(head, encoder=encoder_facts(encoder))
    return write_one(tmp_path / "ball", head, facts, None)


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
