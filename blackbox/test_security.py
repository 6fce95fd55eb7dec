"""What docs/security.md and docs/serving.md promise, as far as it can be shown from outside."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import json
import pickle
import re
import shutil
import signal
import socket
import stat
import threading
import urllib.parse
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from blackbox import job as recorded_job
from blackbox.job import Job, rows_of
from blackbox.pictures import bomb, draw, draw_folder
from blackbox.running import API, PATIENCE, Answer, App, Commands, Ended, run, running

ROUND = f"concepts/{urllib.parse.quote(recorded_job.NAME)}"
PASSWORD = "correct horse battery"
OLA, LEA, VIC = ((name, PASSWORD) for name in ("ola", "lea", "vic"))  # an owner, a labeller, a viewer
ENDPOINT, KEY = "127.0.0.1:9/v1", "what-opens-the-endpoint"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
UNKNOWN = "0" * 64


# An app without users


@pytest.fixture(scope="module")
def open_app(job: Job, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("open")
    with running(App(job.copied(folder), folder / "app.log")) as app:
        yield app


@pytest.fixture
def app(open_app: App) -> App:
    if not open_app.is_running:  # another test ended it
        open_app.start()
    return open_app


def test_it_listens_on_this_computers_own_address_alone(app: App) -> None:
    """127.0.0.2 is this computer too: who listens everywhere answers there."""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", app.port), timeout=PATIENCE)
    socket.create_connection(("127.0.0.1", app.port), timeout=PATIENCE).close()


def test_it_does_not_start_open_to_everyone(tmp_path: Path) -> None:
    ended = run("-m", "discern", "run", home=tmp_path / "home", DISCERN_HOST="0.0.0.0", DISCERN_PORT="0")
    assert (ended.code, ended.out) == (1, "")
    assert "users add" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80"])
def test_a_foreign_name_for_this_computer_is_refused(app: App, host: str) -> None:
    assert app.request("GET", f"{API}/concepts", headers={"Host": host}).status == 421


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_another_site_changes_nothing(app: App, headers: dict[str, str]) -> None:
    body = {"name": "Planted", "description": "By another site."}
    assert app.request("POST", f"{API}/concepts", body, headers).status == 403
    assert app.request("GET", f"{API}/concepts/Planted").status == 404


@pytest.mark.parametrize("address", ["/", "/healthz", "/nowhere", f"{API}/concepts", f"{API}/nowhere"])
def test_every_answer_carries_the_security_headers(app: App, address: str) -> None:
    headers = app.request("GET", address).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize(
    "address",
    [
        "/../../etc/passwd",
        "/web/../server.py",
        "/web/..%2f..%2fapp.py",
        "/media/thumbnail/..%2f..%2fdiscern.sqlite",
        "/media/picture/..%2f..%2f..%2fetc%2fpasswd",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file={home}/discern.sqlite",
        "/{home}/discern.sqlite",
    ],
)
def test_files_of_this_computer_are_not_served(app: App, address: str) -> None:
    answer = app.request("GET", address.format(home=app.home))
    assert answer.status in (400, 403, 404)
    assert b"root:" not in answer.content
    assert b"SQLite format" not in answer.content


def test_a_request_with_too_large_a_body_is_refused_and_the_app_goes_on(app: App) -> None:
    for address in (f"{API}/concepts", f"{API}/{ROUND}/labels", "/login"):
        told = app.request("POST", address, b"x", {"Content-Length": str(10**12), **FORM})
        assert told.status == 413
        sent = app.request("POST", address, iter([b" " * 2**20] * 3), FORM)
        assert sent.status == 413
    assert app.request("GET", "/healthz").status == 200


@pytest.mark.slow
def test_what_was_acknowledged_is_kept_once_through_a_power_cut(app: App) -> None:
    name = "Kept"
    app.request("POST", f"{API}/concepts", {"name": name, "description": "Whatever."})
    asked = app.get(f"concepts/{name}/next?limit=20")
    assert len(asked) == 20

    def give(number: int, value: str) -> Answer:
        body = {"answers": [{"picture": asked[number]["id"], "value": value}]}
        key = {"Idempotency-Key": f"kept {number}"}
        return app.request("POST", f"{API}/concepts/{name}/labels", body, key)

    given = ["yes" if number % 3 else "no" for number in range(20)]
    assert {give(number, value).status for number, value in enumerate(given)} == {201}
    assert app.signalled(signal.SIGKILL) == -signal.SIGKILL
    app.start()
    assert give(19, given[19]).status == 201  # whoever got no answer asks again
    kept = app.get(f"concepts/{name}/labels")
    assert sorted((row["id"], row["label"]) for row in kept) == sorted(
        (picture["id"], value) for picture, value in zip(asked, given, strict=True)
    )
    assert app.get(f"concepts/{name}")["answers"]["answers"] == 20


def test_it_ends_when_it_is_told_to_without_a_traceback(app: App) -> None:
    before = app.log.stat().st_size
    assert app.signalled(signal.SIGTERM) == 0
    assert "Traceback" not in app.log.read_text()[before:]


# An app with users


@pytest.fixture(scope="module")
def closed(job: Job, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Three people of three roles."""
    folder = tmp_path_factory.mktemp("closed")
    roles = {"ola": "owner", "lea": "labeller", "vic": "viewer"}
    users = ",".join(f"{name}={role}:{PASSWORD}" for name, role in roles.items())
    with running(App(job.copied(folder), folder / "app.log", DISCERN_USERS=users)) as app:
        yield app


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", f"{API}/concepts"),
        ("GET", f"{API}/{ROUND}/versions/1/bundle"),
        ("POST", f"{API}/{ROUND}/labels"),
        ("GET", f"/media/thumbnail/{UNKNOWN}"),
    ],
)
def test_where_there_are_users_nothing_is_open_without_a_login(closed: App, method: str, path: str) -> None:
    answer = closed.request(method, path)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    ("method", "path", "body", "viewer", "labeller", "owner"),
    [
        ("GET", "concepts", None, 200, 200, 200),
        ("GET", f"{ROUND}/versions/1/quality", None, 200, 200, 200),
        ("GET", f"{ROUND}/labels/export?format=csv", None, 200, 200, 200),
        ("POST", f"{ROUND}/labels", {"answers": [{"picture": UNKNOWN, "value": "yes"}]}, 403, 404, 404),
        ("POST", "concepts", {"name": "Theirs", "description": "Something."}, 403, 403, 201),
        ("POST", f"{ROUND}/mine", {"size": 10}, 403, 403, 202),
        ("POST", f"{ROUND}/versions", {"target": "f1"}, 403, 403, 202),
        ("POST", "library/pictures", {"paths": ["/nowhere"]}, 403, 403, 422),
    ],
)
def test_a_viewer_sees_and_a_labeller_answers_and_the_rest_is_for_owners(
    closed: App, method: str, path: str, body: Any, viewer: int, labeller: int, owner: int
) -> None:
    for login, status in ((VIC, viewer), (LEA, labeller), (OLA, owner)):
        assert closed.request(method, f"{API}/{path}", body, login=login).status == status


def test_a_session_that_was_left_is_none(closed: App) -> None:
    entered = closed.request("POST", "/login", f"name=lea&password={PASSWORD}".encode(), FORM)
    assert entered.status == 303
    cookie, _, marks = entered.headers["set-cookie"].partition(";")
    assert "httponly" in marks.lower()
    assert "samesite" in marks.lower()
    assert closed.request("GET", f"{API}/concepts", headers={"Cookie": cookie}).status == 200
    assert closed.request("POST", "/logout", headers={"Cookie": cookie}).status == 303
    assert closed.request("GET", f"{API}/concepts", headers={"Cookie": cookie}).status == 401


# Files from outside


def sealed(folder: Path) -> Path:
    """Writes checksums that hold, as who means harm would."""
    names = sorted(file.name for file in folder.iterdir() if file.is_file() and file.name != "SHA256SUMS")
    sums = (f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    (folder / "SHA256SUMS").write_text("".join(sums))
    return folder


class Harm:
    """Pickled, it makes a file when it is read."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.file,)


@pytest.fixture(scope="module")
def hostile(job: Job, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mapping[str, Ended]]:
    """The folder in which bundles of strangers were scored or looked at, and how that ended."""
    folder = tmp_path_factory.mktemp("hostile")
    for name in ("pickle", "encoder"):
        shutil.copytree(job.bundle, folder / name)
    (folder / "pickle" / "head.safetensors").write_bytes(pickle.dumps(Harm(folder / "harm")))
    told = json.loads((folder / "encoder" / "head.json").read_text())
    told["encoder"]["name"] = f"local-dir:{folder}/model"
    (folder / "encoder" / "head.json").write_text(json.dumps(told))
    with zipfile.ZipFile(job.bundle.with_suffix(".zip")) as whole:
        files = {name: whole.read(name) for name in whole.namelist()}
    with zipfile.ZipFile(folder / "outside.zip", "w") as archive:
        for name, content in {**files, "../harm": b"x", "round-thing/../../harm": b"x"}.items():
            archive.writestr(name, content)
    with zipfile.ZipFile(folder / "large.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, b" " * 2**28 if name.endswith("head.json") else content)
    discern, new = Commands(folder / "home"), job.folder / "new"
    scored = ("score", new, "--out", folder / "scores.csv", "--json")
    return folder, {
        "pickle": discern(*scored[:1], sealed(folder / "pickle"), *scored[1:]),
        "encoder": discern(*scored[:1], sealed(folder / "encoder"), *scored[1:]),
        "outside": discern("bundle", "check", folder / "outside.zip", "--json"),
        "large": discern("bundle", "check", folder / "large.zip", "--json"),
    }


@pytest.mark.parametrize(
    ("kind", "about"),
    [("pickle", "head.safetensors"), ("encoder", "local-dir:"), ("outside", ".."), ("large", "large")],
)
def test_a_strangers_bundle_is_refused_in_words_and_does_nothing(
    hostile: tuple[Path, Mapping[str, Ended]], kind: str, about: str
) -> None:
    folder, ends = hostile
    ended = ends[kind]
    assert ended.code == 1
    assert about in ended.json["error"]
    assert "Traceback" not in ended.err
    assert not (folder / "harm").exists()
    assert not (folder.parent / "harm").exists()
    assert not (folder / "scores.csv").exists()


@pytest.fixture(scope="module")
def files(job: Job, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mapping[str, Ended]]:
    """A folder of bad pictures and label files, and how commands over them ended."""
    folder = tmp_path_factory.mktemp("files")
    discern = Commands(job.copied(folder))
    bad = draw_folder(folder / "bad", 2, first_seed=700)
    draw("ellipse", 711).save(bad / "=1+1.bmp")
    draw("ellipse", 712).save(bad / "whole.jpg", quality=95)
    (bad / "truncated.jpg").write_bytes((bad / "whole.jpg").read_bytes()[:900])
    (bad / "bomb.png").write_bytes(bomb())
    (bad / "text.jpg").write_text("no picture")
    (bad / "empty.png").write_bytes(b"")
    asked = job.said["concept next"]["pictures"]
    (folder / "formula.csv").write_text(
        f'path,label,comment\n{asked[0]["path"]},yes,"=HYPERLINK(""http://evil.example"")"\n'
    )
    (folder / "junk.csv").write_bytes(bytes(range(256)) * 20)
    (folder / "deep.json").write_text("[" * 100_000)
    name = recorded_job.NAME
    inside = ("concept", "labels", "import", name)
    commands: dict[str, tuple[object, ...]] = {
        "formula": (*inside, folder / "formula.csv"),
        "bad": ("library", "add", bad),
        "score": ("score", job.bundle, bad, "--out", folder / "scores.csv"),
        "junk": (*inside, folder / "junk.csv"),
        "deep": (*inside, folder / "deep.json"),
        "export": ("concept", "labels", "export", name, "--out", folder / "labels.csv"),
        "internal": ("watch", bad, "--concept", name, "--once", "--webhook", "http://127.0.0.1:9/"),
        "again": (*inside, folder / "labels.csv"),
    }
    said = {of: discern(*command, "--json") for of, command in commands.items()}
    return folder, said


def test_bad_pictures_are_skipped_with_a_reason_and_the_rest_is_added_or_scored(
    files: tuple[Path, Mapping[str, Ended]],
) -> None:
    folder, said = files
    added = said["bad"].json
    assert added["added"] == 4
    assert sum(added["skipped"].values()) == 4
    assert all(added["skipped"])  # the reasons
    assert (said["score"].json["rows"], said["score"].json["skipped"]) == (4, 4)
    rows = rows_of(folder / "scores.csv")
    assert sum(bool(row["score"]) for row in rows) == sum(bool(row["error"]) for row in rows) == 4


def test_exported_tables_hold_no_formulas_and_read_back_as_they_were(
    files: tuple[Path, Mapping[str, Ended]],
) -> None:
    folder, said = files
    assert said["formula"].json["imported"] == 1
    rows = [*rows_of(folder / "labels.csv"), *rows_of(folder / "scores.csv")]
    assert any("HYPERLINK" in row.get("comment", "") for row in rows)
    cells = [cell for row in rows for cell in row.values()]
    assert [cell for cell in cells if re.match(r"[=+@\t\r]|-(?!\d)", cell)] == []
    assert said["again"].json["imported"] == 0  # so the comment is the same as before


@pytest.mark.parametrize(
    ("command", "about"), [("junk", "junk"), ("deep", "deep"), ("internal", "127.0.0.1")]
)
def test_a_label_file_that_is_none_and_an_internal_webhook_are_refused_in_words(
    files: tuple[Path, Mapping[str, Ended]], command: str, about: str
) -> None:
    ended = files[1][command]
    assert ended.code == 1
    assert about in ended.json["error"]
    assert "Traceback" not in ended.err


class Receiver(http.server.ThreadingHTTPServer):
    """Keeps the webhooks that come, and takes them all."""

    def __init__(self) -> None:
        self.came: list[tuple[Mapping[str, str], bytes]] = []

        class Take(http.server.BaseHTTPRequestHandler):
            def do_POST(handler) -> None:  # noqa: N805
                body = handler.rfile.read(int(handler.headers["Content-Length"]))
                self.came.append(({name.lower(): value for name, value in handler.headers.items()}, body))
                handler.send_response(204)
                handler.end_headers()

            def log_message(handler, *_: Any) -> None:  # noqa: N805
                pass

        super().__init__(("127.0.0.1", 0), Take)

    def __enter__(self) -> Receiver:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


@dataclass(frozen=True)
class Watched:
    """What a watch said, what its receiver got, the data folder, and a backup of it after that."""

    home: Path
    said: dict[str, Any]
    came: list[tuple[Mapping[str, str], bytes]]
    backup: Path


@pytest.fixture(scope="module")
def watched(job: Job, tmp_path_factory: pytest.TempPathFactory) -> Watched:
    tmp_path = tmp_path_factory.mktemp("watched")
    discern = Commands(job.copied(tmp_path))
    folder = draw_folder(tmp_path / "incoming", 4, first_seed=9500)
    with Receiver() as receiver:
        address = f"http://127.0.0.1:{receiver.server_port}/secret/path"
        watch = ("watch", folder, "--concept", recorded_job.NAME, "--once", "--webhook", address)
        said = discern.ask_alone(*watch, DISCERN_INTERNAL_WEBHOOKS="1")
    discern.ask("users", "add", "ana", "--password", PASSWORD)
    discern.ask("settings", "openai_base_url", f"https://{ENDPOINT}")
    discern.ask("settings", "openai_api_key", KEY)
    discern.ask("backup", tmp_path / "backup.zip")
    return Watched(discern.home, said, receiver.came, tmp_path / "backup.zip")


@pytest.mark.slow
def test_what_is_flagged_in_a_watched_folder_is_told_and_signed(watched: Watched) -> None:
    said = watched.said
    assert (said["looked"]["seen"], said["looked"]["flagged"]) == (4, 2)
    assert said["sent"] == {"delivered": 2, "failed": 0}
    key = base64.b64decode(said["secret"].removeprefix("whsec_"))
    told = set()
    for headers, body in watched.came:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        right = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
        assert headers["webhook-signature"] == f"v1,{right}"
        message = json.loads(body)
        assert (message["type"], message["data"]["decision"]) == ("picture.flagged", "yes")
        assert message["data"]["concept"] == recorded_job.NAME
        told.add(message["data"]["file"])
    assert told == {"ellipse-0000.bmp", "ellipse-0002.bmp"}
    assert "secret/path" not in json.dumps(said)  # the address, but for its host


def test_a_backup_is_its_owners_alone_and_holds_no_secret(watched: Watched, tmp_path: Path) -> None:
    assert stat.S_IMODE(watched.backup.stat().st_mode) == 0o600
    with zipfile.ZipFile(watched.backup) as archive:
        names = archive.namelist()
        contents = b"".join(archive.read(name) for name in names)
    kept_apart = {"users.json", "secrets.json"}
    assert kept_apart <= {file.name for file in watched.home.iterdir()}
    assert {part for name in names for part in Path(name).parts} & kept_apart == set()
    for told in (recorded_job.NAME, ENDPOINT):
        assert told.encode() in contents
    for secret in ("secret/path", KEY, watched.said["secret"], watched.said["secret"][len("whsec_") :]):
        assert secret.encode() not in contents


# The data folder


def test_other_users_of_the_computer_see_nothing_of_the_data_folder(tmp_path: Path) -> None:
    home = tmp_path / "home"
    users = ("users", "add", "ana", "--password", PASSWORD, "--json")
    assert Commands(home)(*users).code == 0
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    kept = home / "users.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert PASSWORD not in kept.read_text()
