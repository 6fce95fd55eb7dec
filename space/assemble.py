"""Assembles the folder that is uploaded as a Space.

    python -m space.assemble FOLDER
    hf upload USER/NAME FOLDER . --repo-type space

It holds the product's Dockerfile with the stage of the Space behind it, everything that these copy, and the
page of the Space. The folder has to be empty or not there yet.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
HERE = Path(__file__).parent
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", ".*", "packaged")


def assemble(out: Path) -> None:
    """Raises `FileExistsError` where `out` has something in it."""
    if out.exists() and any(out.iterdir()):
        raise FileExistsError(out)
    out.mkdir(parents=True, exist_ok=True)
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    dockerfile += (HERE / "stage.Dockerfile").read_text(encoding="utf-8")
    (out / "Dockerfile").write_text(dockerfile, encoding="utf-8")
    shutil.copy(HERE / "README.md", out / "README.md")
    for source in copied(dockerfile):
        target = out / source
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, target, ignore=LEFT_OUT, dirs_exist_ok=True)
        else:
            shutil.copy(ROOT / source, target)


def copied(dockerfile: str) -> list[str]:
    """What its COPY instructions take from the folder it lies in, not from other stages."""
    lines = dockerfile.replace("\\\n", " ").splitlines()
    copies = [line.split()[1:-1] for line in lines if line.startswith("COPY ")]
    return [source for sources in copies if not sources[0].startswith("--from") for source in sources]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    out = parser.parse_args().folder
    try:
        assemble(out)
    except FileExistsError:
        sys.exit(f"{out} has something in it. Name a new folder.")
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    print(f"{out} is ready: {size / 1e6:,.1f} MB.")


if __name__ == "__main__":
    main()
