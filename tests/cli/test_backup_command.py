"""`discern backup`: who may read what it writes, and what is in it."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command_line import Ended
from web_screens import Screens

from concepts.rooms import open_app
from concepts.settings import Settings
from concepts.use_cases import App

End = Callable[..., Ended]
KEY = "sk-a-key-of-somebody"


@pytest.fixture
def open_to_all() -> Iterator[None]:
    """A process whose files everybody may read, where it says nothing else."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


@pytest.mark.usefixtures("open_to_all")
def test_only_its_owner_can_read_it_from_its_first_byte_on(
    ended: End, own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def pieces(app: App, **asked: bool) -> Iterator[bytes]:
        for piece in (b"one", b"two"):
            seen.extend(mode(file) for file in (tmp_path / "out").iterdir())
            yield piece

    monkeypatch.setattr("concepts.installation.jobs.backup_of", pieces)
    out = tmp_path / "out" / "backup.zip"
    out.parent.mkdir()
    assert ended("backup", out).code == 0
    assert (out.read_bytes(), mode(out), set(seen)) == (b"onetwo", 0o600, {0o600})


def test_the_command_the_screen_and_the_read_me_say_that_uploads_are_not_in_it(
    ended: End, own_home: Path, tmp_path: Path
) -> None:
    out, batch = tmp_path / "backup.zip", own_home / "uploads" / "20261129-120000-0123456789ab"
    assert "upload" not in ended("backup", out).out
    batch.mkdir(parents=True)
    for name in ("one.jpg", "two.jpg", ".three.part"):
        (batch / name).touch()
    said = f"2 uploaded files are in {own_home / 'uploads'} and not in the backup: copy that folder too."
    assert said in ended("backup", out).out
    with zipfile.ZipFile(out) as archive:
        assert said in archive.read("README.txt").decode()
    bench = open_app(Settings(home=own_home))
    screens = Screens(bench)
    page = screens.load("settings/backup")
    downloaded = screens.client.get("/api/v1/backup").content
    bench.close()
    with zipfile.ZipFile(io.BytesIO(downloaded)) as archive:
        assert {"discern.sqlite", "README.txt"} <= set(archive.namelist())
    assert said in page
    assert "stay where they are" not in page


@pytest.mark.usefixtures("open_to_all")
def test_what_others_could_read_there_before_is_replaced(ended: End, own_home: Path, tmp_path: Path) -> None:
    out, left_over = tmp_path / "backup.zip", tmp_path / ".backup.zip.partial"
    for file in (out, left_over):
        file.write_bytes(b"of before")
    with left_over.open("rb") as reader:  # by whoever opened it before
        assert ended("backup", out).code == 0
        assert reader.read() == b"of before"
    assert (mode(out), zipfile.is_zipfile(out), left_over.exists()) == (0o600, True, False)
