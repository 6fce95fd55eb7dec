"""When a picture counts, written over the columns of a table: `coarse == "Milk" and valence_mean >= 5.5`.

A small part of Python's expressions, taken apart here and never evaluated by Python: the file that holds them
may come from anyone.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Collection, Mapping

from concepts.errors import DiscernError

Row = Mapping[str, str]  # column → what stands there
Condition = Callable[[Row], bool]
Value = str | float

LONGEST = 2000  # characters
ORDERS: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def condition(text: str, columns: Collection[str]) -> Condition:
    """Text → a test of one row.

    Columns are compared with texts and numbers by == != < <= > >= and `in [...]`, joined by and, or, not and
    parentheses. What stands in a column counts as a number where it is compared with one; a cell that is no
    number then makes the comparison false (and != true). Raises `DiscernError`, which names what can't be
    used, and the columns where one is unknown.
    """
    if len(text) > LONGEST:
        raise DiscernError(f"A condition has at most {LONGEST} characters.")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        return _test(tree, frozenset(columns))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise DiscernError(f"The condition {text[:80]!r} can't be read: {error}.") from error


def _test(node: ast.expr, columns: frozenset[str]) -> Condition:
    match node:
        case ast.BoolOp(op=ast.And(), values=parts):
            tests = [_test(part, columns) for part in parts]
            return lambda row: all(test(row) for test in tests)
        case ast.BoolOp(op=ast.Or(), values=parts):
            tests = [_test(part, columns) for part in parts]
            return lambda row: any(test(row) for test in tests)
        case ast.UnaryOp(op=ast.Not(), operand=part):
            test = _test(part, columns)
            return lambda row: not test(row)
        case ast.Compare(left=left, ops=ops, comparators=others):
            sides = [left, *others]
            pairs = [_comparison(a, op, b, columns) for a, op, b in zip(sides, ops, others, strict=False)]
            return lambda row: all(pair(row) for pair in pairs)
    raise DiscernError(f"“{ast.unparse(node)[:60]}” is no comparison of a column with a text or a number.")


def _comparison(left: ast.expr, op: ast.cmpop, right: ast.expr, columns: frozenset[str]) -> Condition:
    a = _side(left, columns)
    if isinstance(op, ast.In | ast.NotIn):
        if not isinstance(right, ast.List | ast.Tuple):
            raise DiscernError('Write what a column may be as a list: coarse in ["Milk", "Juice"].')
        choices = [_side(choice, columns) for choice in right.elts]
        wanted = isinstance(op, ast.In)
        return lambda row: any(_equal(a(row), b(row)) for b in choices) == wanted
    b = _side(right, columns)
    if isinstance(op, ast.Eq):
        return lambda row: _equal(a(row), b(row))
    if isinstance(op, ast.NotEq):
        return lambda row: not _equal(a(row), b(row))
    order = ORDERS.get(type(op))
    if order is None:
        raise DiscernError("Columns are compared by == != < <= > >= and in.")
    return lambda row: _ordered(a(row), b(row), order)


def _side(node: ast.expr, columns: frozenset[str]) -> Callable[[Row], Value]:
    match node:
        case ast.Name(id=name):
            if name not in columns:
                raise DiscernError(f"There is no column “{name}”. There are: {', '.join(sorted(columns))}.")
            return lambda row: row[name]
        case ast.Constant(value=str() as text):
            return lambda row: text
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return lambda row: float(number)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return lambda row: -float(number)
    raise DiscernError(f"“{ast.unparse(node)[:60]}” is neither a column nor a text nor a number.")


def _equal(a: Value, b: Value) -> bool:
    if isinstance(a, str) and isinstance(b, str):
        return a == b
    x, y = _number(a), _number(b)
    return x is not None and x == y


def _ordered(a: Value, b: Value, order: Callable[[float, float], bool]) -> bool:
    x, y = _number(a), _number(b)
    return x is not None and y is not None and order(x, y)


def _number(value: Value) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None
