"""Files, lines and tokens by folder and kind; how long modules and functions are."""

from __future__ import annotations

import ast
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tools.measure.source import FUNCTIONS, Checkout, File, Function

PAGES = ("HTML", "CSS", "JavaScript")


class Size(NamedTuple):
    files: int
    lines: int
    tokens: int


def size(files: Iterable[File]) -> Size:
    measured = list(files)
    return Size(len(measured), sum(file.lines for file in measured), sum(file.tokens for file in measured))


def by_folder(checkout: Checkout) -> dict[str, dict[str, Size]]:
    """Top folder → kind of file → size."""
    found: defaultdict[str, defaultdict[str, list[File]]] = defaultdict(lambda: defaultdict(list))
    for file in checkout.files:
        found[file.folder][file.kind].append(file)
    return {
        folder: {kind: size(files) for kind, files in sorted(kinds.items())}
        for folder, kinds in sorted(found.items())
    }


def pages(checkout: Checkout, folder: str = "") -> int:
    """Lines of HTML, CSS and JavaScript, below a folder or everywhere."""
    return sum(f.lines for f in checkout.files if f.kind in PAGES and f.path.startswith(folder))


def longest_modules(files: Iterable[File], count: int = 5) -> list[tuple[int, str]]:
    return sorted(((file.lines, file.path) for file in files), reverse=True)[:count]


def function_lengths(files: Iterable[File]) -> list[int]:
    """Lines of every function and method, from its `def` to its end, docstring, comments and inner functions
    included, decorators not. Shortest first."""
    return sorted(length(node) for file in files for node in file.nodes if isinstance(node, FUNCTIONS))


def length(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def median(values: Sequence[int]) -> float:
    return statistics.median(values) if values else 0


def ninth_decile(values: Sequence[int]) -> int:
    """Of sorted values: nine of ten are at most this."""
    return values[(len(values) * 9 - 1) // 10] if values else 0


def names_twice(files: Iterable[File]) -> list[str]:
    """Public names that more than one class of the product has."""
    names = Counter(
        node.name
        for file in files
        for node in file.tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    return sorted(name for name, count in names.items() if count > 1)
