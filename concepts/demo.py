"""The whole job on the sample pictures, with a simulated person who answers from their folders."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from concepts.candidates.selection import NextPicture
from concepts.errors import DiscernError
from concepts.learning.report import EvaluationReport
from concepts.learning.waves import LOOKS
from concepts.library.sample import sample_pictures
from concepts.workbench import Workbench

NAME = "Something to eat"
DESCRIPTION = "Food and drink that a person could eat: fruit, vegetables, nuts, cakes; not tableware."
FOLDER = "food"  # of the sample pictures: what the simulated person calls yes
ROUNDS, PER_ROUND = 12, 5

Say = Callable[[str], object]


def run_demo(bench: Workbench, *, pictures: Path | None, out: Path, say: Say) -> dict[str, Any]:
    """Runs the ten steps and returns what the last table shows.

    The yes and no come from the folder a picture is in, so this needs the sample pictures or another
    folder with a subfolder called `food`.
    """
    folder = pictures or sample_pictures(bench.context.settings.home.parent)
    say(f"Concept: “{NAME}”. {DESCRIPTION}")
    say("Answers are SIMULATED: what is in the sample's folder “food” counts. No person is asked.\n")

    added = bench.pictures.add_pictures([folder])
    say(f" 1 Add pictures   {added.added:,} from {folder}, {added.pictures_per_second} a second")
    if not added.added and not added.unchanged:
        raise DiscernError(f"There are no pictures in {folder}.")
    info = bench.pictures.library_info()
    say(f" 2 Encoder        {info.fingerprint} ({info.near_duplicates} near-duplicates)")
    bench.definitions.create_concept(NAME, DESCRIPTION)
    revision = bench.definitions.expand(NAME)
    queries = ", ".join(query.text for query in revision.definition.queries if query.counts)
    say(f" 3 Expand         by the {revision.author}: {queries}")
    mined = bench.definitions.mine(NAME, size=400)
    say(f" 4 Mine           {mined.candidates} candidates")
    machine = bench.answers.annotate(NAME)
    say(f" 5 Annotate       {machine.annotated} by {machine.annotator}, ratings {machine.ratings}")
    answers = _answer_everything(bench)
    say(f" 6 Label          {answers} simulated answers, of them {ROUNDS * PER_ROUND} to learn from")
    trained = bench.versions.train(NAME)
    say(f" 7 Train          version {trained.number}, {trained.kind}; {'; '.join(trained.notes)}")
    report = bench.versions.evaluate(NAME)
    say(f" 8 Evaluate       {' '.join(report.sentences)}")
    exported = bench.versions.export(NAME, out)
    scored = bench.versions.score(Path(exported.folder), [], out.parent / "demo-scores.csv")
    say(f" 9 Export         {exported.folder}")
    say(f"10 Score          {scored.rows} pictures, {scored.yes} yes, in {scored.out}\n")
    for line in _table(report):
        say(line)
    say(f"\nThe classifier is in {exported.folder} (start with its README.md).")
    return {
        "added": added.model_dump(),
        "report": report.model_dump(mode="json"),
        "bundle": exported.folder,
        "scores": scored.out,
    }


def _answer_everything(bench: Workbench) -> int:
    """A simulated person: the evaluation set first, then a few rounds of the most useful pictures."""
    answered = _answer(bench, bench.answers.next_pictures(NAME, LOOKS[3], purpose="evaluation"))
    for _ in range(ROUNDS):
        answered += _answer(bench, bench.answers.next_pictures(NAME, PER_ROUND))
    return answered


def _answer(bench: Workbench, pictures: Sequence[NextPicture]) -> int:
    """Through a label file, as a person without the app would."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "answers.csv"
        with file.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["id", "label", "split"])
            for picture in pictures:
                label = "yes" if FOLDER in Path(picture.path).parts else "no"
                writer.writerow([picture.id, label, picture.purpose])
        report = bench.answers.import_labels(NAME, file, author="simulated from folders", simulated=True)
    return int(report["imported"])


def _table(report: EvaluationReport) -> list[str]:
    """Average precision of this version and of simpler ways, on the same pictures."""
    lines = [f"{'on ' + str(report.n) + ' pictures it never saw':36}{'average precision':>18}   95 %"]
    ways = [("this version", report.metrics)] + [(b.name, b.metrics) for b in report.baselines]
    for name, metrics in ways:
        metric = next(m for m in metrics if m.name == "average_precision")
        if metric.value is None:
            lines.append(f"{name:36}{'too few answers':>18}")
        else:
            lines.append(f"{name:36}{metric.value:>18.3f}   {metric.low:.3f} to {metric.high:.3f}")
    return lines
