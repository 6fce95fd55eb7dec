"""What a visitor made, to take along: one zip with answers, definitions and classifiers."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from concepts.classifier.versions import concept_stem
from concepts.workbench import Workbench

ABOUT = """What you made in the demo of Discern.

Each folder is one concept:
  definition.json  what counts and what doesn't, in your words
  answers.csv      every answer, yours and the machine's, with the picture's name and its SHA-256
  *.zip            the classifier of the newest version, where one was trained: start with its README.md

A Discern of your own takes answers.csv back in.
"""


def write_made(bench: Workbench, out: Path) -> None:
    """One folder a concept; a zip without any where nothing was begun."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", ABOUT)
        taken: set[str] = set()
        for concept in bench.concepts.all(None):
            folder = _free(concept_stem(concept.name), taken)
            for name, content in _texts(bench, concept.name):
                archive.writestr(f"{folder}/{name}", content)
            view = bench.concept(concept.name).definition.read()
            if view.heads:
                bundle = bench.exports.archive(concept.name)
                archive.write(bundle, f"{folder}/{bundle.name}", zipfile.ZIP_STORED)


def _texts(bench: Workbench, name: str) -> Iterator[tuple[str, bytes]]:
    revision = bench.concept(name).definition.read().revision
    yield "definition.json", revision.model_dump_json(indent=2).encode()
    with tempfile.TemporaryDirectory() as folder:
        answers = Path(folder) / "answers.csv"
        bench.label_files.export_labels(name, answers)
        yield "answers.csv", answers.read_bytes()


def _free(stem: str, taken: set[str]) -> str:
    """A folder's name that no other concept has."""
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    taken.add(name)
    return name
