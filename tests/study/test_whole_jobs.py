"""A classifier in int8, made of the library's own pictures; and the check that other people run, against a
SIMULATED model over drawn pictures: it tries nothing real."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from drawing import draw, draw_folder
from fake_openai import MODEL, FakeOpenAI

from concepts.bundle.classify import Classifier
from concepts.bundle.load import load_bundle
from concepts.errors import DiscernError
from concepts.labelling.dataset import dataset_of
from concepts.labelling.label_files import import_label_file
from concepts.library.collection import collection_of
from concepts.results.bundles import write_bundle
from concepts.results.concepts import begin_concept
from concepts.results.export import bundle_at
from concepts.results.library import import_pictures
from concepts.results.trained import train
from concepts.rooms import open_app
from concepts.settings import load_settings
from study import real_check
from study.int8 import export


@pytest.mark.slow
def test_it_is_half_as_large_says_nearly_the_same_and_is_calibrated_on_no_test_picture(
    tmp_path: Path, encoder_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    shutil.copytree(encoder_cache, tmp_path / "home" / "cache")
    pictures = draw_folder(tmp_path / "pictures", 120)
    bench = open_app(load_settings(home=tmp_path / "home"))
    import_pictures(bench, [pictures], encoder="embedded").wait()
    concept = begin_concept(bench, "Round thing", "A filled ellipse, not a rectangle.")
    rows = [f"{p},{'yes' if 'ellipse' in p.name else 'no'}" for p in sorted(pictures.glob("*.png"))[:70]]
    (tmp_path / "answers.csv").write_text("\n".join(["path,label", *rows]))
    import_label_file(concept, tmp_path / "answers.csv", simulated=True)
    concept.begin(train).wait()
    agreement = export(bench, "Round thing", tmp_path / "small")
    write_bundle(concept, tmp_path / "float")
    assert agreement.n == len(dataset_of(concept).apart) > 0
    small, whole = load_bundle(tmp_path / "small"), load_bundle(tmp_path / "float")
    assert small.facts.encoder.precision.startswith("int8-")
    assert small.facts.encoder.fingerprint != whole.facts.encoder.fingerprint
    assert small.head.threshold == whole.head.threshold
    files = [tmp_path / name / "classifier.onnx" for name in ("small", "float")]
    assert files[0].stat().st_size < 0.6 * files[1].stat().st_size
    both = [list(Classifier(file).answers([pictures])) for file in files]
    near = [abs(a.probability - b.probability) for a, b in zip(*both, strict=True)]  # type: ignore[operator]
    assert np.mean(near) < 0.1
    assert "this one computes in int8" in (tmp_path / "small" / "README.md").read_text()
    with pytest.raises(DiscernError, match=r"Score pictures with its classify\.py"):
        bundle_at(collection_of(bench), tmp_path / "small", of_library=False)
    monkeypatch.setattr("study.int8.FEWEST", 1000)
    with pytest.raises(DiscernError, match="calibrated on 1000 pictures or more"):
        export(bench, "Round thing", tmp_path / "none")
    bench.close()


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
