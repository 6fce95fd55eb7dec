"""Where the SQL is kept: a file in the home by itself, or the database that DISCERN_DATABASE_URL names."""

from __future__ import annotations

import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from drawing import draw_folder
from postgres import Server

from concepts.errors import StorageError
from concepts.settings import load_settings
from concepts.workbench import Workbench

NAME = "Round thing"


def test_without_an_address_it_is_a_file_in_the_home(own_home: Path) -> None:
    Workbench(load_settings()).close()
    assert (own_home / "discern.sqlite").is_file()


def test_an_empty_address_is_none(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCERN_DATABASE_URL", "")
    assert load_settings().database == f"sqlite:///{own_home}/discern.sqlite"


def test_the_address_may_name_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCERN_DATABASE_URL", f"sqlite:///{tmp_path}/elsewhere.sqlite")
    Workbench(load_settings()).close()
    assert (tmp_path / "elsewhere.sqlite").is_file()


def test_an_address_that_leads_nowhere_is_an_error_that_names_the_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DISCERN_DATABASE_URL", "the one in the cellar")
    with pytest.raises(StorageError, match="DISCERN_DATABASE_URL"):
        Workbench(load_settings())


def test_the_password_of_the_address_is_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCERN_DATABASE_URL", "postgresql+psycopg://ana:top-secret@db/discern")
    settings = load_settings()
    assert "top-secret" not in f"{settings!r} {settings.model_dump()} {settings.model_dump_json()}"


def test_the_driver_of_postgres_is_not_loaded_where_it_is_not_used(own_home: Path) -> None:
    code = (
        "import sys, app\nfrom concepts.settings import load_settings\n"
        "from concepts.workbench import Workbench\nWorkbench(load_settings())\n"
        "print([name for name in sys.modules if name.startswith('psycopg')])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_the_whole_job_is_done_on_postgres(
    postgres: Server, own_home: Path, tmp_path: Path, tiny_open_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCERN_DATABASE_URL", postgres.new_database())
    bench = Workbench(load_settings())
    pictures = draw_folder(tmp_path / "pictures", 45)
    added = bench.library.add([pictures], encoder=f"local-dir:{tiny_open_clip}").wait()
    assert added.added == 45
    bench.concepts.begin(NAME, "A filled ellipse, not a rectangle.")
    bench.concept(NAME).definition.mine().wait()
    bench.concept(NAME).annotations.annotate(limit=10).wait()
    for purpose in ("evaluation", "train"):
        for picture in bench.concept(NAME).labels.next_pictures(15, purpose=purpose):  # type: ignore[arg-type]
            value = "yes" if "ellipse" in picture.path else "no"
            bench.concept(NAME).labels.give(picture.id, value, author="ana", key=uuid.uuid4().hex)
    assert bench.concept(NAME).versions.train().wait().number == 1
    assert bench.concept(NAME).versions.measure().head == 1
    bench.concept(NAME).versions.train()
    concept = bench.context.concept(NAME)
    assert [job.state for job in bench.jobs.store.newest_first(["train"], concept.id)] == [
        "queued",
        "done",
    ]
    (summary,) = bench.concepts.all()
    assert (summary.heads, summary.answers.answers) == (1, 24)
    assert bench.installation.about().database_bytes > 0
    assert b"".join(bench.installation.backup())
    assert not (own_home / "discern.sqlite").exists()
    bench.close()
