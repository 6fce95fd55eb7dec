"""Writes `constraints.txt`: the versions that are installed here, of all we ask for and all that asks for.

`make upgrade` calls it after it has installed the newest versions that the requirements allow.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
FILE = ROOT / "constraints.txt"
RANGES = {"torch", "torchvision"}  # their builds (CPU, CUDA, ROCm) have versions of their own, each elsewhere
HEAD = """\
# The versions that were tested together. `make upgrade` writes them; make, CI and Docker install them.
# torch and torchvision are not here: which build fits depends on the machine.
"""


def requirements() -> list[Requirement]:
    """What the `requirements*.txt` ask for by name."""
    files = sorted(ROOT.glob("requirements*.txt"))
    lines = [line.strip() for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


def pinned() -> dict[str, str]:
    """Name → version, as `constraints.txt` has them."""
    lines = FILE.read_text(encoding="utf-8").splitlines() if FILE.exists() else []
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def installed() -> dict[str, str]:
    """Name → version of what is required, directly or by something that is."""
    found: dict[str, str] = {}
    waiting = requirements()
    seen: set[tuple[str, str]] = set()
    while waiting:
        asked = waiting.pop()
        name = canonicalize_name(asked.name)
        for extra in ("", *asked.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            try:
                found[name] = distribution(name).version
            except PackageNotFoundError:
                continue  # asked for on other machines
            waiting += _needed_by(name, extra)
    return {name: version for name, version in sorted(found.items()) if name not in RANGES}


def _needed_by(name: str, extra: str) -> Iterator[Requirement]:
    for line in distribution(name).requires or []:
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            yield requirement


def main() -> None:
    before, now = pinned(), installed()
    FILE.write_text(HEAD + "".join(f"{name}=={version}\n" for name, version in now.items()), encoding="utf-8")
    for name in sorted(before.keys() | now.keys()):
        if before.get(name) != now.get(name):
            print(f"{name}: {before.get(name, 'new')} → {now.get(name, 'gone')}")


if __name__ == "__main__":
    main()
