"""An encoder in int8, made from the library's own pictures: measured before it is chosen, then exported."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawing import draw_folder
from fastapi.testclient import TestClient

from concepts.bundle.classify import Classifier
from concepts.bundle.load import load_bundle
from concepts.publishing.smaller import CALIBRATION, MADE_UP
from concepts.settings import load_settings
from concepts.workbench import Workbench
from web.server import create_app

NAME = "Round thing"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, encoder_cache: Path) -> tuple[Path, Path]:
    """(home, pictures): 120 drawings with the embedded encoder, answered by a SIMULATED person, trained."""
    root = tmp_path_factory.mktemp("embedded")
    (root / "home").mkdir()
    shutil.copytree(encoder_cache, root / "home" / "cache", ignore=shutil.ignore_patterns("int8-*"))
    pictures = draw_folder(root / "pictures", 120)
    bench = Workbench(load_settings(home=root / "home"))
    bench.library.add([pictures], encoder="embedded").wait()
    train(bench, pictures, root)
    bench.close()
    # What int8 takes seconds for is there, as after another export; that it was measured isn't known.
    another = shutil.copytree(root / "home", root / "another")
    bench = Workbench(load_settings(home=another))
    bench.concept(NAME).exports.measure_int8().wait()
    bench.close()
    for kept in (another / "cache").glob("int8-*"):
        shutil.copy(kept, root / "home" / "cache")
    return root / "home", pictures


def train(bench: Workbench, pictures: Path, folder: Path) -> None:
    """By a SIMULATED person, who answers about 70 pictures: an ellipse counts."""
    bench.concepts.begin(NAME, "A filled ellipse, not a rectangle.")
    rows = [f"{p},{'yes' if 'ellipse' in p.name else 'no'}" for p in sorted(pictures.glob("*.png"))[:70]]
    (folder / "answers.csv").write_text("\n".join(["path,label", *rows]))
    bench.concept(NAME).label_files.import_file(folder / "answers.csv", simulated=True)
    bench.concept(NAME).versions.train().wait()


@pytest.fixture
def pictures(made: tuple[Path, Path], own_home: Path) -> Path:
    shutil.copytree(made[0], own_home)
    return made[1]


@pytest.mark.slow
def test_it_is_chosen_after_it_was_measured(
    pictures: Path,
    ended: Callable[..., Any],
    tmp_path: Path,
) -> None:
    done = ended("concept", "export", NAME, "--out", tmp_path / "small", "--int8", "--yes", "--page")
    assert done.code == 0, done.err
    assert "MB instead of" in done.out
    assert "are decided as with float32" in done.out
    floats = ended("concept", "export", NAME, "--out", tmp_path / "float")
    assert floats.code == 0
    small, whole = load_bundle(tmp_path / "small"), load_bundle(tmp_path / "float")
    assert small.facts.encoder.precision.startswith("int8-")
    assert small.facts.encoder.fingerprint != whole.facts.encoder.fingerprint
    assert small.head.threshold == whole.head.threshold
    sizes = [(tmp_path / name / "classifier.onnx").stat().st_size for name in ("small", "float")]
    assert sizes[0] < 0.6 * sizes[1]
    assert (tmp_path / "small" / "classify.html").stat().st_size < 20 * 2**20
    both = [
        list(Classifier(tmp_path / name / "classifier.onnx").answers([pictures]))
        for name in ("small", "float")
    ]
    near = [abs(a.probability - b.probability) for a, b in zip(*both, strict=True)]  # type: ignore[operator]
    same = [a.decision == b.decision for a, b in zip(*both, strict=True)]
    assert np.mean(near) < 0.1
    assert np.mean(same) > 0.9
    assert "this one computes in int8" in (tmp_path / "small" / "README.md").read_text()
    check = ended("bundle", "check", tmp_path / "small")
    assert (check.code, "classify.html" in check.out) == (0, True)
    again = ended("score", tmp_path / "small", pictures, "--out", tmp_path / "scores.csv")
    assert again.code != 0
    assert "Score pictures with its classify.py" in again.err


def test_who_says_no_gets_nothing(
    pictures: Path, ended: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    done = ended("concept", "export", NAME, "--out", tmp_path / "small", "--int8")
    assert done.code != 0
    assert "are decided as with float32" in done.out
    assert not (tmp_path / "small").exists()


def test_pictures_that_measure_are_never_calibrated_on(pictures: Path, own_home: Path) -> None:
    bench = Workbench(load_settings(home=own_home))
    measured = bench.concept(NAME).exports.measure_int8().wait()
    (agreement,) = measured.agreements
    apart = len(bench.context.dataset(bench.context.concept(NAME)).apart)
    assert agreement.n == apart > 0
    assert measured.calibrated_on == min(120 - apart, CALIBRATION)
    assert 0 <= agreement.low <= agreement.same / agreement.n <= agreement.high <= 1
    bench.close()


def test_over_rest_it_is_refused_until_it_was_measured(pictures: Path, own_home: Path) -> None:
    bench = Workbench(load_settings(home=own_home))
    client = TestClient(create_app(bench))
    address = f"/api/v1/concepts/{NAME}/versions/1"
    refused = client.get(f"{address}/bundle", params={"int8": "true"})
    assert refused.status_code >= 400
    assert "Measure it first" in refused.json()["detail"]
    assert client.get(address).json()["int8"] is None
    job = client.post(f"{address}/int8")
    assert job.status_code == 202
    bench.jobs.resume(job.json()["id"])
    measured = client.get(address).json()["int8"]
    assert measured["int8_bytes"] < 0.6 * measured["float32_bytes"]
    bundle = client.get(f"{address}/bundle", params={"int8": "true"})
    assert bundle.status_code == 200
    assert "-int8.zip" in bundle.headers["content-disposition"]
    bench.close()


@pytest.mark.slow
def test_for_a_library_with_few_pictures_others_are_made_up(
    own_home: Path, encoder_cache: Path, tmp_path: Path
) -> None:
    own_home.mkdir()
    shutil.copytree(encoder_cache, own_home / "cache", ignore=shutil.ignore_patterns("int8-*"))
    bench = Workbench(load_settings(home=own_home))
    pictures = draw_folder(tmp_path / "few", 24)
    bench.library.add([pictures], encoder="embedded").wait()
    train(bench, pictures, tmp_path)
    measured = bench.concept(NAME).exports.measure_int8().wait()
    apart = len(bench.context.dataset(bench.context.concept(NAME)).apart)
    assert (measured.calibrated_on, measured.made_up) == (24 - apart + MADE_UP, MADE_UP)
    assert f"{24 - apart} of your pictures and {MADE_UP} made-up pictures" in measured.sentence
    bench.close()
