"""How many test pictures count where all labels come from files, as in the README?

    python -m benchmarks.labels_by_file FOLDER [--classes Satsumas,Kiwi]

FOLDER has labelled pictures: `labels.csv` with the columns path and coarse, such as grocery. For each class a
concept is made with two example pictures, 60 questions are answered in files of 20, then 120 test pictures in
files of 60; the answers are simulated. `all` instead imports one file with a label for every picture. The
library is added once and kept in .sample/labels-by-file.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from pathlib import Path

from concepts.settings import load_settings
from concepts.workbench import Workbench
from concepts.workbench.label_files import LabelFiles
from storage.labels import Author

HOME = Path(".sample/labels-by-file")
FILES = [("train", 20)] * 3 + [("evaluation", 60)] * 2
EXAMPLES = 2
SIMULATED = Author("simulated", "simulated")


def truth_of(folder: Path) -> dict[str, str]:
    """The class of each picture by its path."""
    with (folder / "labels.csv").open(newline="") as stream:
        return {str((folder / row["path"]).resolve()): row["coarse"] for row in csv.DictReader(stream)}


def answer(
    bench: Workbench, name: str, classes: dict[str, str], wanted: str, count: int, purpose: str
) -> None:
    """Fills one file of questions and imports it."""
    asked = bench.concept(name).labels.next_pictures(count, purpose=purpose)  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "questions.csv")
        LabelFiles.write_questions(asked, file)
        with file.open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        for row in rows:
            row["label"] = "yes" if classes[row["path"]] == wanted else "no"
        file.unlink()
        with file.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        bench.concept(name).label_files.import_file(file, simulated=True)


def import_all(bench: Workbench, name: str, classes: dict[str, str], wanted: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "all.csv")
        with file.open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["path", "label"])
            writer.writerows([path, "yes" if of == wanted else "no"] for path, of in classes.items())
        bench.concept(name).label_files.import_file(file, simulated=True)


def measured(bench: Workbench, name: str) -> str:
    bench.concept(name).versions.train().wait()
    report = bench.concept(name).versions.measure()
    count = sum(labels.yes for labels in report.labels)
    found = (report.metric(metric) for metric in ("precision", "recall"))
    figures = (f"{m.name} {m.value:.2f} ({m.low:.3f} to {m.high:.3f})" for m in found if m)
    return f"{report.n:4} test pictures, {count:3} count; {', '.join(figures)}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--classes", default="Satsumas,Kiwi,Lemon")
    arguments = parser.parse_args()
    classes = truth_of(arguments.folder)
    bench = Workbench(load_settings(home=HOME))
    bench.library.add([arguments.folder / "images"]).wait()
    for wanted in arguments.classes.split(","):
        for way in ("questions", "all"):
            name = f"{wanted}, {way}"
            if name in {concept.name for concept in bench.context.store.all()}:
                bench.trash.put(concept=name, author="me")
            examples = sorted(path for path, of in classes.items() if of == wanted)[:EXAMPLES]
            bench.concepts.begin(name, f"{wanted.replace('-', ' ')} on a shelf.", examples=examples)
            bench.concept(name).definition.mine().wait()
            if way == "all":
                import_all(bench, name, classes, wanted)
            else:
                for purpose, count in FILES:
                    answer(bench, name, classes, wanted, count, purpose)
            print(f"{name:20} {measured(bench, name)}", flush=True)


if __name__ == "__main__":
    main()
