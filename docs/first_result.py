"""What Home shows before there are pictures: `python -m docs.first_result` (or `make screenshots`).

A real result, so that a first visitor sees what comes out: the whole job over parts of free photographs
(`docs/photographs.py`), answered by a SIMULATED person. They come with Discern: most computers don't have the
sample pictures yet when this is looked at, and those have licences of their own. Writes `web/static/start/`.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

from PIL import Image

from concepts.collaborator.annotations import annotate
from concepts.collaborator.proposals import propose
from concepts.labelling.mining import mine
from concepts.learning.report import metric_of
from concepts.results.concepts import begin_concept
from concepts.results.library import import_pictures
from concepts.results.scores import ranked_library
from concepts.results.trained import measure_again, train
from concepts.rooms import open_app
from concepts.settings import load_settings
from concepts.use_cases import App
from docs.photographs import cut_library, photographs
from docs.screenshots import NAME, TEXT, answer, is_warm
from study.people import SECONDS_AN_ANSWER

FOLDER = Path(__file__).parents[1] / "web" / "static" / "start"
LEARN, MEASURE = 60, 120  # answers
SHOWN, SIDE = 8, 320  # flagged pictures, and pixels of their longer side


def work_through(bench: App, work: Path) -> None:
    import_pictures(bench, [work / "photographs"], encoder="embedded").wait()
    begin_concept(bench, NAME, TEXT)
    bench.concept(NAME).begin(propose).wait()
    bench.concept(NAME).begin(mine, size=300).wait()
    bench.concept(NAME).begin(annotate).wait()
    for _ in range(LEARN // 5):
        answer(bench, work, NAME, is_warm, 5)
    for _ in range(MEASURE // 30):
        answer(bench, work, NAME, is_warm, 30, measure=True)
    bench.concept(NAME).begin(train).wait()


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        bench = open_app(load_settings(home=work / "home"))
        count = cut_library(work / "photographs", photographs(work))
        begun = time.monotonic()
        work_through(bench, work)
        computed = time.monotonic() - begun
        report = measure_again(bench.concept(NAME))
        page = ranked_library(bench.concept(NAME), "top", limit=count)
        flagged = [p for p in page.pictures if p.probability >= page.threshold]
        shown = []
        # From the surest to the least sure, not the first: those are right anyway, and of few photographs.
        for place, picture in enumerate(flagged[:: len(flagged) // SHOWN or 1][:SHOWN]):
            file, part = f"flagged-{place}.webp", Path(picture.path)
            image = Image.open(picture.path).convert("RGB")
            image.thumbnail((SIDE, SIDE))
            image.save(FOLDER / file, quality=80, method=6)
            shows = " ".join(part.stem.split("-")[:-1]).capitalize()
            shown.append({"file": file, "shows": shows, "right": is_warm(part) == "1"})
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
        truly = sum(is_warm(Path(p.path)) == "1" for p in flagged)
        print(json.dumps(facts), f"in truth {truly} of {len(flagged)} are right", sep="\n")
        bench.close()


if __name__ == "__main__":
    main()
