"""A concept that 0.2.0 exported comes into a new data folder: its definition, and the labels of people.

`fixtures/from_0_2_0` has what `concept show --json` and `concept labels export` of 0.2.0 wrote of 40 drawn
pictures, which are drawn here again.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

from blackbox.job import new_home
from blackbox.pictures import draw_folder
from blackbox.running import Commands

EXPORTED = Path(__file__).parent / "fixtures" / "from_0_2_0"
KEPT = ("id", "label", "author", "author_kind", "comment")


def test_its_labels_and_its_definition_are_imported(encoder_cache: Path, tmp_path: Path) -> None:
    discern = Commands(new_home(tmp_path, encoder_cache))
    written = json.loads((EXPORTED / "concept.json").read_text(encoding="utf-8"))["revision"]["definition"]
    with (EXPORTED / "labels.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    people = [row for row in rows if row["author_kind"] == "person"]

    discern.ask("library", "add", draw_folder(tmp_path / "pictures", 40), "--encoder", "embedded")
    discern.ask("concept", "new", written["name"], "--description", written["description"])
    revised = discern.ask("concept", "revise", written["name"], EXPORTED / "concept.json")
    report = discern.ask("concept", "labels", "import", written["name"], EXPORTED / "labels.csv")
    found = discern.ask("concept", "labels", "export", written["name"])

    assert revised["definition"] == written
    assert (report["imported"], report["unchanged"]) == (len(people), 0)
    assert len(report["bad_rows"]) == len(rows) - len(people)  # those of the machine, which labels anew
    as_written = [tuple(row[name].removeprefix("'") for name in KEPT) for row in people]
    assert sorted(tuple(row[name] for name in KEPT) for row in found) == sorted(as_written)
