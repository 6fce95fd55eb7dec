"""A demo over a small drawn library, with a clock that tests turn."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from drawing import draw_folder

from concepts.results.library import import_pictures
from concepts.rooms import open_app
from concepts.settings import load_settings
from concepts.visitors import LIMITS, Limits, Sandboxes

PICTURES = 24


class Clock:
    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@cache
def _made(encoder: Path) -> Path:
    """A home with 24 drawn pictures in place of the sample, made once beside the encoder."""
    root = encoder.with_name("demo")
    bench = open_app(load_settings(home=root / "home"))
    import_pictures(bench, [draw_folder(root / "pictures", PICTURES)], encoder=f"local-dir:{encoder}").wait()
    bench.close()
    return root / "home"


@contextmanager
def demo_house(
    folder: Path, encoder: Path, clock: Clock | None = None, limits: Limits = LIMITS, **settings: Any
) -> Iterator[Sandboxes]:
    """Over a copy of it in a folder; `encoder` is the folder of the tiny open_clip model."""
    home = folder / "home"
    if not (home / "discern.sqlite").exists():
        shutil.copytree(_made(encoder), home, dirs_exist_ok=True)
    given = load_settings(home=home, demo=True, **settings)
    sandboxes = Sandboxes(given, limits, clock or Clock(), at_once=1)
    sandboxes.start()
    yield sandboxes
    sandboxes.close()
