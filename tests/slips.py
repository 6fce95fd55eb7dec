"""A home whose simulated person slips: a drawing counts if its file is called ellipse, and every sixth answer
is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from drawing import draw_folder

from concepts.learning import waves
from concepts.settings import Settings
from concepts.workbench import Workbench


def trained_with_slips(root: Path, encoder: Path, name: str) -> Workbench:
    """90 drawings, answers to measure with and to learn from, slips among both, and a version. `encoder` is a
    folder with an open_clip model."""
    bench = Workbench(Settings(home=root / "home"))
    bench.library.add([draw_folder(root / "pictures", 90)], encoder=f"local-dir:{encoder}").wait()
    bench.concepts.begin(name, "A filled ellipse, not a rectangle.")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waves, "SHARE", 0.4)  # of a small library: figures need ten of each kind
        given = bench.concept(name).labels.next_pictures(100, purpose="evaluation")
    given += bench.concept(name).labels.next_pictures(30)
    for place, picture in enumerate(given):
        counts = ("ellipse" in picture.path) != (place % 6 == 5)
        bench.concept(name).labels.give(picture.id, "yes" if counts else "no", author="me")
    bench.concept(name).versions.train().wait()
    return bench
