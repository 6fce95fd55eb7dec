"""Places where other people's libraries are changed as they run, or used past what they offer."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from tools.measure.rooms import imported
from tools.measure.source import Checkout, File

SWAPPED, HOOKED, PRIVATE = "swapped", "import changed", "private"
HOOKS = {"MetaPathFinder", "PathEntryFinder", "Loader", "SourceFileLoader", "SourceLoader", "FileLoader"}
PATCHERS = {"setattr", "delattr", "setitem", "delitem", "object"}  # of monkeypatch and mock.patch
OF_RECORDS = {"_replace", "_asdict", "_fields", "_make", "_field_defaults"}  # documented, of named tuples
CHANGING = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Delete, ast.Call, ast.ClassDef)
STANDARD = frozenset(sys.stdlib_module_names)


class Patch(NamedTuple):
    """`kind`: something of theirs is swapped, an import is changed, or a private name of theirs is used."""

    path: str
    line: int
    kind: str
    text: str


def patches(checkout: Checkout) -> list[Patch]:
    """By file and line. What is a library's own is seen from the names that a file imports; a private name
    is theirs where no file here defines it. Not seen: what reaches a library through a string."""
    own = {PurePosixPath(file.path).parts[0].removesuffix(".py") for file in checkout.python}
    own |= {PurePosixPath(file.path).stem for file in checkout.python if file.is_in("tests")}
    defined = {name for file in checkout.python for name in _defined(file)}
    return sorted(
        {patch for file in checkout.python for patch in _in_file(file, own, defined)},
        key=lambda patch: patch[:3],
    )


def _in_file(file: File, own: set[str], defined: set[str]) -> Iterator[Patch]:
    theirs, standard = _imported_names(file, own)
    objects = set(_objects_of(file, theirs))
    for node in file.nodes:
        found: list[tuple[str, ast.AST]] = []
        if isinstance(node, CHANGING):
            found += [(SWAPPED, what) for what in _swapped(node, theirs)]
            found += [(HOOKED, what) for what in _import_changed(node)]
        elif isinstance(node, ast.Attribute) and _is_private(node.attr) and node.attr not in OF_RECORDS:
            of_library = isinstance(node.value, ast.Name) and node.value.id in theirs | objects
            if of_library or (node.attr not in defined and _root(node) not in standard):
                found.append((PRIVATE, node))
        elif isinstance(node, ast.ImportFrom) and _imports_private(node, own):
            found.append((PRIVATE, node))
        for kind, what in found:
            line: int = getattr(what, "lineno", 1)
            yield Patch(file.path, line, kind, ast.unparse(what)[:100])


def _imported_names(file: File, own: set[str]) -> tuple[set[str], set[str]]:
    """Names that stand for something of a library, and of Python itself."""
    theirs, standard = set(), set()
    for full, here, _ in imported(file):
        top = full.partition(".")[0]
        if top in STANDARD:
            standard.add(here.partition(".")[0])
        elif top not in own and top:
            theirs.add(here.partition(".")[0])
    return theirs, standard


def _swapped(node: ast.AST, theirs: set[str]) -> Iterator[ast.AST]:
    """`gradio.App.run = …`, `setattr(App, …)`, `patch.setattr(typer.main, …)`, `patch("typer.main…")`."""
    for target in _targets(node):
        if isinstance(target, ast.Attribute | ast.Subscript) and _root(target) in theirs:
            yield target
    if isinstance(node, ast.Call) and node.args and _patches(node.func):
        target = node.args[0]
        text = target.value if isinstance(target, ast.Constant) and isinstance(target.value, str) else None
        if (text.partition(".")[0] if text and "." in text else _root(target)) in theirs:
            yield node


def _patches(called: ast.expr) -> bool:
    if isinstance(called, ast.Name):
        return called.id in ("setattr", "delattr", "patch")
    return isinstance(called, ast.Attribute) and (
        called.attr == "patch" or (called.attr in PATCHERS and "patch" in ast.unparse(called.value))
    )


def _import_changed(node: ast.AST) -> Iterator[ast.AST]:
    """Something is put into or taken out of `sys.modules` or `sys.meta_path`; a class that does imports."""
    for target in _targets(node):
        if _is_import_table(target.value if isinstance(target, ast.Subscript) else target):
            yield target
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and _is_import_table(node.func.value):
            if node.func.attr not in ("get", "items", "keys", "values", "copy"):
                yield node
        elif node.args and _is_import_table(node.args[0]) and _patches(node.func):
            yield node
    if isinstance(node, ast.ClassDef) and any(_last(base) in HOOKS for base in node.bases):
        yield ast.Name(f"class {node.name}", lineno=node.lineno)


def _imports_private(node: ast.ImportFrom, own: set[str]) -> bool:
    """`from gradio._x import y`, `from gradio import _x`."""
    names = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
    return not node.level and names[0] not in STANDARD | own and any(map(_is_private, names))


def _objects_of(file: File, theirs: set[str]) -> Iterator[str]:
    """What holds an object of a library: `blocks: gradio.Blocks`, `with gradio.Blocks() as blocks`."""
    for node in file.nodes:
        if isinstance(node, ast.arg) and node.annotation and _root(node.annotation) in theirs:
            yield node.arg
        elif isinstance(node, ast.withitem | ast.Assign | ast.AnnAssign):
            value = node.context_expr if isinstance(node, ast.withitem) else node.value
            if isinstance(value, ast.Call) and _root(value.func) in theirs:
                kept = [node.optional_vars] if isinstance(node, ast.withitem) else _targets(node)
                yield from (target.id for target in kept if isinstance(target, ast.Name))


def _defined(file: File) -> Iterator[str]:
    """Private names that a file gives to something: functions, classes, variables, attributes, modules."""
    yield PurePosixPath(file.path).stem
    for node in file.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _root(node) == "self":
            yield node.attr


def _targets(node: ast.AST) -> Iterable[ast.expr]:
    if isinstance(node, ast.Assign | ast.Delete):
        return node.targets
    return [node.target] if isinstance(node, ast.AugAssign | ast.AnnAssign) else []


def _root(node: ast.AST) -> str:
    """The name that `name.x[y].z` begins with."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _last(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else _root(node)


def _is_import_table(node: ast.AST) -> bool:
    """`sys.modules`, `sys.meta_path`."""
    is_table = isinstance(node, ast.Attribute) and node.attr in ("modules", "meta_path")
    return is_table and _root(node) == "sys"


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name != "_"
