"""What could not be tried where Discern is made: a real encoder, real models and a GPU, on twenty pictures.

    make real-check MODEL=qwen3-vl:8b ENDPOINT=http://127.0.0.1:11434/v1 [ENCODER=…] [PICTURES=FOLDER] [KEY=…]

Does the whole job by commands in a data folder of its own and ends in one short report, `real-check.md`, that
can be sent back as it is: it names no picture, no folder and no key. PICTURES has a folder `animals` and
others; without it, the sample pictures are taken. What fails is in the report, and the rest goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from concepts.collaborator.annotations import opinion_of
from concepts.library.sample import sample_pictures
from concepts.rooms import open_app
from concepts.settings import load_settings
from storage.pictures.hashing import picture_id
from study.demo import DESCRIPTION, FOLDER, NAME

SEARCH = "an animal"
EACH = 10  # pictures that count, and as many that don't
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
PACKAGES = ("discern", "torch", "open_clip_torch", "timm", "transformers", "onnxruntime", "lancedb")
MIDDLE = 3  # of a rating from 1 to 5
LONGEST = 1800  # seconds of a step


class Check:
    """The report, and the data folder it is about."""

    def __init__(self, home: Path, variables: Mapping[str, str]) -> None:
        self.lines: list[str] = []
        self._environment = os.environ | {"DISCERN_HOME": str(home)} | dict(variables)
        self._hidden = [str(home.parent), *(value for name, value in variables.items() if "KEY" in name)]

    def step(self, words: str, *command: object, of_it: tuple[str, ...] = ()) -> Any:
        """Runs a command; returns what it printed as JSON, or None where it failed. `of_it`: what of that is
        reported."""
        began = time.monotonic()
        try:
            done = subprocess.run(
                [sys.executable, "-m", "discern", *map(str, command), "--json"],
                env=self._environment,
                capture_output=True,
                text=True,
                timeout=LONGEST,
            )
            said, failed = json.loads(done.stdout), done.returncode != 0
        except ValueError:
            said, failed = {"error": done.stderr.strip().splitlines()[-1:]}, True
        except subprocess.TimeoutExpired:
            said, failed = {"error": f"not done after {LONGEST} seconds"}, True
        seconds = time.monotonic() - began
        told = {name: said[name] for name in of_it if name in said} if not failed else said.get("error", said)
        self.say(f"{words}: {'FAILED' if failed else 'done'} in {seconds:.1f} s. {json.dumps(told)}")
        return None if failed else said

    def say(self, words: str) -> None:
        for secret in filter(None, self._hidden):
            words = words.replace(secret, "…")
        print(words, flush=True)
        self.lines.append(f"- {words}")


def machine() -> Iterator[str]:
    """What the computer is, without its name."""
    system, python = f"{platform.system()} {platform.machine()}", platform.python_version()
    yield f"{system}, Python {python}, {os.cpu_count()} cores"
    for package in PACKAGES:
        try:
            yield f"{package} {version(package)}"
        except PackageNotFoundError:
            yield f"{package} is not installed"
    if find_spec("torch"):
        import torch

        yield f"GPU: {torch.cuda.get_device_name(0) if torch.cuda.is_available() else 'none'}"


def twenty(pictures: Path, out: Path) -> dict[str, str]:
    """Copies ten pictures that count and ten that don't; the file's name → its label."""
    found = sorted(file for file in pictures.rglob("*") if file.suffix.lower() in SUFFIXES)
    counts = [file for file in found if FOLDER in file.parts]
    others = [file for file in found if FOLDER not in file.parts]
    if min(len(counts), len(others)) < EACH:
        sys.exit(f"{pictures} needs {EACH} pictures in folders called “{FOLDER}”, and {EACH} elsewhere.")
    labels = {}
    out.mkdir(parents=True)
    for value, files in (("yes", counts), ("no", others)):
        for number, file in enumerate(files[:: len(files) // EACH][:EACH]):
            name = f"{value}-{number}{file.suffix.lower()}"
            shutil.copy(file, out / name)
            labels[name] = value
    return labels


def agreement(home: Path, pictures: Path, labels: Mapping[str, str]) -> str:
    """How often what the machine says of a picture is what it shows."""
    bench = open_app(load_settings(home=home))
    concept = bench.concept(NAME)
    counts = {name: opinion_of(concept, picture_id((pictures / name).read_bytes())) for name in labels}
    bench.close()
    judged = {name: one.rating > MIDDLE for name, one in counts.items() if one}
    right = sum(yes == (labels[name] == "yes") for name, yes in judged.items())
    return f"Of {len(judged)} suggestions {right} are right"


def _steps(work: Path, encoder: str, model: str) -> Iterator[tuple[str, list[object], tuple[str, ...]]]:
    """What is done, the command, and what of its result is reported."""
    pictures, labels, bundle = work / "pictures", work / "labels.csv", work / "bundle"
    counts = ("added", "skipped", "pictures_per_second")
    machine = ("annotator", "annotated", "failed", "ratings", "calls", "cost_usd", "stopped")
    yield "Encoder", ["library", "add", pictures, "--encoder", encoder], counts
    yield "Library", ["library", "info"], ("fingerprint",)
    yield "Search", ["library", "search", SEARCH, "--n", EACH], ()
    if model:
        yield "Endpoint", ["settings", "--test"], ("models_note", "answers")
    yield "Concept", ["concept", "new", NAME, "--description", DESCRIPTION], ()
    yield "Propose", ["concept", "expand", NAME], ("author", "problem")
    yield "Candidates", ["concept", "mine", NAME], ("candidates",)
    yield "Suggestions", ["concept", "annotate", NAME], machine
    yield "Labels", ["concept", "labels", "import", NAME, labels, "--simulated"], ("imported",)
    yield "Train", ["concept", "train", NAME], ("number", "kind", "notes")
    yield "Export", ["concept", "export", NAME, "--out", bundle], ()
    yield "Score", ["score", bundle, pictures, "--out", work / "scores.csv"], ("rows", "yes")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="", help="sees pictures, and proposes what counts")
    parser.add_argument("--endpoint", default="", help="an OpenAI-compatible address")
    parser.add_argument("--key", default="")
    parser.add_argument("--encoder", default="auto")
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--out", type=Path, default=Path("real-check.md"))
    wanted = parser.parse_args()

    work = Path(".sample/real-check").absolute()
    shutil.rmtree(work, ignore_errors=True)
    labels = twenty(wanted.pictures or sample_pictures(work.parent), work / "pictures")
    rows = [f"{work / 'pictures' / name},{value}" for name, value in labels.items()]
    (work / "labels.csv").write_text("\n".join(["path,label", *rows]), encoding="utf-8")
    models = {"DISCERN_LLM_MODEL": wanted.model, "DISCERN_VLM_MODEL": wanted.model}
    endpoint = {"OPENAI_BASE_URL": wanted.endpoint, "OPENAI_API_KEY": wanted.key}
    check = Check(work / "home", {name: value for name, value in (models | endpoint).items() if value})
    for line in machine():
        check.say(line)

    for words, command, of_it in _steps(work, wanted.encoder, wanted.model):
        said = check.step(words, *command, of_it=of_it)
        if words == "Search" and said:
            right = sum(Path(hit["path"]).name.startswith("yes") for hit in said)
            check.say(f"Of the first {EACH} for “{SEARCH}” {right} are animals")
        if words == "Suggestions" and said:
            check.say(agreement(work / "home", work / "pictures", labels))
    wanted.out.write_text("\n".join(["# Real check", "", *check.lines, ""]), encoding="utf-8")
    print(f"\nThe report is {wanted.out}. It names no picture and no key: please send it back.")


if __name__ == "__main__":
    main()
