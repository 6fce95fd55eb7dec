"""What lies beside the built-in encoder: MiniLM, and the nouns of ImageNet with their WordNet glosses.

`setup.py` takes the files out of packages that would bring PyTorch along. EfficientNet-Lite0's weights are a
package of their own, which asks for nothing.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).with_name("packaged")
CLASSES, NOUNS = "imagenet_synsets.txt", "imagenet12k_synsets.txt"
LEMMAS, GLOSSES = "imagenet_synset_to_lemma.txt", "imagenet_synset_to_definition.txt"


def described(synsets: str) -> dict[str, tuple[str, str]]:
    """Synset → its names with commas between them and its gloss, of `CLASSES` or `NOUNS`, in their order."""
    lemmas, glosses = _columns(LEMMAS), _columns(GLOSSES)
    return {one: (lemmas[one], glosses[one]) for one in packaged_text(synsets).splitlines()}


def packaged_text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


@cache
def _columns(name: str) -> dict[str, str]:
    rows = csv.reader(packaged_text(name).splitlines(), delimiter="\t")
    return {row[0]: row[1] for row in rows}
