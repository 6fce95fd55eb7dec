"""Puts everything of a wheel inside one package, `discern`.

`app`, `concepts`, `storage`, `study` and `web` are names that other projects install too. In the repository
they stay at the top; in a wheel they are `discern.app`, `discern.concepts`, …, and what imports or registers
them says so.
An editable installation is the repository as it is.
"""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path
from typing import Any

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py
from setuptools.command.egg_info import egg_info

PACKAGE = "discern"
MOVED = ("app", "concepts", "storage", "study", "web")


class BuildPy(build_py):
    def run(self) -> None:
        if self.editable_mode:
            super().run()
            return
        shutil.rmtree(self.build_lib, ignore_errors=True)  # what an earlier build left
        super().run()
        built = Path(self.build_lib)
        for name in MOVED:
            found = built / name if (built / name).is_dir() else built / f"{name}.py"
            found.rename(built / PACKAGE / found.name)
        for file in built.rglob("*.py"):
            file.write_text(moved(file.read_text(encoding="utf-8")), encoding="utf-8")


class BdistWheel(bdist_wheel):
    def write_wheelfile(self, wheelfile_base: str, **more: Any) -> None:
        """The last step before files are packed, in which the folder with the entry points is there."""
        super().write_wheelfile(wheelfile_base, **more)
        if "editable_wheel" not in self.distribution.commands:
            file = Path(wheelfile_base, "entry_points.txt")
            names = "|".join(MOVED)
            text = re.sub(rf"= (?=(?:{names})\b)", f"= {PACKAGE}.", file.read_text(encoding="utf-8"))
            file.write_text(text, encoding="utf-8")


class EggInfo(egg_info):
    def run(self) -> None:
        super().run()
        Path(self.egg_info, "top_level.txt").write_text(f"{PACKAGE}\n", encoding="utf-8")


def moved(source: str) -> str:
    """The same module with `from concepts.x import y` as `from discern.concepts.x import y`, and so on."""
    lines = source.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and not node.level and _is_moved(node.module):
            change = f"from {node.module}", f"from {PACKAGE}.{node.module}"
        elif isinstance(node, ast.Import) and _is_moved(node.names[0].name):
            change = _moved_import(*node.names)
        else:
            continue
        lines[node.lineno - 1] = lines[node.lineno - 1].replace(*change, 1)
    return "".join(lines)


def _moved_import(alias: ast.alias) -> tuple[str, str]:
    """The text to replace and its replacement. `import a.b` loads a.b and gives a its name."""
    if alias.asname:
        return f"import {alias.name}", f"import {PACKAGE}.{alias.name}"
    root = alias.name.partition(".")[0]
    return f"import {alias.name}", f"import {PACKAGE}.{alias.name}; from {PACKAGE} import {root}"


def _is_moved(module: str | None) -> bool:
    return (module or "").partition(".")[0] in MOVED


if __name__ == "__main__":
    setup(cmdclass={"bdist_wheel": BdistWheel, "build_py": BuildPy, "egg_info": EggInfo})
