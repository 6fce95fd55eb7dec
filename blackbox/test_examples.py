"""The small projects in examples/ do their job, over the recorded library and the real app."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from blackbox import job as recorded_job
from blackbox.job import Job
from blackbox.pictures import draw_folder
from blackbox.running import PATIENCE, ROOT, App, Commands, environment, running

EXAMPLES = ROOT / "examples"
DECIDED = r"(yes|no): (ellipse-\d+\.bmp)$"


@pytest.mark.slow
def test_a_moderator_decides_what_the_webhook_brings_and_the_labels_are_there(
    job: Job, tmp_path: Path
) -> None:
    home = job.copied(tmp_path)
    incoming = draw_folder(tmp_path / "incoming", 4, first_seed=9500)  # two of which are flagged
    with running(App(home, tmp_path / "log", DISCERN_INTERNAL_WEBHOOKS="1")) as app:
        program = [sys.executable, EXAMPLES / "moderation_queue.py", recorded_job.NAME, incoming]
        with subprocess.Popen(
            [*map(str, program), "--app", app.origin],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(home),
        ) as moderating:
            assert moderating.stdin is not None
            assert moderating.stdout is not None
            moderating.stdin.write("y\nn\n")
            moderating.stdin.flush()
            told = (re.search(DECIDED, line) for line in moderating.stdout)
            decided = [next(filter(None, told)).groups() for _ in range(2)]
            moderating.send_signal(signal.SIGINT)
            assert "Stopped." in moderating.stdout.read()
    assert {name for _, name in decided} == {"ellipse-0000.bmp", "ellipse-0002.bmp"}
    out = tmp_path / "labels.csv"
    Commands(home).ask("concept", "labels", "export", recorded_job.NAME, "--out", out)
    kept = out.read_text(encoding="utf-8")
    for value, name in decided:
        assert re.search(rf"incoming/{re.escape(name)},{value},", kept)


@pytest.mark.slow
def test_a_camera_folder_is_learned_and_its_animals_get_a_keyword(job: Job, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "cache").symlink_to((job.home_as_made / "cache").resolve())
    drawn = draw_folder(tmp_path / "drawn", 80, first_seed=100)
    for kind, of in (("animal", "ellipse"), ("empty", "rectangle")):
        (tmp_path / "sorted" / kind).mkdir(parents=True)
        for picture in drawn.glob(f"{of}*"):
            picture.rename(tmp_path / "sorted" / kind / picture.name)
    camera = draw_folder(tmp_path / "camera", 6, first_seed=9500)
    commands = tmp_path / "bin"
    commands.mkdir()
    (commands / "discern").write_text(f'#!/bin/sh\nexec {sys.executable} -m discern "$@"\n')
    (commands / "discern").chmod(0o755)

    def run(what: str, folder: Path) -> str:
        variables = environment(home)
        variables["PATH"] = f"{commands}{os.pathsep}{variables['PATH']}"
        script = [EXAMPLES / "wildlife_camera.sh", what, folder, "Animal"]
        done = subprocess.run(
            [*map(str, script)], cwd=ROOT, env=variables, capture_output=True, text=True, timeout=PATIENCE
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("learn", tmp_path / "sorted")
    said = run("look", camera)
    keywords = {file.stem for file in camera.glob("*.xmp") if "Animal" in file.read_text(encoding="utf-8")}
    assert keywords
    assert all(name.startswith("ellipse") and name in said for name in keywords)
