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
    "mcp": "mcp" in sys.modules,
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


def test_gradio_imports_no_package_for_a_server_that_the_app_does_not_have(
    imported: dict[str, object],
) -> None:
    assert imported["mcp"] is False


def test_its_components_have_their_events(imported: dict[str, object]) -> None:
    assert imported["click"] is True


@pytest.mark.skipif(find_spec("mcp") is None, reason="the package mcp is not installed")
def test_the_package_is_there_for_who_imports_it_after() -> None:
    subprocess.run([sys.executable, "-c", "import web, gradio, mcp; mcp.types"], check=True)


def test_an_event_is_answered_without_drawing_libraries(imported: dict[str, object]) -> None:
    assert imported["answer"] == ["here"]
    assert imported["matplotlib"] is False
