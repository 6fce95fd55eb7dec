"""Collections at the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

NAME = "Round thing"


def test_what_is_made_of_which_pictures_is_said_in_words(
    pictures: Path, ended: Callable[..., Any], discern: Callable[..., Any]
) -> None:
    discern("collection", "new", "Blue", "--search", "a blue ellipse", "--n", 5)
    shown = ended("collection", "show", "Blue")
    assert "“Blue” (1): 5 pictures, the search “a blue ellipse”." in shown.out
    wrong = ended("collection", "new", "Both", "--search", "x", "--folder", pictures)
    assert wrong.code == 1
    missing = ended("collection", "show", "Nothing")
    assert "discern collection list" in missing.err
