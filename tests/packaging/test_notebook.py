"""The notebooks run, offline, from their first cell to their last."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "docs" / "library.ipynb"
OWN_VECTORS = ROOT / "examples" / "own_vectors.ipynb"


def ran(file: Path, warm_home: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What its cells put out."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("IPYTHONDIR", str(warm_home / "ipython"))
    notebook = nbformat.read(file, as_version=4)
    NotebookClient(notebook, timeout=None, kernel_name="python3").execute(cwd=str(warm_home))
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


@pytest.mark.slow
def test_the_notebook_of_the_library_shows_pictures(warm_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = ran(LIBRARY, warm_home, monkeypatch)
    shown = [output["data"] for output in said if output["output_type"] == "execute_result"]
    assert sum("data:image/webp" in data.get("text/html", "") for data in shown) == 2
    assert "of 100" in "".join(output.get("text", "") for output in said)


@pytest.mark.slow
def test_the_notebook_for_scientists_ends_with_a_study(
    warm_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "".join(output.get("text", "") for output in ran(OWN_VECTORS, warm_home, monkeypatch))
    assert "| default |" in said
    assert "| random |" in said


@pytest.mark.parametrize("file", [LIBRARY, OWN_VECTORS], ids=lambda file: file.stem)
def test_a_notebook_is_kept_without_what_it_showed(file: Path) -> None:
    cells = [cell for cell in nbformat.read(file, as_version=4).cells if cell.cell_type == "code"]
    assert [(cell.outputs, cell.execution_count) for cell in cells] == [([], None)] * len(cells)
