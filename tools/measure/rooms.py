"""Rooms, floors and arrows: how the parts of a package import each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from typing import NamedTuple

from tools.measure.source import Checkout, File


class House(NamedTuple):
    """`rooms`: packages and modules right below the package. `floors`: rooms in its longest chain of
    imports. `arrows`: pairs of rooms of which one imports the other, inside functions too."""

    rooms: int
    floors: int
    arrows: int


def house(checkout: Checkout, package: str) -> House:
    """Raises `graphlib.CycleError` where rooms import each other in a circle."""
    files = [file for file in checkout.python if file.is_in(package)]
    modules = {module_of(file) for file in files}
    names = {name.split(".")[1] for name in modules if "." in name}
    uses: dict[str, set[str]] = {name: set() for name in names}
    for file in files:
        room = module_of(file).partition(".")[2].partition(".")[0]
        if room:
            uses[room] |= {other for other in _rooms_used(file, package) if other in names and other != room}
    floors, sorter = 0, TopologicalSorter(uses)
    sorter.prepare()
    while sorter.is_active():
        sorter.done(*sorter.get_ready())
        floors += 1
    return House(len(names), floors, sum(map(len, uses.values())))


def module_of(file: File) -> str:
    """`a/b/__init__.py` → "a.b"."""
    return file.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imported(file: File) -> Iterator[tuple[str, str, ast.stmt]]:
    """The full name of everything that is imported, the name it has here, and where."""
    package = module_of(file).split(".")
    if not file.path.endswith("/__init__.py"):
        package = package[:-1]
    for node in file.nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, alias.asname or alias.name, node
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                yield f"{base}.{alias.name}", alias.asname or alias.name, node


def _rooms_used(file: File, package: str) -> Iterator[str]:
    for name, _, _ in imported(file):
        if name.startswith(package + "."):
            yield name.split(".")[1]
