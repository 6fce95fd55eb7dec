"""The tracked files of a checkout, as the measures read them: their kinds, lines, tokens and syntax trees."""

from __future__ import annotations

import ast
import re
import subprocess
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

PRODUCT = ("app.py", "concepts", "discern", "storage", "web")
MIGRATIONS = "storage/migrations"
KINDS = {
    ".py": "Python",
    ".js": "JavaScript",
    ".css": "CSS",
    ".html": "HTML",
    ".jinja": "HTML",
    ".md": "Markdown",
    ".toml": "TOML",
}
OTHER, BINARY = "other text", "binary"

# What `tokenize` calls a string, number, name or operator, of the whole file at once: ten times as fast. An
# f-string is one token, as in Python 3.11, whichever Python measures.
TOKEN = re.compile(
    r"""
    (?P<comment>\#[^\n]*)
    |(?P<string>(?:[rRbBuUfF]{1,2})?(?:
        \"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'
    ))
    |(?P<number>0[xXbBoO][\da-fA-F_]+|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][-+]?\d[\d_]*)?[jJ]?)
    |(?P<name>\w+)
    |(?P<mark>\*\*=|//=|>>=|<<=|\.\.\.|[-+*/%&|^@=<>!:]=|->|\*\*|//|<<|>>|[^\s\\\w])
    """,
    re.VERBOSE | re.DOTALL,
)
WORD_OR_MARK = re.compile(r"\w+|[^\w\s]")
Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DOCUMENTED = (ast.Module, ast.ClassDef, *FUNCTIONS)


@dataclass(frozen=True)
class File:
    """A tracked file. `path` is relative to the checkout, with slashes."""

    path: str
    text: str | None  # None of a file that isn't text

    @property
    def folder(self) -> str:
        """The top folder; "." for a file beside them."""
        return self.path.partition("/")[0] if "/" in self.path else "."

    @property
    def kind(self) -> str:
        if self.text is None:
            return BINARY
        return KINDS.get(PurePosixPath(self.path).suffix, OTHER)

    @property
    def is_product(self) -> bool:
        return self.path.partition("/")[0] in PRODUCT and not self.is_in(MIGRATIONS)

    def is_in(self, folder: str) -> bool:
        return self.path.startswith(folder + "/")

    @property
    def lines(self) -> int:
        return len((self.text or "").splitlines())

    @cached_property
    def tokens(self) -> int:
        """Of Python without comments and docstrings; of other text its words and marks."""
        if self.kind != "Python":
            return len(WORD_OR_MARK.findall(self.text or ""))
        return sum(1 for _ in self.python_tokens())

    def python_tokens(self) -> Iterator[re.Match[str]]:
        """Strings, numbers, names and operators, in order; neither comments nor docstrings."""
        for token in TOKEN.finditer(self.text or ""):
            if token.lastgroup == "comment" or token.start() in self._docstrings:
                continue
            yield token

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text or "", self.path)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    @cached_property
    def _docstrings(self) -> frozenset[int]:
        """Where they begin, in characters."""
        return frozenset(
            self._offset(node.body[0])
            for node in self.nodes
            if isinstance(node, DOCUMENTED) and has_docstring(node)
        )

    def _offset(self, node: ast.stmt) -> int:
        line = self._lines[node.lineno - 1]
        before = line.encode()[: node.col_offset].decode()
        return self._starts[node.lineno - 1] + len(before)

    @cached_property
    def _lines(self) -> list[str]:
        return (self.text or "").split("\n")

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        for line in self._lines:
            starts.append(starts[-1] + len(line) + 1)
        return starts

    def line_of(self, offset: int) -> int:
        """The line, from 1, of a place in characters."""
        return bisect_right(self._starts, offset)


class Checkout:
    """The tracked files below a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        named = git(root, "ls-files", "-z").split("\0")
        self.files = [_read(root, path) for path in named if (root / path).is_file() and path]
        self.python = [file for file in self.files if file.kind == "Python"]
        self.product = [file for file in self.python if file.is_product]

    @property
    def commit(self) -> str:
        return git(self.root, "rev-parse", "HEAD").strip()

    @property
    def is_changed(self) -> bool:
        """Tracked files differ from that commit."""
        return bool(git(self.root, "status", "--porcelain", "--untracked-files=no"))


def git(root: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True).stdout


def has_docstring(node: ast.Module | ast.ClassDef | Function) -> bool:
    first = node.body[0] if node.body else None
    return (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )


def statements(node: Function) -> list[ast.stmt]:
    """The body without its docstring."""
    return node.body[1:] if has_docstring(node) else node.body


def _read(root: Path, path: str) -> File:
    data = (root / path).read_bytes()
    try:
        text = None if b"\0" in data else data.decode()
    except UnicodeDecodeError:
        text = None
    return File(path, text)
