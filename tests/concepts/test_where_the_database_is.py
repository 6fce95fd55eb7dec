"""Where the SQL is kept: a file in the home by itself, or the database that DISCERN_DATABASE_URL names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from answering import answer_next
from drawing import draw_folder
from postgres import Server

from concepts.collaborator.annotations import annotate
from concepts.installation.jobs import about_installation, backup_of
from concepts.labelling.mining import mine
from concepts.results.concepts import begin_concept
from concepts.results.library import import_pictures
from concepts.results.overview import list_concepts
from concepts.results.trained import measure_again, train
from concepts.rooms import open_app
from concepts.settings import load_settings

NAME = "Round thing"


def test_it_is_a_file_in_the_home_unless_an_address_names_another(
    own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCERN_DATABASE_URL", "")  # which is none
    open_app(load_settings()).close()
    assert (own_home / "discern.sqlite").is_file()
    monkeypatch.setenv("DISCERN_DATABASE_URL", f"sqlite:///{tmp_path}/elsewhere.sqlite")
    open_app(load_settings()).close()
    assert (tmp_path / "elsewhere.sqlite").is_file()


def test_the_password_of_the_address_is_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCERN_DATABASE_URL", "postgresql+psycopg://ana:top-secret@db/discern")
    settings = load_settings()
    assert "top-secret" not in f"{settings!r} {settings.model_dump()} {settings.model_dump_json()}"


@pytest.mark.slow
def test_what_postgres_videos_and_words_in_pictures_take_is_not_loaded_where_it_is_not_used() -> None:
    code = (
        "import sys, app, web.server\nfrom concepts.settings import load_settings\n"
        "from concepts.rooms import open_app\nfrom concepts.library.upkeep import words_state\n"
        "words_state(open_app(load_settings()))\n"
        "print({'psycopg', 'av', 'rapidocr'} & {*sys.modules})"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"


def test_the_whole_job_is_done_on_postgres(
    postgres: Server, own_home: Path, tmp_path: Path, tiny_open_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCERN_DATABASE_URL", postgres.new_database())
    bench = open_app(load_settings())
    pictures = draw_folder(tmp_path / "pictures", 45)
    assert import_pictures(bench, [pictures], encoder=f"local-dir:{tiny_open_clip}").wait().added == 45
    concept = begin_concept(bench, NAME, "A filled ellipse, not a rectangle.")
    concept.begin(mine).wait()
    concept.begin(annotate, limit=10).wait()
    for purpose in ("evaluation", "train"):
        answer_next(concept, 15, purpose)
    assert concept.begin(train).wait().number == 1
    assert measure_again(concept).head == 1
    concept.begin(train)
    assert [job.state for job in bench.jobs.store.newest_first(["train"], concept.id)] == ["queued", "done"]
    (summary,) = list_concepts(bench)
    assert (summary.heads, summary.answers.answers) == (1, 24)
    assert about_installation(bench).database_bytes > 0
    assert b"".join(backup_of(bench))
    assert not (own_home / "discern.sqlite").exists()
    bench.close()
