"""What Start shows before there are pictures: `python -m docs.first_result` (or `make screenshots`).

A real result, so that a first visitor sees what comes out: the whole job over landscapes that are drawn here
(`docs/screenshots.py`), answered by a SIMULATED person. They are ours: the sample pictures have licences of
their own, and most computers don't have them yet when this is looked at. Writes `web/static/start/`.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

from PIL import Image

from concepts.learning.report import metric_of
from concepts.settings import load_settings
from concepts.study.people import SECONDS_AN_ANSWER
from concepts.workbench import Workbench
from docs.screenshots import NAME, TEXT, answer, draw_library

FOLDER = Path(__file__).parents[1] / "web" / "static" / "start"
PICTURES, LEARN, MEASURE = 600, 60, 120  # the last two: answers
SHOWN, SIDE = 8, 320  # flagged pictures, and pixels of their longer side


def work_through(bench: Workbench, work: Path) -> None:
    bench.pictures.add_pictures([work / "landscapes"], encoder="embedded")
    bench.definitions.create_concept(NAME, TEXT)
    bench.definitions.expand(NAME)
    bench.definitions.mine(NAME, size=300)
    bench.annotations.annotate(NAME)
    for _ in range(LEARN // 5):
        answer(bench, work, "train", 5)
    for _ in range(MEASURE // 30):
        answer(bench, work, "evaluation", 30)
    bench.versions.train(NAME)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        bench = Workbench(load_settings(home=work / "home"))
        draw_library(work / "landscapes", PICTURES)
        begun = time.monotonic()
        work_through(bench, work)
        computed = time.monotonic() - begun
        report = bench.versions.evaluate(NAME)
        page = bench.versions.ranked_pictures(NAME, "top", size=PICTURES)
        flagged = [p for p in page.pictures if p.probability >= page.threshold]
        shown = []
        for place, picture in enumerate(flagged[:SHOWN]):
            file = f"flagged-{place}.webp"
            image = Image.open(picture.path).convert("RGB")
            image.thumbnail((SIDE, SIDE))
            image.save(FOLDER / file, quality=80, method=6)
            shown.append({"file": file, "right": Path(picture.path).name.startswith("lonely")})
        precision = metric_of(report.metrics, "precision")
        assert precision is not None
        facts = {
            "name": NAME,
            "sentence": TEXT,
            "pictures": len(page.pictures),
            "flagged": len(flagged),
            "learned": LEARN,
            "measured": report.n,
            "seconds": round((LEARN + report.n) * SECONDS_AN_ANSWER),
            "computed": round(computed),  # on whatever ran this
            "precision": [precision.value, precision.low, precision.high],
            "shown": shown,
        }
        (FOLDER / "result.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        truly = sum(Path(p.path).name.startswith("lonely") for p in flagged)
        print(json.dumps(facts), f"in truth {truly} of {len(flagged)} are right", sep="\n")
        bench.close()


if __name__ == "__main__":
    main()
