"""The recorded job of the README, by its commands and in their order, and what of it is compared.

150 drawn pictures; what counts is an ellipse. Every answer follows from the file's name, but for two slips
among the pictures that measure, so that the figures have something to say.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blackbox.pictures import draw_folder, truth
from blackbox.running import Commands

NAME = "Round thing"
SENTENCE = "A filled ellipse or ball; not a rectangle."
REMARK = "half of it is cut off"
RECORDED = Path(__file__).parent / "recorded" / "job.json"


@dataclass(frozen=True)
class Job:
    """What each command said, by its words, and the folder with the files."""

    folder: Path
    discern: Commands
    said: dict[str, Any]

    @property
    def bundle(self) -> Path:
        return self.folder / "round-thing"

    @property
    def home_as_made(self) -> Path:
        """A copy of the data folder, over which no command runs."""
        return self.folder / "home-as-made"

    def copied(self, folder: Path) -> Path:
        """Returns a data folder of its own with what the job made."""
        return Path(shutil.copytree(self.home_as_made, folder / "home", symlinks=True))


def new_home(folder: Path, cache: Path) -> Path:
    """Makes a data folder over the encoder's cache of all tests: filling one takes seconds."""
    home = folder / "home"
    home.mkdir(parents=True)
    (home / "cache").symlink_to(cache)
    return home


def by_commands(folder: Path, cache: Path) -> Job:
    """Does the whole job."""
    discern = Commands(new_home(folder, cache))
    pictures, new = draw_folder(folder / "pictures", 150), draw_folder(folder / "new", 16, first_seed=9000)
    answers, measuring, bundle = folder / "answers.csv", folder / "measuring.csv", folder / "round-thing"
    said: dict[str, Any] = {}

    def step(command: str, *arguments: object) -> None:
        said[command] = discern.ask(*command.split(), *arguments)

    # In a process of its own, as a person begins one; what follows shares another.
    said["library add"] = discern.ask_alone("library", "add", pictures, "--encoder", "embedded")
    step("concept new", NAME, "--description", SENTENCE)
    step("concept expand", NAME)
    step("concept mine", NAME)
    step("concept annotate", NAME, "--limit", 40)
    step("concept next", NAME, "--n", 24, "--out", answers)
    fill_in(answers)
    step("concept labels import", NAME, answers)
    to_measure = ("concept", "next", NAME, "--n", 60, "--evaluation", "--out", measuring)
    said["to measure"] = discern.ask(*to_measure)
    fill_in_with_slips(measuring)
    said["measured"] = discern.ask("concept", "labels", "import", NAME, measuring)
    step("concept labels export", NAME, "--out", folder / "labels.csv")
    step("concept train", NAME)
    step("concept evaluate", NAME)
    step("concept export", NAME, "--out", bundle)
    step("bundle check", bundle)
    step("score", bundle, new, "--out", folder / "scores.csv")
    said["score the library"] = discern.ask("score", bundle, "--out", folder / "library.csv")
    step("watch", new, "--concept", NAME, "--once")
    return Job(folder, discern, said)


def fill_in(file: Path) -> None:
    """Answers by the files' names. The last is left open; the one before is unsure, with a remark."""
    rows = rows_of(file)
    for row in rows[:-1]:
        row["label"] = truth(row["path"])
    rows[-2] |= {"label": "unsure", "comment": REMARK}
    write_rows(file, rows)


def fill_in_with_slips(file: Path) -> None:
    """Answers by the files' names, but the first ellipse gets a no and the first rectangle a yes."""
    rows = rows_of(file)
    for row in rows:
        row["label"] = truth(row["path"])
    for shape, slip in (("ellipse", "no"), ("rectangle", "yes")):
        next(row for row in rows if Path(row["path"]).name.startswith(shape))["label"] = slip
    write_rows(file, rows)


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def write_rows(file: Path, rows: list[dict[str, str]]) -> None:
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def names(pictures: list[dict[str, Any]]) -> list[str]:
    return [Path(picture["path"]).name for picture in pictures]


def exact(job: Job) -> dict[str, Any]:
    """Returns what is the same on every computer: who was asked by design, what was given, counts, files.

    Decisions are, too, because no score is near the threshold, which a test shows."""
    said, evaluated = job.said, job.said["concept evaluate"]
    people = [row for row in rows_of(job.folder / "labels.csv") if row["author_kind"] == "person"]
    return {
        "library": {key: said["library add"][key] for key in ("added", "duplicates", "unchanged", "skipped")},
        "test set, in the order asked": names(said["to measure"]["pictures"]),
        "test labels": {
            Path(row["path"]).name: row["label"] for row in people if row["split"] == "evaluation"
        },
        "labels by split": dict(sorted(Counter(row["split"] for row in people).items())),
        "annotated": said["concept annotate"]["annotated"],
        "drawn": evaluated["drawn"],
        "measured on": evaluated["labels"],
        "confusion": evaluated["confusion"],
        "pictures behind each figure": {name: figure["n"] for name, figure in evaluated["metrics"].items()},
        "files": sorted(file.name for file in job.bundle.iterdir()),
        "decisions on new pictures": {
            Path(row["path"]).name: row["decision"] for row in rows_of(job.folder / "scores.csv")
        },
        "watched": {key: said["watch"]["looked"][key] for key in ("seen", "flagged", "skipped")},
    }


def near(job: Job) -> dict[str, float | None]:
    """Returns what follows from vectors, whose last bits differ between processors."""
    evaluated = job.said["concept evaluate"]
    figures = {
        f"{name} {part}": figure[part]
        for name, figure in evaluated["metrics"].items()
        for part in ("value", "low", "high")
    }
    scores = {Path(row["path"]).name: float(row["score"]) for row in rows_of(job.folder / "scores.csv")}
    return figures | scores | {"threshold": evaluated["threshold"]}


def recorded() -> Mapping[str, Any]:
    return dict(json.loads(RECORDED.read_text(encoding="utf-8")))
