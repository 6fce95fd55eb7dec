"""A simulated person who knows drawings by their files."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from concepts.workbench import Workbench
from storage.labels import Author


def answer(bench: Workbench, name: str, ids: Sequence[str], *, always: str = "") -> None:
    """Yes to each whose file is called ellipse, or `always` the same."""
    paths = bench.context.collection.paths(ids)
    for picture in ids:
        value = always or ("yes" if "ellipse" in paths[picture] else "no")
        author = Author("simulation", "simulated")
        bench.answers.label(name, picture, value, author=author, key=uuid.uuid4().hex)
