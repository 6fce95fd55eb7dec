"""REST as far as the quick start in docs/rest.md goes, and that the commands say the same about it."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from blackbox.job import new_home, rows_of
from blackbox.pictures import draw_folder, truth
from blackbox.running import API, ROOT, Answer, App, Commands, Ended, run, running

NAME, CONCEPT = "Round things", "concepts/Round%20things"
UNKNOWN = "0" * 64


@dataclass(frozen=True)
class QuickStart:
    """How the program of docs/rest.md ended, the app it spoke to, and the files of the zip that it wrote."""

    folder: Path
    app: App
    discern: Commands
    ended: Ended
    zipped: dict[str, bytes]


@pytest.fixture(scope="module")
def quick_start(encoder_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickStart]:
    """The program, run as it stands against an app without pictures."""
    folder = tmp_path_factory.mktemp("by-rest")
    home = new_home(folder, encoder_cache)
    with running(App(home, folder / "app.log")) as app:
        pictures = draw_folder(folder / "pictures", 100, first_seed=3000)
        page = (ROOT / "docs" / "rest.md").read_text(encoding="utf-8")
        (program,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
        for before, after in (("http://127.0.0.1:7860", app.origin), ("/home/ana/Pictures", str(pictures))):
            assert program.count(before) == 1
            program = program.replace(before, after)
        (folder / "program.py").write_text(program, encoding="utf-8")
        ended = run("-I", folder / "program.py", home=home, cwd=folder)
        assert ended.code == 0, ended
        with zipfile.ZipFile(folder / "round-things.zip") as archive:
            zipped = {Path(name).name: archive.read(name) for name in archive.namelist()}
        yield QuickStart(folder, app, Commands(home), ended, zipped)


@pytest.fixture
def app(quick_start: QuickStart) -> App:
    return quick_start.app


@pytest.fixture(scope="module")
def by_commands(quick_start: QuickStart) -> dict[str, Any]:
    """What the commands say about the same data folder, while the app runs."""
    discern, folder = quick_start.discern, quick_start.folder
    discern.ask("concept", "labels", "export", NAME, "--out", folder / "labels.csv")
    figures = discern.ask("concept", "evaluate", NAME)["metrics"]
    said = {"figures": figures, "labels": rows_of(folder / "labels.csv")}
    discern.ask("concept", "export", NAME, "--out", folder / "by-command")
    return said


def problem(answer: Answer, status: int) -> dict[str, Any]:
    """Returns what an error says, which is problem+json."""
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json
    assert told["status"] == status
    assert told["title"]
    assert told["type"]
    assert type(told["detail"]) is str
    return dict(told)


def labels(app: App) -> list[dict[str, str]]:
    """Returns the rows of the labels that the app exports as CSV."""
    answer = app.request("GET", f"{API}/{CONCEPT}/labels/export?format=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


# The program


def test_the_program_runs_as_it_stands(quick_start: QuickStart) -> None:
    first, *ranked = quick_start.ended.out.splitlines()
    assert first == "Version 1, measured on 20 pictures"
    listed = [re.fullmatch(r"([01]\.\d\d)  (.*)", line) for line in ranked]
    assert [truth(line[2]) for line in listed if line] == ["yes"] * 5
    assert {"head.json", "head.safetensors", "classify.py"} <= quick_start.zipped.keys()


def test_every_label_of_the_program_is_kept_once_and_by_nobody(quick_start: QuickStart, app: App) -> None:
    rows = labels(app)
    assert len({row["id"] for row in rows}) == len(rows)
    assert {row["author_kind"] for row in rows} == {"simulated"}
    assert [row["label"] for row in rows] == [truth(row["path"]) for row in rows]
    assert [row["split"] for row in rows].count("evaluation") == 20
    assert len(rows) > 60  # the rest looks like what was answered


# The commands say the same


def test_the_commands_export_the_same_labels(app: App, by_commands: dict[str, Any]) -> None:
    parts = ("id", "path", "label", "author", "author_kind", "split", "comment")
    told = {tuple(row[part] for part in parts) for row in labels(app)}
    assert {tuple(row[part] for part in parts) for row in by_commands["labels"]} == told


def test_the_commands_tell_the_same_figures(
    quick_start: QuickStart, app: App, by_commands: dict[str, Any]
) -> None:
    quality = app.get(f"{CONCEPT}/versions/1/quality")
    told = {one["name"]: one for one in quality["version"]["report"]["metrics"]}
    (concept,) = json.loads(quick_start.zipped["head.json"])["concepts"]
    in_the_bundle = {one["name"]: one for one in concept["metrics"]}
    assert quality["n"] == 20
    for name, figure in by_commands["figures"].items():
        parts = {part: figure[part] for part in ("value", "low", "high", "n")}
        assert {part: told[name][part] for part in parts} == parts
        assert {part: in_the_bundle[name][part] for part in parts} == parts


def test_the_commands_export_the_same_files(quick_start: QuickStart, by_commands: dict[str, Any]) -> None:
    folder = quick_start.folder / "by-command"
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == quick_start.zipped


# The routes of the program, and what its page promises of them


def test_a_concept_is_found_by_its_name_and_by_its_id(app: App) -> None:
    by_name = app.get(CONCEPT)
    assert by_name["name"] == NAME
    assert app.get(f"concepts/id:{by_name['id']}") == by_name
    assert NAME in [one["name"] for one in app.get("concepts")]


def test_long_work_is_a_job_at_an_address(app: App) -> None:
    answer = app.request("POST", f"{API}/{CONCEPT}/mine", {"size": 500})
    assert answer.status == 202
    job = answer.json
    assert answer.headers["location"] == f"{API}/jobs/{job['id']}"
    ended = app.finished(job)
    assert (ended["state"], ended["error"]) == ("done", "")
    assert type(ended["result"]) is dict


def test_the_next_pictures_are_a_list_with_ids_and_paths(app: App) -> None:
    started = app.request("POST", f"{API}/concepts", {"name": "Square", "description": "A rectangle."})
    assert started.status == 201
    for purpose in ("train", "evaluation"):
        pictures = app.get(f"concepts/Square/next?limit=3&purpose={purpose}")
        assert len(pictures) == 3
        assert all({"id", "path", "purpose", "reason", "repeat"} <= one.keys() for one in pictures)
        assert {one["purpose"] for one in pictures} == {purpose}


def test_the_same_request_with_the_same_key_changes_nothing(app: App) -> None:
    before = labels(app)
    body = {"answers": [{"picture": before[0]["id"], "value": "unsure"}], "simulated": True}
    key = {"Idempotency-Key": "the same twice"}
    first = app.request("POST", f"{API}/{CONCEPT}/labels", body, key)
    assert first.status == 201
    (kept,) = first.json
    assert (kept["picture"], kept["value"], kept["author_kind"]) == (before[0]["id"], "unsure", "simulated")
    back = {"answers": [{"picture": before[0]["id"], "value": before[0]["label"]}], "simulated": True}
    assert app.request("POST", f"{API}/{CONCEPT}/labels", back, {"Idempotency-Key": "back"}).status == 201
    again = app.request("POST", f"{API}/{CONCEPT}/labels", body, key)
    assert (again.status, again.json) == (first.status, first.json)
    told = {row["id"]: row["label"] for row in labels(app)}
    assert told == {row["id"]: row["label"] for row in before}


def test_scores_come_in_pages_and_the_likeliest_first(app: App) -> None:
    first = app.get(f"{CONCEPT}/versions/1/scores?limit=60")
    second = app.get(f"{CONCEPT}/versions/1/scores?limit=60&offset=60")
    assert (first["version"], first["total"]) == (1, 100)
    assert 0 < first["threshold"] < 1
    pages = first["pictures"] + second["pictures"]
    assert len({one["id"] for one in pages}) == 100
    assert {"id", "path", "probability"} <= pages[0].keys()
    assert [truth(one["path"]) for one in pages] == ["yes"] * 50 + ["no"] * 50


def test_pictures_go_on_with_a_cursor_and_no_page_holds_more_than_200(app: App) -> None:
    address = "library/pictures?limit=60"
    page = app.get(address)
    other = app.get(f"{address}&cursor={page['older'].replace(' ', '%20')}")
    seen = [one["id"] for one in page["pictures"] + other["pictures"]]
    assert len(set(seen)) == len(seen) == 100
    problem(app.request("GET", f"{API}/library/pictures?limit=201"), 422)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "about"),
    [
        ("GET", "concepts/Nothing", None, 404, "Nothing"),
        ("GET", f"{CONCEPT}/versions/9/quality", None, 404, "9"),
        ("GET", "nowhere", None, 404, ""),
        ("POST", f"{CONCEPT}/labels", {"answers": [{"picture": UNKNOWN, "value": "yes"}]}, 404, UNKNOWN),
        ("POST", f"{CONCEPT}/labels", {"answers": [{"picture": "x", "value": "maybe"}]}, 422, "picture"),
        ("POST", "concepts", {"name": NAME, "description": "Another."}, 409, NAME),
        ("POST", "concepts", {"name": "No description"}, 422, "description"),
        ("POST", "library/pictures", {"paths": ["/nowhere/at/all"]}, 422, "/nowhere/at/all"),
        ("GET", "jobs/999999", None, 404, "999999"),
    ],
)
def test_an_error_is_a_problem_that_says_what_is_wrong(
    app: App, method: str, path: str, body: Any, status: int, about: str
) -> None:
    assert about in problem(app.request(method, f"{API}/{path}", body), status)["detail"]


def test_the_openapi_document_has_every_route_that_is_promised(app: App) -> None:
    document = app.get("openapi.json")
    assert document["openapi"].startswith("3.")
    there = {
        f"{method.upper()} {re.sub(r'{[^}]*}', '{}', path)}"
        for path, methods in document["paths"].items()
        for method in methods
    }
    page = (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8").partition("\n## REST\n")[2]
    named = re.findall(r"(GET|POST) +(/(?:{[^}]*}|[\w/.])+)", page.split("```")[1])
    promised = {f"{method} {re.sub(r'{[^}]*}', '{}', path)}" for method, path in named}
    assert len(promised) > 20
    assert promised - there == {"GET /openapi.json"}
