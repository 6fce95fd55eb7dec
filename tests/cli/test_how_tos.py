"""The commands of docs/how-to run, in their order, over drawn pictures and a SIMULATED person's labels."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from drawing import draw

ROOT = Path(__file__).parents[2]
HOW_TOS = sorted((ROOT / "docs" / "how-to").glob("*.md"))
BLOCK = re.compile(r"^( *)```sh\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
SERVES = "run"  # until it is stopped
NEEDED = {"watch": ["--once"], "users": ["--password", "correct horse battery"]}  # what a person would do
OTHERS = ("Owl", "Looks expensive", "luxury car", "jewellery")


def commands(page: Path) -> Iterator[list[str]]:
    for _, block in BLOCK.findall(page.read_text(encoding="utf-8")):
        for line in block.splitlines():
            program, *arguments = shlex.split(line, comments=True) or [""]
            if program == "discern" and arguments[0] != SERVES:
                yield [*arguments, *NEEDED.get(arguments[0], [])]


@pytest.fixture
def at_home(
    answered: Path, discern: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], str]:
    """Makes the concepts and files that the pages speak of; returns where what a page names is here."""
    discern("concept", "set", "Round thing", "--name", "Messy room")
    discern("concept", "train", "Messy room")
    for name in OTHERS:
        discern("concept", "new", name, "--from", "Messy room", "--with-labels")
        discern("concept", "train", name)
    for folder in ("Incoming", "Pictures"):
        shutil.copytree(answered, tmp_path / folder)
    draw("ellipse", 99).save(tmp_path / "owl.jpg")
    labelled = [f"{next(answered.glob('*.png'))},yes,eva"]
    (tmp_path / "from-eva.csv").write_text("\n".join(["path,label,author", *labelled]), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return lambda word: word.replace("~", str(tmp_path)).replace("/srv/pictures", str(tmp_path / "Pictures"))


@pytest.mark.parametrize("page", HOW_TOS, ids=lambda page: page.stem)
def test_its_commands_run(page: Path, at_home: Callable[[str], str], discern: Callable[..., Any]) -> None:
    written = list(commands(page))
    assert written
    for arguments in written:
        discern(*map(at_home, arguments))
