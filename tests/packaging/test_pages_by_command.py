"""The commands that pages show, run as they are written: the README's first, then each page's in a copy of
what those left. A person's hand is simulated: labels follow from the names of drawings."""

from __future__ import annotations

import csv
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from drawing import draw_folder, scene
from fake_openai import FakeOpenAI
from typer.testing import CliRunner

from discern.__main__ import app

ROOT = Path(__file__).parents[2]
PAGES = [
    "docs/tutorial.md",
    *(f"docs/how-to/{file.name}" for file in (ROOT / "docs" / "how-to").glob("*.md")),
]
BLOCK = re.compile(r"^( *)```(?:sh)?\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
# Commands that are shown elsewhere, by how they begin.
ELSEWHERE = {
    "make": "in fresh clones",
    "source": "in fresh clones",
    "python -m pip install": "test_classify.py, by a Python that has nothing else",
    "python3 -m venv": "in fresh clones, as make does it",
    "discern run": "whatever asks the app",
    "discern.example": "no command but a proxy's settings, which the page calls untried",
    "reverse_proxy": "",
    "health_uri": "",
    "flush_interval": "",
    "}": "",
}  # fmt: skip
# What only its reader has, and what has it here.
OWN = {
    "/srv/pictures": "~/Pictures",
    "http://127.0.0.1:8080/v1": "MODEL",
    "animals-v1.zip": "messy-room.zip",
    "animals-v1/classify.py": "messy-room/classify.py",
}
# What a person would do meanwhile.
BY_HAND = {"watch": ["--once"], "users": ["--password", "correct horse battery"]}
TAGGED = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:subject><rdf:Bag><rdf:li>messy</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>"""
# What pages take as done.
BEFORE = {
    "rare-things.md": 'discern concept new Owl --description "An owl."',
    "several-kinds.md": """
        discern concept new "Looks expensive" --description "What few can pay for."
        discern concept new "luxury car" --description "A car."
        discern concept new jewellery --description "A ring."
        discern concept labels import "luxury car" answers.csv
        discern concept labels import jewellery answers.csv
        discern concept train "luxury car"
        discern concept train jewellery
        """,
}  # fmt: skip


def commands(text: str) -> list[list[str]]:
    lines = text.replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def shown(page: str) -> list[list[str]]:
    blocks = [block for _, block in BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))]
    return [words for words in commands("".join(blocks)) if not " ".join(words).startswith(tuple(ELSEWHERE))]


def run(words: list[str], model: str) -> None:
    """As a shell does it, in this folder and with this home."""
    words = [OWN.get(word, word).replace("MODEL", model) for word in words]
    words = [str(Path(word).expanduser()) if word.startswith("~/") else word for word in words]
    if words[0] == "export":
        os.environ |= dict(word.split("=", 1) for word in words[1:])
    elif words[0] == "unzip":
        shutil.unpack_archive(words[1], ".")
    elif words[0] == "python":
        subprocess.run([sys.executable, *words[1:]], check=True, capture_output=True)
    else:
        assert words[0] == "discern", words
        ended = CliRunner().invoke(app, [*words[1:], *BY_HAND.get(words[1], ())])
        assert ended.exit_code == 0, (words, ended.output, ended.exception)
    if "next" in words and "--out" in words:
        label(Path(words[words.index("--out") + 1]))


def label(file: Path) -> None:
    with file.open(newline="", encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.DictWriter(opened, rows[0])
        writer.writeheader()
        writer.writerows(
            row | {"label": "yes" if "ellipse" in Path(row["path"]).name else "no"} for row in rows
        )


@pytest.fixture(scope="module")
def after_the_readme(tmp_path_factory: pytest.TempPathFactory, encoder_cache: Path) -> Path:
    """A home with pictures, in which every command of the README was run."""
    home = tmp_path_factory.mktemp("people") / "ana"
    draw_folder(home / "Pictures", 90)
    draw_folder(home / "NewPictures", 6, first_seed=500)
    draw_folder(home / "Incoming", 6, first_seed=600)
    scene(seed=1).save(home / "owl.jpg")
    (home / "from-eva.csv").write_text(f"path,label,author\n{home}/Pictures/ellipse-0000.png,yes,eva\n")
    (home / "Pictures" / "ellipse-0000.png.xmp").write_text(TAGGED)  # by their photo program
    (home / ".discern").mkdir()
    (home / ".discern" / "cache").symlink_to(encoder_cache)
    with pytest.MonkeyPatch.context() as patch:
        at(home, patch)
        for words in shown("README.md"):
            run(words, model="")
    shutil.copytree(home, home.with_name("as the README left it"), symlinks=True)
    return home


@pytest.fixture
def home(after_the_readme: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """As the README left it, in the same place: a library knows its pictures by their paths."""
    home, before = after_the_readme, dict(os.environ)
    shutil.rmtree(home)
    shutil.copytree(home.with_name("as the README left it"), home, symlinks=True)
    at(home, monkeypatch)
    yield home
    os.environ.clear()  # of what pages export
    os.environ |= before


def at(home: Path, patch: pytest.MonkeyPatch) -> None:
    patch.delenv("DISCERN_HOME", raising=False)
    patch.setenv("HOME", str(home))
    patch.chdir(home)


def test_the_readme_ends_with_scores_of_new_pictures(home: Path) -> None:
    with (home / "scores.csv").open(newline="", encoding="utf-8") as opened:
        assert len(list(csv.DictReader(opened))) == 6


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_does_its_work(page: str, home: Path) -> None:
    with FakeOpenAI() as server:
        for words in [*commands(BEFORE.get(Path(page).name, "")), *shown(page)]:
            run(words, model=server.base_url)
