"""Writing a bundle and using each of its files."""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from bundles import make_facts, make_head, write_one
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from concepts.bundle import write as bundle_module
from concepts.bundle.heads import BundleHead
from concepts.bundle.load import load_bundle
from concepts.bundle.scorer import load as load_scorer
from concepts.bundle.write import BundlePart, write_bundle
from concepts.errors import DiscernError


def snapshot(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@settings(max_examples=40)
@given(
    dimension=st.integers(1, 600),
    norm=st.sampled_from([0.0, 1.0, 30.0, 1e3, 1e5]),
    bias=st.floats(-1e4, 1e4),
    seed=st.integers(0, 2**32 - 1),
)
def test_product_numpy_scorer_and_onnx_agree_to_1e5(dimension, norm, bias, seed):
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=dimension)
    vectors = rng.normal(size=(20, dimension))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    head = make_head(weights * norm / np.linalg.norm(weights), bias)
    # The first vector sits on the decision boundary, where rounding hurts most.
    head = make_head(head.weights, bias=bias if seed % 2 else -float(vectors[0] @ head.weights))
    with tempfile.TemporaryDirectory() as parent:
        folder = write_one(Path(parent) / "b", head, make_facts(head), None)
        session = onnxruntime.InferenceSession(folder / "head.onnx")
        (by_onnx,) = session.run(["probability"], {"embedding": vectors})
        by_scorer = load_scorer(folder).probability(vectors)
        by_product = load_bundle(folder).head.probabilities(vectors)
    expected = head.probabilities(vectors)
    assert by_onnx.shape == (20, 1)
    assert np.array_equal(by_product, expected)
    assert np.abs(by_scorer[:, 0] - expected).max() < 1e-5
    assert np.abs(by_onnx[:, 0] - expected).max() < 1e-5


def test_a_loaded_bundle_is_what_was_written_from_folder_and_zip(folder, head, facts):
    for path in (folder, folder.with_name("messy.zip")):
        loaded = load_bundle(path, expect_fingerprint=facts.encoder.fingerprint)
        assert loaded.facts == facts
        assert np.array_equal(loaded.head.weights, head.weights)
        assert loaded.head.prototypes.kept() == head.prototypes.kept()
        arrays = {"weights": None, "prototypes": None}
        assert vars(loaded.head) | arrays == vars(head) | arrays
    properties = onnxruntime.InferenceSession(folder / "head.onnx").get_modelmeta().custom_metadata_map
    about = json.loads(properties["discern"])
    assert about["fingerprint"] == facts.encoder.fingerprint
    assert about["columns"] == [{"name": "messy room", "threshold": head.threshold, "version": 2}]


def test_the_same_input_gives_the_same_bytes_and_the_zip_holds_the_folder(tmp_path, head, facts, curves):
    first, second = (write_one(tmp_path / place / "messy", head, facts, curves) for place in ("one", "two"))
    assert snapshot(first) == snapshot(second)
    assert first.with_name("messy.zip").read_bytes() == second.with_name("messy.zip").read_bytes()
    with zipfile.ZipFile(first.with_name("messy.zip")) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert inside == {f"messy/{name}": content for name, content in snapshot(first).items()}


def test_an_older_bundle_is_replaced_unless_someone_added_a_file_and_nothing_is_left_beside_it(folder, head):
    newer, added = make_head(head.weights, threshold=0.7), folder / "embeddings.npy"
    added.write_bytes(b"precious")
    with pytest.raises(DiscernError, match=r"embeddings\.npy"):
        write_one(folder, newer, make_facts(newer), None)
    assert added.read_bytes() == b"precious"
    added.unlink()
    (folder / "reliability.png").write_bytes(b"as versions before 0.3.0 drew it")
    write_one(folder, newer, make_facts(newer), None)
    for path in (folder, folder.with_name("messy.zip")):
        assert load_bundle(path).head.threshold == 0.7
    assert not [file for file in folder.iterdir() if file.suffix in (".svg", ".png")]
    assert sorted(entry.name for entry in folder.parent.iterdir()) == ["messy", "messy.zip"]


@pytest.mark.parametrize(
    ("there", "named"),
    [("new/holiday.jpg", "new"), ("new/head.onnx", "new"), ("new.zip", "new.zip"), ("new", "new")],
    ids=["a folder", "a folder with one of our names", "a zip", "a file"],
)
def test_what_is_in_the_way_and_no_bundle_is_left_as_it_is(tmp_path, head, facts, there, named):
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).write_bytes(b"precious")
    with pytest.raises(DiscernError, match="Choose another place"):
        write_one(tmp_path / "new", head, facts, None)
    assert (tmp_path / there).read_bytes() == b"precious"
    assert [entry.name for entry in tmp_path.iterdir()] == [named]


def test_a_failed_write_leaves_the_old_bundle(folder, head, facts, monkeypatch):
    before = snapshot(folder)
    rename = Path.rename

    def disk_full_for_the_new_one(self, target):
        if ".new-" in self.name:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", disk_full_for_the_new_one)
    with pytest.raises(DiscernError, match="No space left"):
        write_one(folder, make_head(head.weights * 2), facts, None)
    assert snapshot(folder) == before
    assert sorted(entry.name for entry in folder.parent.iterdir()) == ["messy", "messy.zip"]


def test_a_head_that_does_not_fit_its_description_is_refused(tmp_path, head, facts):
    for wrong in (
        make_head(head.weights, threshold=0.9),
        make_head(head.weights[:-1]),
        make_head(np.full_like(head.weights, np.nan)),
    ):
        with pytest.raises(DiscernError):
            write_one(tmp_path / "messy", wrong, facts, None)
    assert list(tmp_path.iterdir()) == []


def test_the_scorer_refuses_other_embeddings_and_decides_as_the_product(made_bundle, head, facts):
    scorer = load_scorer(made_bundle)
    scorer.check_fingerprint(facts.encoder.fingerprint)
    with pytest.raises(ValueError, match="other-123"):
        scorer.check_fingerprint("other-123")
    expected = head.probabilities(np.eye(2, 8)) >= head.threshold
    assert scorer.decide(np.eye(2, 8))[:, 0].tolist() == expected.tolist()
    with pytest.raises(ValueError, match="shape"):
        scorer.probability(np.zeros((2, 9)))
    for none in (np.zeros((2, 8)), 2 * np.eye(2, 8), np.full((2, 8), np.nan), np.full((1, 8), np.inf)):
        with pytest.raises(ValueError, match="row 0 has length"):
            scorer.probability(none)


@pytest.mark.parametrize(
    "weights", [np.full(8, np.nan), np.ones(8, np.float32), np.ones((8, 1)), np.ones(8, int)]
)
def test_the_scorer_refuses_weights_that_are_none_and_a_newer_format(folder, weights):
    save_file({"0.weights": weights, "0.bias": np.zeros(1)}, folder / "head.safetensors")
    with pytest.raises(ValueError, match="weights"):
        load_scorer(folder)
    document = json.loads((folder / "head.json").read_text())
    (folder / "head.json").write_text(json.dumps(document | {"schema_version": 3}))
    with pytest.raises(ValueError, match="format 2"):
        load_scorer(folder)


def test_every_file_named_as_ours_is_written_or_what_loads_its_encoder_instead(
    tmp_path, head, facts, curves, small_graph
):
    part = BundlePart(BundleHead(head), facts.concepts[0], curves)
    folder = write_bundle(tmp_path / "messy", [part], facts.encoder, small_graph, page=True)
    assert set(snapshot(folder)) == bundle_module.OUR_FILES - {"open_clip_encoder.py"}
    assert json.loads((folder / "curves.json").read_text())["histogram_yes"] == [2, 4, 14, 40]
    without = write_one(tmp_path / "without", head, facts, curves)
    missing = {"classifier.onnx", "ENCODER_LICENCE.txt", "classify.html", "RUNTIME_LICENCE.txt"}
    assert set(snapshot(without)) == bundle_module.OUR_FILES - missing
