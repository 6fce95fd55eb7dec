"""A program of the dozen calls of `discern.Library`, run in a process of its own, and what it said."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blackbox.job import new_home
from blackbox.pictures import draw_folder
from blackbox.running import ROOT, Ended, run

PROGRAM = """
import json, sys
from pathlib import Path

import discern
from discern import DiscernError, Library

work = Path(sys.argv[1])
said = {}


def value(picture):
    return "yes" if "ellipse" in Path(picture.path).name else "no"


with Library(work / "home", author="ana") as library:
    added = library.add(work / "pictures", encoder="embedded")
    said["added"] = [added.added, added.duplicates, added.unchanged, added.skipped]
    found = library.search("a ball", n=6)
    said["found"] = [[type(one.id).__name__, type(one.path).__name__] for one in found]
    said["like"] = [one.path for one in library.search(like=[found[0]], n=3)]
    said["shown"] = found._repr_html_().count("<img")

    try:
        library.concept("Ball")
    except DiscernError as error:
        said["no concept"] = str(error)
    ball = library.concept("Ball", "A filled round shape, not one with corners.")
    said["name"] = [ball.name, library.concept("ball").name]
    try:
        ball.train()
    except DiscernError as error:
        said["too early"] = str(error)

    said["candidates"] = ball.mine(40)
    labelled = ball.machine_label(10, budget=None)
    said["labelled"] = [labelled.annotator, labelled.labelled, labelled.cost_usd, labelled.stopped]
    for turn in range(3):
        asked = ball.next(8)
        for picture in asked:
            ball.answer(picture, value(picture), simulated=True)
    ball.answer(asked[0].id, value(asked[0]), comment="a remark", simulated=True)
    measuring = ball.next(60, to_measure=True)
    said["to measure"] = [one.id for one in measuring]
    for picture in measuring:
        ball.answer(picture, value(picture), simulated=True)

    version = ball.train()
    said["version"] = [version.number, version.threshold, [type(note).__name__ for note in version.notes]]
    said["aimed"] = ball.train("precision=0.9").number
    quality = ball.quality(1)
    precision = quality.figures["precision"]
    said["quality"] = [quality.version, quality.n, quality.simulated, len(quality.sentences)]
    said["figures"] = sorted(quality.figures)
    said["precision"] = [precision.value, precision.low, precision.high, precision.n, precision.note]

    scores = ball.scores(1)
    said["scores"] = [scores.num_rows, {field.name: str(field.type) for field in scores.schema}]
    said["answered"] = sorted(said for said in scores["said"].to_pylist() if said)
    new = ball.classify(work / "new", version=1)
    said["new"] = [new.select(["path", "score", "decision"]).to_pylist(), new.schema.names]
    try:
        ball.classify()
    except DiscernError as error:
        said["nothing to classify"] = str(error)
    said["bundle"] = str(ball.export(work / "ball", version=1))

said["names"] = {name: callable(getattr(discern, name)) for name in sys.argv[2:]}
said["version of discern"] = discern.__version__
print(json.dumps(said))
"""

# What `from discern import …` has besides the calls of the program.
NAMES: tuple[str, ...] = (
    "Author",
    "Concept",
    "Library",
    "Workbench",
    "embed_files",
    "encoder_of",
    "load_bundle",
    "load_encoder",
    "load_settings",
)


@dataclass(frozen=True)
class InPython:
    """How the program ended; what it printed as JSON is `said`."""

    folder: Path
    ended: Ended

    @property
    def said(self) -> dict[str, Any]:
        assert self.ended.code == 0, self.ended
        return dict(self.ended.json)


def in_python(folder: Path, cache: Path) -> InPython:
    """Draws 80 pictures and runs the program. DISCERN_HOME is another folder than it names."""
    new_home(folder, cache)
    draw_folder(folder / "pictures", 80, first_seed=6000)
    draw_folder(folder / "new", 8, first_seed=7000)
    (folder / "program.py").write_text(PROGRAM, encoding="utf-8")
    ended = run(folder / "program.py", folder, *NAMES, home=folder / "other", PYTHONPATH=str(ROOT))
    return InPython(folder, ended)
