"""Assembles the folder that is uploaded as a Space.

    python -m space.assemble FOLDER [--docker]
    hf upload USER/NAME FOLDER . --repo-type space

It holds the product, its requirements and the page of the Space, which Gradio's image runs (`sdk: gradio`).
With `--docker` it holds the product's Dockerfile with the stage of the Space behind it, which the hub builds.
The folder has to be empty or not there yet.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
HERE = Path(__file__).parent
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", ".*", "packaged")


def assemble(out: Path, *, docker: bool = False) -> None:
    """Raises `FileExistsError` where `out` has something in it."""
    if out.exists() and any(out.iterdir()):
        raise FileExistsError(out)
    out.mkdir(parents=True, exist_ok=True)
    page = (HERE / "README.md").read_text(encoding="utf-8")
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    if docker:
        dockerfile += (HERE / "stage.Dockerfile").read_text(encoding="utf-8")
        (out / "Dockerfile").write_text(dockerfile, encoding="utf-8")
        page = page.replace("sdk: gradio\napp_file: serve.py\n", "sdk: docker\napp_port: 7860\n")
    else:
        for name in ("serve.py", "packages.txt"):
            shutil.copy(HERE / name, out / name)
        page = page.replace("sdk: gradio\n", f"sdk: gradio\nsdk_version: {gradio()}\n")
    (out / "README.md").write_text(page, encoding="utf-8")
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


def gradio() -> str:
    """The version that was tested."""
    found = re.search(
        r"^gradio==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert found is not None
    return found[1]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--docker", action="store_true", help="a Docker Space")
    given = parser.parse_args()
    out = given.folder
    try:
        assemble(out, docker=given.docker)
    except FileExistsError:
        sys.exit(f"{out} has something in it. Name a new folder.")
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    print(f"{out} is ready: {size / 1e6:,.1f} MB.")


if __name__ == "__main__":
    main()
