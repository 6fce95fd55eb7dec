"""Stands before `python -m discern`: only what requirements-scorer.txt brings can be imported."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

OURS = {"app", "concepts", "discern", "storage", "study", "web"}


def brought(file: Path) -> set[str]:
    """Names of the distributions that come with these requirements."""
    waiting = [Requirement(line) for line in file.read_text().splitlines() if line and line[0] not in "#-"]
    found: set[str] = set()
    while waiting:
        asked = waiting.pop()
        name = canonicalize_name(asked.name)
        if name in found or (asked.marker and not asked.marker.evaluate({"extra": ""})):
            continue
        try:
            needs = distribution(asked.name).requires or []
        except PackageNotFoundError:
            continue
        found.add(name)
        waiting += [Requirement(text) for text in needs]
    return found


class OnlyThese:
    def __init__(self, allowed: set[str]) -> None:
        self.hidden = {
            module
            for module, of in packages_distributions().items()
            if module not in OURS and not allowed & {canonicalize_name(name) for name in of}
        }

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.partition(".")[0] in self.hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


if __name__ == "__main__":
    root = Path(__file__).parents[2]
    sys.path.insert(0, str(root))
    only = OnlyThese(brought(root / "requirements-scorer.txt"))
    for name in [name for name in sys.modules if name.partition(".")[0] in only.hidden]:
        del sys.modules[name]
    sys.meta_path.insert(0, only)  # type: ignore[arg-type]
    assert "torch" in only.hidden
    from discern.__main__ import main

    main()
