"""The notebook in `docs/` runs, offline, from its first cell to its last."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "library.ipynb"


@pytest.mark.slow
def test_the_notebook_runs_and_shows_pictures(warm_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("IPYTHONDIR", str(warm_home / "ipython"))
    notebook = nbformat.read(FILE, as_version=4)
    NotebookClient(notebook, timeout=None, kernel_name="python3").execute(cwd=str(warm_home))
    said = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    shown = [output["data"] for output in said if output["output_type"] == "execute_result"]
    assert sum("data:image/webp" in data.get("text/html", "") for data in shown) == 2
    assert "of 100" in "".join(output.get("text", "") for output in said)


def test_the_notebook_is_kept_without_what_it_showed() -> None:
    cells = [cell for cell in nbformat.read(FILE, as_version=4).cells if cell.cell_type == "code"]
    assert [(cell.outputs, cell.execution_count) for cell in cells] == [([], None)] * len(cells)
