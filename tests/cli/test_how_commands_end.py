"""Reasons, exit codes, and what programs read when something goes wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Ended

from concepts.cli import root
from concepts.cli.output import StoppedError

End = Callable[..., Ended]
HEAVY = {"torch", "lancedb", "transformers", "open_clip", "gradio", "matplotlib", "onnx"}
NOT_NEEDED = (*sorted(HEAVY), "sklearn", "scipy", "numpy", "sqlalchemy", "fastapi", "ray")


def imported(*arguments: object) -> tuple[int, list[str]]:
    """Exit code of a command, and which of the libraries that take long it has imported."""
    script = (
        "import sys\nfrom concepts.cli import main\ntry:\n    main()\nfinally:\n"
        f"    print('imported:', *[m for m in {NOT_NEEDED} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    return done.returncode, done.stdout.splitlines()[-1].removeprefix("imported:").split()


def test_what_can_be_said_at_once_waits_for_no_library() -> None:
    assert imported("--help") == (0, [])
    assert imported("score", "/no/such/bundle", "--out", "scores.csv") == (1, [])


@pytest.mark.slow
def test_where_nothing_new_is_encoded_neither_encoder_nor_lancedb_is_loaded(
    answered: Path, discern: Callable[..., object]
) -> None:
    discern("concept", "train", "Round thing")
    discern("concept", "evaluate", "Round thing")  # the first time words are encoded, and kept
    for command in ("next", "train", "evaluate"):
        code, loaded = imported("concept", command, "Round thing")
        assert (code, HEAVY & set(loaded)) == (0, set()), command


def test_an_error_is_one_line_for_people_and_json_with_what_to_do_for_programs(
    pictures: Path, ended: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(root, "give_back_freed", lambda: asked.append(True))
    end = ended("concept", "show", "Nothing")
    assert (end.code, end.out) == (1, "")
    assert end.err.startswith("discern: There is no concept “Nothing”.")
    assert end.err.count("\n") == 1
    assert asked == [True]  # a command gives back what is freed
    end = ended("concept", "show", "Nothing", "--json")
    assert (end.code, end.err) == (1, "")
    assert set(end.json) == {"error", "what_to_do"}
    assert "no concept “Nothing”" in end.json["error"]
    assert "There are: “Round thing”" in end.json["what_to_do"]


def test_ctrl_c_is_told_to_people_with_how_to_go_on(ended: End, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(**options: object) -> None:
        raise StoppedError("Stopped after 3 of 9. What is finished is kept.")

    monkeypatch.setattr(root, "app", stop)
    monkeypatch.setattr(root.signal, "signal", lambda *anything: None)
    end = ended("library", "add", "pictures")
    assert (end.code, end.out) == (130, "")
    assert end.err == "Stopped after 3 of 9. What is finished is kept. Run the same command again to go on.\n"


def test_what_a_message_says_behind_its_first_sentence_is_what_to_do(ended: End) -> None:
    end = ended("library", "add", "/no/such/folder", "--json")
    assert end.json == {
        "error": "/no/such/folder does not exist. Check the spelling of the path.",
        "what_to_do": "Check the spelling of the path.",
    }


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("nex",), "nex"),
        (("train", "Round thing", "--head", "forest"), "auto, line, text, lda, logistic"),
        (("annotate", "Round thing", "--annotator", "oracle"), "auto, builtin, vlm"),
        (("new", "Without a sentence"), "Give a description"),
        (("new", "Of both kinds", "--description", "Any.", "--graded", "3", "--classes", "a,b"), "not both"),
    ],
)
def test_what_makes_no_sense_whatever_there_is_exits_with_2(
    pictures: Path, ended: End, command: tuple[str, ...], said: str
) -> None:
    end = ended("concept", *command)
    assert end.code == 2
    assert said in end.err


def test_help_names_what_is_registered(ended: End) -> None:
    for command, names in (("train", "auto, line, text, lda, logistic"), ("annotate", "auto, builtin, vlm")):
        assert names in " ".join(ended("concept", command, "--help").out.split())
