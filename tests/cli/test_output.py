"""What commands print: for people without breaking a path, for programs with figures by name."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from concepts.cli import app
from concepts.cli.output import StoppedError, plain, progress, say, table

cells = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=200)


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=5))
def test_a_row_of_a_table_is_one_line_whatever_is_in_it(rows: list[tuple[str, str]]) -> None:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        table(("id", "path"), rows)
    lines = out.getvalue().split("\n")[1:-1]
    assert len(lines) == len(rows)
    assert all(last.rstrip() in line for line, (_, last) in zip(lines, rows, strict=True))


def test_a_terminal_obeys_no_name(capsys: pytest.CaptureFixture[str]) -> None:
    say("Added \x1b]0;title\x07\x9b31m.png")
    table(("", ""), [("a", "\x1b[2J\rb.png")])
    assert capsys.readouterr().out == "Added \ufffd]0;title\ufffd\ufffd31m.png\na  \ufffd[2J\ufffdb.png\n"


def test_wide_letters_keep_columns_below_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    table(("what", "n"), [("猫", 1), ("cafe\u0301", 2), ("ab", 3)])
    assert capsys.readouterr().out.splitlines() == ["what  n", "猫    1", "cafe\u0301  2", "ab    3"]


def test_a_long_path_stays_in_one_piece(
    discern: Callable[..., Any], tmp_path: Path, tiny_open_clip: Path
) -> None:
    folder = tmp_path / ("long-name-" * 18) / ("folder-" * 20)
    folder.mkdir(parents=True)
    (folder / "bad.png").write_text("no picture")
    discern("library", "add", folder, "--encoder", f"local-dir:{tiny_open_clip}")
    said = CliRunner().invoke(app, ["library", "info", "--bad"]).output
    assert f"{folder}/bad.png: " in said


def test_figures_are_a_map_by_name() -> None:
    report = {
        "metrics": [{"name": "f1", "value": 0.5, "n": 3}],
        "baselines": [{"name": "the words", "metrics": [{"name": "f1", "value": 0.1, "n": 3}]}],
        "labels": [{"author_kind": "person", "yes": 1, "no": 2}],
    }
    assert plain({"heads": [{"report": report}]})["heads"][0]["report"] == {
        "metrics": {"f1": {"value": 0.5, "n": 3}},
        "baselines": {"the words": {"metrics": {"f1": {"value": 0.1, "n": 3}}}},
        "labels": [{"author_kind": "person", "yes": 1, "no": 2}],
    }
    json.dumps(plain(report))


def stopped_at(done: int, total: int | None, note: str) -> None:
    with progress("Adding", "They are kept.") as listener:
        listener(done, total, note)
        raise KeyboardInterrupt


def test_ctrl_c_says_how_far_it_was_and_what_is_kept() -> None:
    with pytest.raises(StoppedError, match=r"^Stopped after 3 of 9 \(2 new\)\. They are kept\.$"):
        stopped_at(3, 9, "2 new")
