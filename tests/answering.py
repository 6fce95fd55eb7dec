"""A simulated person who knows drawings by their files."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from concepts.workbench import Workbench


def answer(bench: Workbench, name: str, ids: Sequence[str], *, always: str = "") -> None:
    """Yes to each whose file is called ellipse, or `always` the same."""
    paths = bench.context.collection.paths(ids)
    for picture in ids:
        value = always or ("yes" if "ellipse" in paths[picture] else "no")
        bench.concept(name).labels.give(
            picture, value, author="simulation", simulated=True, key=uuid.uuid4().hex
        )
