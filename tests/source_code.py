"""Our own code, read by tests."""

from __future__ import annotations

import ast
from pathlib import Path


def parsed(file: Path) -> ast.Module:
    """The module's syntax tree."""
    while True:
        try:
            return ast.parse(file.read_text(encoding="utf-8"))
        except SystemError:  # CPython 3.11 fails if another thread parses meanwhile
            continue
