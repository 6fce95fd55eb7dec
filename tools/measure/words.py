"""What counts as a word of a screen."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

FILE_NAME = re.compile(r"(?i)\S+\.(?:png|jpe?g|webp|gif|tiff?|csv|json|zip|onnx|safetensors|sqlite|log)\b")
WORD = re.compile(r"[^\W_]")


class Words(NamedTuple):
    """`unfolded`: with every fold and menu open. Dialogs are counted in neither."""

    folded: int
    unfolded: int


def words(text: Iterable[str], own: Iterable[str] = ()) -> int:
    """What stands between spaces and has a letter or a digit, without file names and a person's own words."""
    phrases = sorted((re.escape(" ".join(phrase.split())) for phrase in own), key=len, reverse=True)
    theirs = re.compile(rf"(?<!\w)(?:{'|'.join(phrases)})(?!\w)", re.IGNORECASE) if phrases else None
    count = 0
    for piece in text:
        rest = FILE_NAME.sub(" ", " ".join(piece.split()))
        rest = theirs.sub(" ", rest) if theirs else rest
        count += sum(bool(WORD.search(word)) for word in rest.split())
    return count
