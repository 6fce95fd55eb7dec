"""Code that only passes on: methods of the Workbench, routes of one call, concepts looked up by name."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tools.measure.source import FUNCTIONS, File, Function, statements

WORKBENCH = "concepts/workbench"
SCORER = "web/scorer"  # serves exported bundles: an app of its own
VERBS = ("get", "put", "post", "delete", "patch")


class Methods(NamedTuple):
    """Public methods of classes. `of_one_statement`: their body is one. `forwarding`: that one is a call of
    something the object holds, and the arguments call nothing but the look-up of a concept."""

    all: int
    of_one_statement: int
    forwarding: int


def workbench_methods(files: Iterable[File]) -> Methods:
    methods = [
        method
        for file in files
        if file.is_in(WORKBENCH)
        for owner in file.nodes
        if isinstance(owner, ast.ClassDef)
        for method in owner.body
        if isinstance(method, FUNCTIONS) and not method.name.startswith("_")
    ]
    short = [method for method in methods if len(statements(method)) == 1]
    return Methods(len(methods), len(short), sum(map(only_forwards, short)))


def only_forwards(method: Function) -> bool:
    """`return self.x.y(…)`, or the same without `return`."""
    call = the_call(method)
    if call is None or not _is_held(call.func):
        return False
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
    return not any(_works(node) for argument in arguments for node in ast.walk(argument))


def the_call(function: Function) -> ast.Call | None:
    """What a function is that does nothing else; None where it does."""
    body = statements(function)
    value = body[0].value if len(body) == 1 and isinstance(body[0], ast.Return | ast.Expr) else None
    if isinstance(value, ast.Await):
        value = value.value
    return value if isinstance(value, ast.Call) else None


def route_functions(files: Iterable[File]) -> tuple[int, int]:
    """Functions with a decorator such as `@router.get(…)`, and those of them that are one call."""
    routes = [
        node
        for file in files
        if not file.is_in(SCORER)
        for node in file.nodes
        if isinstance(node, FUNCTIONS) and any(map(_is_route, node.decorator_list))
    ]
    return len(routes), sum(the_call(route) is not None for route in routes)


def concept_lookups(files: Iterable[File]) -> int:
    """Places that call `context.concept(…)` or `_context.concept(…)`."""
    return sum(_looks_up(node) for file in files for node in file.nodes)


def _is_held(called: ast.expr) -> bool:
    """`self.x.y`, at whatever depth, but not `self.y`: a method of its own does something else."""
    names = list(_chain(called))
    return len(names) > 2 and names[0] == "self"


def _chain(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Attribute):
        yield from _chain(node.value)
        yield node.attr
    elif isinstance(node, ast.Name):
        yield node.id


def _works(node: ast.AST) -> bool:
    """Calculates, rather than names what is passed on. A job is named by its parts."""
    if isinstance(node, ast.Call):
        is_record = isinstance(node.func, ast.Name) and node.func.id[:1].isupper()
        return not (_looks_up(node) or is_record)
    return isinstance(node, ast.BinOp | ast.BoolOp | ast.IfExp | ast.ListComp | ast.GeneratorExp | ast.Lambda)


def _looks_up(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    return node.func.attr == "concept" and list(_chain(node.func.value))[-1:] in (["context"], ["_context"])


def _is_route(decorator: ast.expr) -> bool:
    return (
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and decorator.func.attr in VERBS
    )
