"""The check that other people run, against a SIMULATED model over drawn pictures: it tries nothing real."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from drawing import draw
from fake_openai import MODEL, FakeOpenAI

from study import real_check


@pytest.mark.slow
def test_the_whole_job_ends_in_a_report_without_names_and_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = tmp_path / "pictures"
    for folder, shape in (("animals", "ellipse"), ("others", "rectangle")):
        (pictures / folder).mkdir(parents=True)
        for number in range(10):
            draw(shape, number).save(pictures / folder / f"{number}.png")
    monkeypatch.chdir(tmp_path)
    with FakeOpenAI(answer=lambda request: {"rating": 4}) as server:
        options = ["--model", MODEL, "--endpoint", server.base_url, "--key", "sk-never-told"]
        options += ["--encoder", "embedded", "--pictures", str(pictures)]
        monkeypatch.setattr(sys, "argv", ["real_check", *options])
        real_check.main()
    report = (tmp_path / "real-check.md").read_text(encoding="utf-8")
    for step in ("Encoder", "Search", "Endpoint", "Train", "Export", "Score"):
        assert f"- {step}: done" in report
    assert "suggestions" in report
    assert "sk-never-told" not in report
    assert str(tmp_path) not in report
