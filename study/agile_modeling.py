"""What Agile Modeling released (google-research, agile_modeling/data, CC-BY-4.0): two tables a concept,
`gourmet-tuna_train_labels.csv` and `gourmet-tuna_test_labels.csv`, with `url` and `label`.

The pictures are addresses of LAION-400M. `map.csv` beside the tables says which file each is here.
"""

from __future__ import annotations

import re
from pathlib import Path

from concepts.errors import DiscernError
from study.tables import rows_of

MAP = "map.csv"
TABLE = re.compile(r"(?P<concept>.+)_(?:train|test)_labels\.csv")
DIFFERS = "differs"  # where a picture has more than one label


def is_release(folder: Path) -> bool:
    return (folder / MAP).is_file()


def read_release(folder: Path) -> dict[str, dict[str, str]]:
    """Path → concept → "positive", "negative", "no image" (as the tables have it), `DIFFERS`, or "" where
    nobody was asked. A concept is called by its tables, with _ for what can't stand in a condition.

    Pictures that are on no line of `map.csv` are left out. Raises `DiscernError`.
    """
    path_of = {row["url"]: row["path"] for row in rows_of(folder / MAP, "url", "path") if row["path"]}
    said: dict[str, dict[str, str]] = {}
    concepts: list[str] = []
    for file in sorted(folder.glob("*_labels.csv")):
        table = TABLE.fullmatch(file.name.strip())  # some names begin with a space
        if table is None:
            continue
        concept = re.sub(r"\W", "_", table["concept"])
        concepts.append(concept)
        for row in rows_of(file, "url", "label"):
            if row["url"] in path_of:
                labels, label = said.setdefault(path_of[row["url"]], {}), row["label"]
                labels[concept] = label if labels.get(concept, label) == label else DIFFERS
    if not said:
        raise DiscernError(f"{folder / MAP} has no address that a table …_labels.csv beside it has.")
    return {path: dict.fromkeys(concepts, "") | labels for path, labels in said.items()}
