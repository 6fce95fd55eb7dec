"""The log of a data folder: what failed, for which job and request, and nothing secret."""

from __future__ import annotations

import json
import logging
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from web_screens import BASE, Screens

from concepts.installation import activity
from concepts.installation import log as log_module
from concepts.installation.jobs import job_state, keep_log, log_of
from concepts.installation.log import start_log
from concepts.labelling.mining import mine
from concepts.results.concepts import begin_concept
from concepts.rooms import open_app
from concepts.settings import Settings
from concepts.use_cases import App
from concepts.use_cases.handles import DECLARED
from web.server import create_app

pytestmark = pytest.mark.usefixtures("log_as_it_was")
KEY = "sk-secret-key-of-somebody"


@pytest.fixture
def bench(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    bench = open_app(Settings(home=own_home))
    keep_log(bench)
    return bench


def lines(bench: App) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log_of(bench).splitlines()]


def test_row_and_log_of_a_failed_job_say_why_with_its_traceback_and_no_key(bench: App) -> None:
    def work(job: Any, progress: Any) -> Any:
        raise KeyError(f"401 for {KEY}")

    bench.jobs.register(DECLARED[mine].job, work)
    job_id = bench.concept_of(bench.store.create("c").id).submit(mine, 10)
    with pytest.raises(KeyError):
        bench.jobs.resume(job_id)
    view = job_state(bench, job_id)
    assert view.error == "Something went wrong that should not (KeyError: '401 for ***')."
    assert "in work" in view.details
    failed = lines(bench)[-1]
    assert (failed["job"], failed["concept"], failed["level"]) == (job_id, 1, "error")
    assert failed["said"].startswith("mine failed: ")
    assert "raise KeyError(" in failed["details"]
    assert KEY not in view.error + view.details + log_of(bench).decode()


def test_every_secret_of_the_settings_is_known(own_home: Path) -> None:
    settings = Settings(
        home=own_home,
        openai_api_key="key-of-the-model",
        openai_base_url="https://ana:word-in-the-url@models.example/v1",
        users="ana:password-of-ana, ben:password-of-ben",
        database_url="postgresql://discern:word-of-the-database@db.example/discern",
    )
    assert sorted(settings.secrets) == [
        "Basic ana:word-in-the-url",  # which takes the place of the key: a request has one of both
        "password-of-ana",
        "password-of-ben",
        "word-in-the-url",
        "word-of-the-database",
    ]


def test_the_log_is_its_owners_alone_and_never_grows_beyond_its_bound(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_module, "LARGEST", 2000)
    start_log(own_home, str)
    for number in range(100):
        logging.getLogger("concepts.test").warning("line %d %s", number, "x" * 50, exc_info=ValueError())
    files = sorted((own_home / "logs").iterdir())
    assert len(files) == 3
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert sum(file.stat().st_size for file in files) <= 3 * 2000
    kept = [json.loads(line)["said"] for line in log_module.read_log(own_home).splitlines()]
    assert kept[-1].startswith("line 99 ")
    assert kept == sorted(kept, key=lambda said: int(said.split()[1]))


def test_nothing_is_lost_when_one_of_several_processes_puts_the_file_aside(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_module, "LARGEST", 4000)
    root, processes = logging.getLogger(), list[logging.Handler]()
    for _ in range(2):
        start_log(own_home, str)
        (found,) = [handler for handler in root.handlers if isinstance(handler, log_module._File)]
        processes.append(found)
        root.removeHandler(found)  # else the next one ends it
    for number in range(40):
        said = {"name": "concepts.test", "levelno": logging.INFO, "msg": f"line {number} {'x' * 100}"}
        processes[number % 3 == 0].handle(logging.makeLogRecord(said))
    for handler in processes:
        handler.close()
    kept = [json.loads(line)["said"] for line in log_module.read_log(own_home).splitlines()]
    assert [int(said.split()[1]) for said in kept] == list(range(40))


def test_a_line_that_a_full_disk_and_a_kill_left_unfinished_spoils_no_other(own_home: Path) -> None:
    file = own_home / "logs" / "discern.log"
    file.parent.mkdir(parents=True)
    file.write_text('{"said": "whole"}\n{"said": "wha')
    for _ in range(2):
        start_log(own_home, str)
        logging.getLogger("concepts.test").warning("after")
    whole, torn, *after = log_module.read_log(own_home).splitlines()
    assert (json.loads(whole)["said"], torn) == ("whole", b'{"said": "wha')
    assert [json.loads(line)["said"] for line in after] == ["after", "after"]


def test_a_folder_that_can_not_be_written_has_no_log_and_disturbs_nothing(own_home: Path) -> None:
    own_home.mkdir()
    (own_home / "logs").write_text("in the way")
    start_log(own_home, str)
    logging.getLogger("concepts.test").warning("nobody hears this", exc_info=ValueError())


@pytest.mark.parametrize("removed", ["logs", "."])
def test_a_folder_that_is_removed_in_use_is_made_again(own_home: Path, removed: str) -> None:
    start_log(own_home, str)
    said = logging.getLogger("concepts.test").warning
    said("before")
    shutil.rmtree(own_home / removed)
    for number in range(3):
        said("line %d", number)
    assert own_home.exists() == (removed == "logs")  # who removes all has no log
    own_home.mkdir(exist_ok=True)
    said("after")
    assert b"after" in log_module.read_log(own_home)


def test_failed_requests_and_screens_are_logged_with_an_id_for_a_request(
    bench: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "about", lambda *_: 1 / 0)
    client = TestClient(create_app(bench), base_url=BASE, raise_server_exceptions=False)
    answer = client.get("/api/v1/about")
    assert answer.status_code == 500
    failed = [line for line in lines(bench) if line["level"] == "error"]
    assert [line["request"] for line in failed] == [answer.headers["x-request-id"]]
    assert failed[0]["said"] == "GET /api/v1/about failed"
    assert "ZeroDivisionError" in failed[0]["details"]
    monkeypatch.setattr(bench.store, "all", lambda *_, **__: 1 / 0)
    answer = Screens.of(client).send("to_home")
    assert answer.status_code == 500
    said = [line for line in lines(bench) if line["said"] == "A screen failed."]
    assert [line["request"] for line in said] == [answer.headers["x-request-id"]]
    assert "ZeroDivisionError" in said[0]["details"]


def test_what_a_request_sets_going_carries_its_id(bench: App) -> None:
    client = TestClient(create_app(bench))
    begin_concept(bench, "c", "Whatever counts.")
    answer = client.post("/api/v1/concepts/c/expand")
    job = answer.json()["id"]
    queued = next(line for line in lines(bench) if line["said"] == "propose queued")
    assert (queued["job"], queued["request"]) == (job, answer.headers["x-request-id"])
    refused = client.post("/api/v1/concepts", json={"name": "c", "description": "Again."})
    assert refused.status_code == 409
    assert lines(bench)[-1]["said"] == "POST /api/v1/concepts: 409"
    assert client.get("/api/v1/log").content.splitlines() == log_of(bench).splitlines()
