"""The app imports Gradio without what it has no use for, and Gradio is the same otherwise."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec

import pytest

PROGRAM = """
import builtins, io, json, pathlib, sys
written = []
opened = io.open

def noting(file, mode="r", *rest, **others):
    if str(file).endswith(".pyi"):
        written.append(str(file))
    return opened(file, mode, *rest, **others)

io.open = builtins.open = noting
import web
import gradio
unused = sorted({"mcp", "IPython", "httpx._main"} & set(sys.modules))
from fastapi import FastAPI
from fastapi.testclient import TestClient

with gradio.Blocks() as blocks:
    said = gradio.Textbox()
    blocks.load(lambda: "here", None, said, queue=False)
client = TestClient(gradio.mount_gradio_app(FastAPI(), blocks, "/"))
asked = {"data": [], "fn_index": 0, "session_hash": "x"}
answer = client.post("/gradio_api/run/predict", json=asked).json()["data"]
print(json.dumps({
    "stubs": written,
    "unused": unused,
    "click": callable(gradio.HTML().click),
    "answer": answer,
    "matplotlib": "matplotlib" in sys.modules,
}))
from gradio.mcp import GradioMCPServer
"""


@pytest.fixture(scope="module")
def imported() -> dict[str, object]:
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_gradio_reads_and_writes_no_stubs_for_editors(imported: dict[str, object]) -> None:
    assert imported["stubs"] == []


def test_gradio_imports_nothing_for_a_server_a_notebook_or_a_command_line_that_the_app_does_not_have(
    imported: dict[str, object],
) -> None:
    assert imported["unused"] == []


def test_its_components_have_their_events(imported: dict[str, object]) -> None:
    assert imported["click"] is True


def test_what_was_passed_over_is_there_for_who_imports_it_after() -> None:
    passed_over = ("mcp.types", "IPython.core", "httpx._main.main")
    used = [name for name in passed_over if find_spec(name.partition(".")[0])]  # where it is installed
    imports = "".join(f"import {name.rpartition('.')[0]}; {name}; " for name in used)
    subprocess.run([sys.executable, "-c", f"import web, gradio; {imports}"], check=True)


def test_an_event_is_answered_without_drawing_libraries(imported: dict[str, object]) -> None:
    assert imported["answer"] == ["here"]
    assert imported["matplotlib"] is False
