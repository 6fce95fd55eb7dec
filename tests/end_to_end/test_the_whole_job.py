"""From a sentence to scored pictures through the command line, with real encoders and drawn pictures.

The answers are simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from drawing import draw_folder

NAME, TEXT = "Round thing", "A filled ellipse or ball, not a rectangle and not a line."


def answer(discern: Any, asked: dict[str, Any], folder: Path, split: str = "train") -> Any:
    file = folder / "answers.csv"
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "label", "split"])
        for picture in asked["pictures"]:
            writer.writerow([picture["path"], int(Path(picture["path"]).name.startswith("ellipse")), split])
    return discern("concept", "labels", "import", NAME, file, "--simulated")


def whole_job(discern: Any, drawn: Path, tmp_path: Path, encoder: str) -> dict[str, Any]:
    added = discern("library", "add", drawn, "--encoder", encoder)
    assert added["added"] == 120
    discern("concept", "new", NAME, "--description", TEXT)
    discern("concept", "expand", NAME)
    discern("concept", "mine", NAME, "--size", 80)
    discern("concept", "annotate", NAME, "--limit", 30)
    held_out = discern("concept", "next", NAME, "--n", 100, "--evaluation")
    answer(discern, held_out, tmp_path, "evaluation")
    for _ in range(6):
        answer(discern, discern("concept", "next", NAME, "--n", 5), tmp_path)
    discern("concept", "train", NAME)
    report = discern("concept", "evaluate", NAME)
    discern("concept", "export", NAME, "--out", tmp_path / "bundle")
    new = draw_folder(tmp_path / "new", 30, first_seed=9000)
    discern("score", tmp_path / "bundle", new, "--out", tmp_path / "new.parquet")
    discern("score", tmp_path / "bundle", "--out", tmp_path / "library.csv")
    return report


def metric(report: dict[str, Any], name: str) -> Any:
    return report["metrics"][name]["value"]


def test_with_the_embedded_encoder(discern: Any, drawn: Path, tmp_path: Path) -> None:
    report = whole_job(discern, drawn, tmp_path, "embedded")
    assert metric(report, "average_precision") > 0.9
    rows = pq.read_table(tmp_path / "new.parquet").to_pylist()
    truth = np.array([Path(row["path"]).name.startswith("ellipse") for row in rows])
    called = np.array([row["decision"] == "yes" for row in rows])
    assert len(rows) == 30
    assert (truth == called).mean() > 0.8

    view = discern("concept", "show", NAME)
    assert view["answers"]["measure"] == 24
    assert view["answers"]["simulated"] == 24 + 30
    card = (tmp_path / "bundle" / "README.md").read_text()
    assert "simulated" in card


def test_with_an_open_clip_checkpoint(
    discern: Any, drawn: Path, tmp_path: Path, tiny_open_clip: Path
) -> None:
    report = whole_job(discern, drawn, tmp_path, f"local-dir:{tiny_open_clip}")
    assert set(report["metrics"]) >= {"average_precision", "brier", "f1"}
    facts = json.loads((tmp_path / "bundle" / "head.json").read_text())
    assert facts["encoder"]["name"] == f"local-dir:{tiny_open_clip}"
    with (tmp_path / "library.csv").open() as stream:
        assert len(list(csv.DictReader(stream))) == 120


def test_the_bundle_says_the_same_alone_as_in_the_product(
    discern: Any, drawn: Path, tmp_path: Path, tiny_open_clip: Path
) -> None:
    from concepts.settings import load_settings
    from concepts.workbench import Workbench

    whole_job(discern, drawn, tmp_path, f"local-dir:{tiny_open_clip}")
    ids, vectors = next(Workbench(load_settings()).context.collection.index().batches(200))
    np.save(tmp_path / "vectors.npy", vectors)
    printed = subprocess.run(
        [sys.executable, tmp_path / "bundle" / "scorer.py", tmp_path / "vectors.npy"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    alone = [float(row["probability"]) for row in csv.DictReader(printed.splitlines())]
    with (tmp_path / "library.csv").open() as stream:
        product = {row["id"]: float(row["score"]) for row in csv.DictReader(stream)}
    assert alone == pytest.approx([product[i] for i in ids], abs=1e-5)
