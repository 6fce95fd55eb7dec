"""Data folders of earlier versions: unpacked, opened with the code of today, and read from outside.

`docs/compatibility.md` promises what is used here: the commands and addresses in `read` with the fields that
are read of them, and the tables and columns in `KEPT`. The pictures are gone, as on an unplugged disk.

    python -m blackbox.homes NAME…

opens the named homes with the code of this checkout, and writes down as `NAME.expected.json.gz` what it
answers. That is done when a home is new, and never to make a test pass.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
import sys
import tempfile
import time
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from blackbox.running import API, PATIENCE, App, Commands, running

FIXTURES = Path(__file__).parent / "fixtures" / "homes"
HOMES = {
    "before_0_1_0": FIXTURES / "before_0_1_0.zip",
    "0_1_0": FIXTURES / "0_1_0.zip",
    "after_0_1_0": FIXTURES / "after_0_1_0.zip",
    "0_2_0": FIXTURES / "0_2_0.zip",
}
OWNER = ("ana", "a password of ana")
PAGE = 200  # the most that an address gives at once
DATABASE = "discern.sqlite"

# Table → the columns of its key, then the others that are promised; of before there may be fewer.
KEPT = {
    "concepts": ("id", "name", "created", "deleted", "archived", "scale"),
    "former_names": ("key", "concept_id", "renamed"),
    "definitions": ("concept_id number", "document", "author", "note", "created"),
    "label_events": (
        "sequence",
        *("key", "concept_id", "picture_id", "value", "given", "undoes", "author", "author_kind"),
        *("definition_number", "comment", "created", "recorded_by", "in_view", "repeat", "renewed"),
        "taken_from",
    ),
    "annotations": (
        "concept_id picture_id definition_number fingerprint",
        *("rating", "evidence", "rationale", "created"),
    ),
    "candidates": ("concept_id picture_id", "brought_by", "definition_number", "added"),
    "evaluation_pictures": ("concept_id picture_id", "ordinal", "drawn", "wave", "added"),
    "evaluation_waves": (
        "concept_id number",
        *("label_sequence", "fingerprint", "weights", "bias", "boundaries", "frame", "looks_in", "created"),
    ),
    "certifying_draws": (
        "concept_id attempt",
        *("head_number", "side", "at_least", "floor", "frame", "author", "looks_in", "created"),
    ),
    "heads": (
        "concept_id number",
        *("id", "kind", "fingerprint", "definition_number", "label_sequence", "weights", "bias"),
        *("threshold", "details", "classes", "created"),
    ),
    "evaluations": ("id", "head_id", "label_sequence", "report", "created"),
    "pictures": (
        "id",
        *("bytes", "format", "width", "height", "perceptual_hash", "near_group", "added", "removed"),
    ),
    "sources": ("uri", "picture_id", "size", "mtime_ns", "added"),
    "bad_files": ("uri", "reason", "message", "size", "mtime_ns"),
    "removals": ("sequence", "picture_id", "deed", "author", "created"),
    "refused_pictures": ("picture_id",),
    "picture_columns": ("picture_id name digest", "value", "file", "added"),
    "outside_pictures": ("picture_id concept_id", "rendition", "author", "added"),
    "collections": ("id", "name", "kind", "rule", "author", "created", "removed"),
    "collection_changes": ("collection_id number", "deed", "pictures", "remaining", "author", "created"),
    "collection_pictures": ("collection_id picture_id since", "until"),
    "concept_frames": ("concept_id number", "collections", "author", "created"),
    "combinations": (
        "name number",
        *("members", "expression", "threshold", "removed", "author", "created"),
    ),
    "watches": (
        "id",
        *("concept_id", "folder", "version", "webhook", "seed", "ask_flagged", "ask_others", "promised"),
        *("promised_by", "author", "created", "stopped"),
    ),
    "watched_pictures": (
        "sequence",
        *("watch_id", "picture_id", "file", "version", "probability", "threshold", "flagged", "fresh"),
        *("drawn", "created"),
    ),
    "deliveries": ("sequence", "watch_id", "message_id", "state", "tries", "due", "problem", "delivered"),
    "prompt_texts": ("id", "concept_id", "name", "text", "author", "created"),
    "annotator_choices": (
        "id",
        "concept_id",
        "annotator",
        "large",
        "examples",
        "repeats",
        "author",
        "created",
    ),
    "model_calls": (
        "id",
        *("purpose", "model", "endpoint", "prompt_hash", "tokens_in", "tokens_out", "cost_usd"),
        *("latency_ms", "outcome", "error", "created", "concept_id"),
    ),
    "model_answers": ("prompt_hash", "answer", "created"),
    "jobs": (
        "id",
        *("kind", "state", "done", "total", "message", "result", "error", "created", "started", "finished"),
    ),
    "audit": ("id", "created", "who", "address", "what", "about"),
}


def unpacked(name: str, folder: Path) -> Path:
    """Unpacks a home into an empty folder and returns where it is."""
    with zipfile.ZipFile(HOMES[name]) as archive:
        members = [member for member in archive.namelist() if member.startswith("home/")]
        archive.extractall(folder, members)
    return folder / "home"


def expected(name: str) -> dict[str, Any]:
    """Returns what the code that a home was recorded with answers."""
    with gzip.open(FIXTURES / f"{name}.expected.json.gz", "rt") as file:
        return dict(json.load(file))


# Files of SQLite


def columns_of(home: Path, table: str) -> list[str]:
    """Returns the columns that are promised and that a table has; none where there is no such table."""
    with closing(sqlite3.connect(home / DATABASE)) as database:
        has = {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
    return [one for part in KEPT[table] for one in part.split() if one in has]


def rows_of(home: Path, table: str, columns: list[str]) -> list[dict[str, Any]]:
    """Returns the rows of a table in the order of its key."""
    order = ", ".join(KEPT[table][0].split())
    with closing(sqlite3.connect(home / DATABASE)) as database:
        found = database.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY {order}")
        return [dict(zip(columns, map(_read, row), strict=True)) for row in found]


def dump(file: Path) -> list[str]:
    """Returns all of a database as SQL."""
    with closing(sqlite3.connect(file)) as database:
        return list(database.iterdump())


def _read(value: Any) -> Any:
    """JSON by its value: how it is spaced is nobody's business."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


# The app


class Reader:
    """What an owner reads of a home over REST."""

    def __init__(self, app: App) -> None:
        self._app = app

    def get(self, path: str, **query: Any) -> Any:
        """Returns the JSON of an address."""
        address = f"{API}/{quote(path)}" + (f"?{urlencode(query)}" if query else "")
        answer = self._app.request("GET", address, login=OWNER)
        assert answer.status == 200, (address, answer)
        return answer.json

    def send(self, path: str, body: Any, key: str) -> Any:
        """Posts JSON under an idempotency key and returns the answer's."""
        headers = {"Idempotency-Key": key}
        answer = self._app.request("POST", f"{API}/{quote(path)}", body, headers, OWNER)
        assert answer.status in (200, 201), (path, answer)
        return answer.json

    def pages(self, path: str, **query: Any) -> list[Any]:
        """Returns all of a list that comes in pages."""
        found: list[Any] = []
        while True:
            page = self.get(path, limit=PAGE, offset=len(found), **query)
            found += page
            if len(page) < PAGE:
                return found

    def settled_jobs(self) -> list[dict[str, Any]]:
        """Returns all jobs, the oldest first, once none waits or runs."""
        until = time.monotonic() + PATIENCE
        while True:
            jobs = self.pages("jobs")
            if all(job["state"] in ("done", "failed", "cancelled") for job in jobs):
                return jobs[::-1]
            assert time.monotonic() < until, jobs
            time.sleep(0.1)  # between two looks


def read(reader: Reader, discern: Commands) -> dict[str, Any]:
    """Returns what a home answers: what a person left, and the figures that follow from it. Sentences are
    left out, because they may be worded otherwise."""
    jobs = reader.settled_jobs()
    concepts = {one["name"]: _concept(reader, one["name"]) for one in reader.get("concepts")}
    first = next(iter(concepts.values()))["labels"][0]["id"]
    return {
        "concepts": concepts,
        "collections": [_collection(one) for one in reader.pages("collections")],
        "rules": [
            _only(one, "name", "number", "rule", "threshold", "author")
            for one in reader.pages("combinations")
        ],
        "jobs": [_only(job, "id", "concept", "state") for job in jobs],
        "found": {
            "like a picture": _found(discern.ask("library", "search", "--like", first, "--top", 10)),
            "by words": _found(discern.ask("library", "search", "a disc", "--top", 10)),
        },
    }


def _concept(reader: Reader, name: str) -> dict[str, Any]:
    concept = reader.get(f"concepts/{name}")
    versions = [_version(one) for one in reader.get(f"concepts/{name}/versions")]
    numbers = [version["number"] for version in versions]
    return {
        "id": concept["id"],
        "scale": concept["scale"],
        "definition": concept["revision"]["definition"],
        "revisions": concept["revisions"],
        "conflicts": concept["conflicts"],
        "candidates": concept["candidates"],
        "labels": labels(reader, name),
        "versions": versions,
        "quality": {str(n): _quality(reader.get(f"concepts/{name}/versions/{n}/quality")) for n in numbers},
        "scores": {str(n): _scores(reader, f"concepts/{name}/versions/{n}/scores") for n in numbers},
        "guarantees": [_guarantee(reader, name, side) for side in ("yes", "no") if numbers],
        "watches": [_watch(reader, name, one) for one in reader.get(f"concepts/{name}/watches")],
    }


def labels(reader: Reader, name: str) -> list[dict[str, Any]]:
    """Returns the standing labels, the oldest first."""
    told = (
        "id",
        "label",
        "author",
        "author_kind",
        "recorded_by",
        "split",
        "comment",
        "definition",
        "created",
    )
    return [_only(row, *told) for row in reader.pages(f"concepts/{name}/labels")]


def _version(version: dict[str, Any]) -> dict[str, Any]:
    report = version["report"]
    return _only(version, "number", "kind", "definition", "threshold", "created") | {
        "report": report
        and {
            "metrics": {one["name"]: _metric(one) for one in report["metrics"]},
            "baselines": [
                {one["name"]: _metric(one) for one in baseline["metrics"]} for baseline in report["baselines"]
            ],
            "labels": report["labels"],
            "drawn": report["drawn"],
        }
    }


def _metric(metric: dict[str, Any]) -> dict[str, Any]:
    return _only(metric, "value", "low", "high", "n")


def _quality(quality: dict[str, Any]) -> dict[str, Any]:
    at = quality["at"]
    return _only(quality, "n", "positives", "simulated", "new_answers", "flagged", "pictures") | {
        "at": at and _cut(at),
        "rows": [_cut(row) for row in quality["rows"]],
    }


def _cut(row: dict[str, Any]) -> dict[str, Any]:
    rates = {name: _metric(row[name]) for name in ("precision", "recall")}
    return _only(row, "threshold", "flagged", "right") | rates


def _scores(reader: Reader, path: str) -> dict[str, float]:
    return {one["id"]: one["probability"] for one in reader.get(path, limit=PAGE)["pictures"]}


def _guarantee(reader: Reader, name: str, side: str) -> dict[str, Any] | None:
    found = reader.get(f"concepts/{name}/certificate", side=side)
    told = ("side", "attempt", "version", "at_least", "confidence", "asked", "answered", "complete")
    return found and _only(found, *told, "threshold", "n", "errors", "kept_as")


def _collection(one: dict[str, Any]) -> dict[str, Any]:
    return _only(one, "id", "name", "kind", "follows", "pictures", "author", "created")


def _watch(reader: Reader, name: str, one: dict[str, Any]) -> dict[str, Any]:
    flagged = reader.get(f"concepts/{name}/watches/{one['id']}/flagged", limit=PAGE)["flagged"]
    about = _only(one, "id", "folder", "version", "author", "created", "stopped", "seen", "flagged")
    return about | {
        "messages": _only(one["deliveries"], "waiting", "delivered", "dead"),
        "pictures": [_only(row, "picture", "file", "version", "probability", "threshold") for row in flagged],
    }


def _found(hits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [_only(hit, "id", "score") for hit in hits]


def _only(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}


def main() -> None:
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            home = unpacked(name, Path(folder))
            with running(App(home, Path(folder) / "log")) as app:
                found = read(Reader(app), Commands(home))
        text = json.dumps(found, ensure_ascii=False, sort_keys=True)
        content = gzip.compress(text.encode(), mtime=0)
        (FIXTURES / f"{name}.expected.json.gz").write_bytes(content)


if __name__ == "__main__":
    main()
