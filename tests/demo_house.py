"""A demo over a small drawn library, with a clock that tests turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from drawing import draw_folder

from concepts.settings import load_settings
from concepts.visitors import LIMITS, Limits, Sandboxes

PICTURES = 24


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@contextmanager
def demo_house(
    folder: Path, encoder: Path, clock: Clock | None = None, limits: Limits = LIMITS, **settings: Any
) -> Iterator[Sandboxes]:
    """24 drawn pictures in place of the sample; `encoder` is the folder of the tiny open_clip model."""
    pictures = draw_folder(folder / "pictures", PICTURES)
    home = folder / "home"
    given = load_settings(home=home, demo=True, **settings)
    sandboxes = Sandboxes(given, limits, clock or Clock(), at_once=1)
    sandboxes.base.pictures.add_pictures([pictures], encoder=f"local-dir:{encoder}")
    sandboxes.start()
    yield sandboxes
    sandboxes.close()
