"""A data folder that an earlier version wrote is opened, and nothing in it is lost or changed.

What is compared: the rows of the tables that are promised, before and after; and what the app answers, with
what the code of commit 5e20e8b answered.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from blackbox.homes import (
    DATABASE,
    HOMES,
    KEPT,
    OWNER,
    Reader,
    columns_of,
    dump,
    expected,
    labels,
    read,
    rows_of,
    unpacked,
)
from blackbox.running import API, App, Commands, Ended

BEFORE_SOME_TABLES = {"before_0_1_0", "0_1_0"}  # so that they have to be migrated
Rows = dict[str, list[dict[str, Any]]]  # of each table
TOLERANCE = 1e-5  # between the last digits of two processors, of what is computed anew
GONE = Path("/srv/discern-fixture")  # where the pictures were
CONCEPT = {
    "before_0_1_0": "Angular thing",
    "0_1_0": "Angular thing",
    "after_0_1_0": "Round thing",
    "0_2_0": "Round thing",
}


@dataclass
class Opened:
    """A home as it was written, and opened: by two commands, and then by the app."""

    name: str
    written: Path
    home: Path
    exported: Ended
    once: Rows
    twice: Rows
    app: App
    answers: dict[str, Any]
    known: dict[str, Any]

    @property
    def reader(self) -> Reader:
        return Reader(self.app)


@pytest.fixture(scope="module")
def opening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Opened]]]:
    """All of them, two at a time: most of it is waiting for processes to start."""
    assert not GONE.exists(), f"{GONE} would be added again by a job that waits. Remove it."
    folders = {name: tmp_path_factory.mktemp(name) for name in HOMES}
    for folder in folders.values():
        (folder / "opened").mkdir()
    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        apps = {name: App(folder / "opened" / "home", folder / "app.log") for name, folder in folders.items()}
        for app in apps.values():
            stack.callback(app.end)
        yield {name: pool.submit(opened_home, name, folders[name], apps[name]) for name in HOMES}


@pytest.fixture(scope="module", params=list(HOMES))
def opened(request: pytest.FixtureRequest, opening: dict[str, Future[Opened]]) -> Opened:
    return opening[request.param].result()


def opened_home(name: str, folder: Path, app: App) -> Opened:
    written, home = unpacked(name, folder / "written"), unpacked(name, folder / "opened")
    discern = Commands(home)
    exported = discern("concept", "labels", "export", CONCEPT[name], "--json")
    once = all_rows(home)
    assert discern("jobs", "--json").code == 0
    twice = all_rows(home)
    app.start()
    return Opened(name, written, home, exported, once, twice, app, read(Reader(app), discern), expected(name))


# What is kept


def test_the_database_as_it_was_is_kept_beside_the_migrated_one(opened: Opened) -> None:
    copies = list(opened.home.glob(f"{Path(DATABASE).stem}.before-*.sqlite"))
    if opened.name in BEFORE_SOME_TABLES:
        assert len(copies) == 1
    for copy in copies:
        assert dump(copy) == dump(opened.written / DATABASE)


def test_opening_it_again_changes_nothing(opened: Opened) -> None:
    assert opened.twice == opened.once


def test_every_label_event_is_kept(opened: Opened) -> None:
    assert_kept(opened, "label_events")


def test_every_version_and_every_report_is_kept(opened: Opened) -> None:
    for table in ("heads", "evaluations"):
        assert_kept(opened, table)


def test_every_row_of_all_other_tables_is_kept(opened: Opened) -> None:
    for table in KEPT.keys() - {"label_events", "heads", "evaluations"}:
        if columns_of(opened.written, table):  # it was there
            assert_kept(opened, table)


def test_every_kind_of_thing_is_in_the_newest_home(opening: dict[str, Future[Opened]]) -> None:
    rows = opening["after_0_1_0"].result().once
    assert [table for table in KEPT if not rows.get(table)] == []
    values = {event["value"] for event in rows["label_events"]}
    assert values >= {"yes", "no", "unsure", "skip", "undo", "comment"}
    for flag in ("in_view", "repeat", "renewed", "taken_from", "given", "recorded_by"):
        assert any(event[flag] for event in rows["label_events"]), flag
    assert {job["state"] for job in rows["jobs"]} == {"queued", "running", "done", "failed", "cancelled"}
    assert {message["state"] for message in rows["deliveries"]} == {"waiting", "delivered", "dead"}
    assert {scale["kind"] for concept in rows["concepts"] if (scale := concept["scale"])} == {
        "graded",
        "classes",
    }


def test_every_file_is_kept_byte_for_byte(opened: Opened) -> None:
    folders = ("scores", "uploads", "thumbnails", "webhooks")
    files = [file for folder in folders for file in (opened.written / folder).rglob("*") if file.is_file()]
    assert files
    for file in [*files, opened.written / "settings.json"]:
        assert (opened.home / file.relative_to(opened.written)).read_bytes() == file.read_bytes(), file


# What the app answers


def test_labels_come_with_authors_times_and_comments_in_their_order(opened: Opened) -> None:
    known = opened.known["concepts"]
    written = known[CONCEPT[opened.name]]["labels"]
    assert opened.exported.code == 0, opened.exported
    exported = [{name: row[name] for name in written[0]} for row in opened.exported.json]
    assert exported == written_as(written, exported)
    for name, concept in known.items():
        assert opened.answers["concepts"][name]["labels"] == concept["labels"], name


@pytest.mark.parametrize("what", ["id", "scale", "definition", "revisions", "conflicts", "candidates"])
def test_concepts_mean_what_they_meant(opened: Opened, what: str) -> None:
    assert of_all(opened.answers, what) == of_all(opened.known, what)


def test_every_version_has_its_threshold_and_every_figure(opened: Opened) -> None:
    for name, known in opened.known["concepts"].items():
        found = opened.answers["concepts"][name]["versions"]
        for one, was in zip(found, known["versions"], strict=True):
            anew = (name, one["number"]) in measured_anew(opened)
            assert_close(*map(without_ranges, (one, was)) if anew else (one, was), name)
        # These are stored, and not computed.
        assert [one["threshold"] for one in found] == [one["threshold"] for one in known["versions"]]


@pytest.mark.parametrize("what", ["guarantees", "scores"])
def test_what_follows_from_versions_and_labels_is_the_same(opened: Opened, what: str) -> None:
    assert_close(of_all(opened.answers, what), of_all(opened.known, what), what)


def test_figures_of_today_are_those_of_the_stored_reports(opened: Opened) -> None:
    for name, known in of_all(opened.known, "quality").items():
        for number, was in known.items():
            found = opened.answers["concepts"][name]["quality"][number]
            anew = (name, int(number)) in measured_anew(opened)
            assert_close(*map(without_ranges, (found, was)) if anew else (found, was), f"{name}, {number}")


def test_watched_folders_tell_what_they_flagged_and_sent(opened: Opened) -> None:
    assert of_all(opened.answers, "watches") == of_all(opened.known, "watches")


@pytest.mark.parametrize("what", ["collections", "rules"])
def test_collections_and_rules_are_the_same(opened: Opened, what: str) -> None:
    assert opened.answers[what] == opened.known[what]


def test_jobs_that_waited_go_on_and_others_stay_as_they_ended(opened: Opened) -> None:
    known = {job["id"]: job for job in opened.known["jobs"]}
    found = {job["id"]: job for job in opened.answers["jobs"] if job["id"] in known}
    assert found == known


def test_words_and_pictures_find_the_same(opened: Opened) -> None:
    for way, known in opened.known["found"].items():
        # Scores are rounded to four digits.
        assert_close(opened.answers["found"][way], known, way, tolerance=2e-4)


def test_everybody_can_still_log_in(opened: Opened) -> None:
    people = json.loads((opened.written / "users.json").read_text())
    assert len(people) == (3 if opened.name == "after_0_1_0" else 2)
    for name in people:
        for password, status in ((f"a password of {name}", 200), ("another password", 401)):
            answer = opened.app.request("GET", f"{API}/concepts", login=(name, password))
            assert answer.status == status, (name, answer)


def crc_of(content: bytes) -> bytes:
    """What stands behind a kept file since 0.2.0."""
    return zlib.crc32(content).to_bytes(4, "little")


def test_small_pictures_are_shown_though_the_files_are_gone(opened: Opened) -> None:
    removed = {row["id"] for row in opened.once["pictures"] if row["removed"]}
    small = [
        file for file in sorted(opened.written.glob("thumbnails/*/*/*.webp")) if file.stem not in removed
    ]
    for file in small[:: len(small) // 5]:
        path = f"{API}/library/pictures/{file.stem}/thumbnail"
        answer = opened.app.request("GET", path, login=OWNER)
        assert answer.status == 200, (file.stem, answer.status)
        assert answer.content
        assert file.read_bytes() in (answer.content, answer.content + crc_of(answer.content))


def test_a_new_label_comes_behind_those_of_before_and_is_given_once(opened: Opened) -> None:
    concept = CONCEPT[opened.name]
    path, before = f"concepts/{concept}/labels", opened.answers["concepts"][concept]["labels"]
    picture = next(row["id"] for row in before if row["author"] != OWNER[0])
    others = [row for row in before if (row["id"], row["author"]) != (picture, OWNER[0])]
    body = {"answers": [{"picture": picture, "value": "no", "comment": "given later"}]}
    for _ in range(2):
        opened.reader.send(path, body, key="a label of later")
        after = labels(opened.reader, concept)
        assert after[:-1] == others
        told = {name: after[-1][name] for name in ("id", "label", "author", "author_kind", "comment")}
        assert list(told.values()) == [picture, "no", OWNER[0], "person", "given later"]


# Helpers


def measured_anew(opened: Opened) -> set[tuple[str, int]]:
    """Concepts and versions that a job which waited has measured since: with the ranges of today's code."""
    stored = {row["id"] for row in rows_of(opened.written, "evaluations", ["id"])}
    since = rows_of(opened.home, "evaluations", ["id", "head_id"])
    heads = {row["head_id"] for row in since if row["id"] not in stored}
    concepts = {row["id"]: row["name"] for row in rows_of(opened.home, "concepts", ["id", "name"])}
    versions = rows_of(opened.home, "heads", ["concept_id", "number", "id"])
    return {(concepts[row["concept_id"]], row["number"]) for row in versions if row["id"] in heads}


def without_ranges(told: Any) -> Any:
    """And without the thresholds that ranges were worked out for, and the share that all ranges are about."""
    if isinstance(told, dict):
        out = ("low", "high", "rows", "base_rate")
        return {key: without_ranges(value) for key, value in told.items() if key not in out}
    return [without_ranges(one) for one in told] if isinstance(told, list) else told


def assert_kept(opened: Opened, table: str) -> None:
    columns = columns_of(opened.written, table)
    written, found = rows_of(opened.written, table, columns), opened.once[table]
    assert len(found) == len(written), table
    for row, was in zip(found, written, strict=True):
        assert {column: row[column] for column in columns} == was, table


def all_rows(home: Path) -> Rows:
    return {table: rows_of(home, table, columns_of(home, table)) for table in KEPT if columns_of(home, table)}


def of_all(answers: dict[str, Any], what: str) -> dict[str, Any]:
    return {name: concept[what] for name, concept in answers["concepts"].items()}


def written_as(rows: list[dict[str, Any]], like: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The command writes the zone as +00:00, REST as Z: the same moment."""
    assert len(rows) == len(like)
    return [row | {"created": row["created"].replace("Z", "+00:00")} for row in rows]


def assert_close(found: Any, known: Any, where: str, tolerance: float = TOLERANCE) -> None:
    """The same, numbers up to `tolerance`."""
    if isinstance(known, dict):
        assert found.keys() == known.keys(), where
        for key in known:
            assert_close(found[key], known[key], f"{where}, {key}", tolerance)
    elif isinstance(known, list):
        assert len(found) == len(known), where
        for index, value in enumerate(known):
            assert_close(found[index], value, f"{where}, {index}", tolerance)
    elif isinstance(known, float):
        assert found == pytest.approx(known, abs=tolerance), where
    else:
        assert found == known, where
