"""`classify.py`, run where nothing of this repository can be imported, says what the product says."""

from __future__ import annotations

import csv
import json
import re
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import bundles
import numpy as np
import onnxruntime
import PIL
import pytest
import safetensors
from bare_python import Done, bare_python, python
from drawing import draw
from PIL import Image
from tiny_open_clip import make_tiny_open_clip

from concepts.bundle import reading
from concepts.bundle.heads import BundleHead, EncoderGraph, classifier_bytes, encoder_graph
from concepts.bundle.load import load_bundle
from concepts.bundle.usage import anywhere, from_pictures_alone, with_numpy, with_onnx
from concepts.encoders import load_encoder
from concepts.encoders.base import Encoder
from concepts.learning.base import LinearHead, Prototypes
from concepts.library.ingestion import embed_files, short_side
from concepts.results.export import encoder_facts
from storage.pictures.formats import PICTURE_SUFFIXES
from storage.pictures.pixels import SRGB

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def embedded(encoder_cache: Path) -> Encoder:
    return load_encoder("embedded", cache=encoder_cache)


@pytest.fixture(scope="session")
def graph(embedded: Encoder, encoder_cache: Path) -> EncoderGraph:
    found = encoder_graph(embedded, short_side(embedded), encoder_cache)
    assert isinstance(found, EncoderGraph)
    return found


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty that differ in size, format, colours and how they lie; one is cut off, one is none."""
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(16):
        shape = ("ellipse", "rectangle", "line")[number % 3]
        size = (200 + 61 * number, 900 - 40 * number)
        draw(shape, number).resize(size, Image.Resampling.BICUBIC).save(folder / f"photo-{number:02}.jpg")
    one = draw("ellipse", 90).resize((500, 300))
    for turn in (3, 6, 8):
        exif = Image.Exif()
        exif[0x0112] = turn
        one.save(folder / f"turned-{turn}.jpg", exif=exif)
    deeper = folder / "deeper" / "still"
    deeper.mkdir(parents=True)
    rgba = one.convert("RGBA")
    rgba.putalpha(Image.linear_gradient("L").resize(one.size))
    rgba.save(deeper / "see-through.png")
    rgba.save(deeper / "see-through.webp", lossless=True)
    for mode, name in (("P", "palette.gif"), ("L", "grey.png"), ("CMYK", "cmyk.jpg")):
        one.convert(mode).save(deeper / name)
    Image.fromarray(np.arange(300 * 200, dtype=np.uint16).reshape(200, 300)).save(deeper / "sixteen.png")
    for name in ("one.tiff", "one.bmp", "=sum(1).png"):
        one.save(deeper / name)
    one.save(deeper / "profile.jpg", icc_profile=SRGB.tobytes())
    one.resize((2400, 1600)).save(deeper / "large.jpg", progressive=True)
    whole = (folder / "photo-00.jpg").read_bytes()
    (folder / "cut-off.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "words.png").write_text("no picture")
    (folder / "notes.txt").write_text("passed over")
    return folder


@pytest.fixture(scope="session")
def head(embedded: Encoder, pictures: Path) -> LinearHead:
    """One that says yes to about half of the pictures, with probabilities of all sizes."""
    vectors = np.concatenate([found[2] for found in embed_files([pictures], embedded)]).astype(np.float64)
    weights = 12 * np.random.default_rng(3).normal(size=embedded.dimension) / 6
    weights -= vectors.mean(0) * (weights @ vectors.mean(0)) / (vectors.mean(0) @ vectors.mean(0))
    line = bundles.make_head(weights, bias=0.0, threshold=0.5)
    sides = (np.asarray(3 * vectors[rows], np.float32) for rows in (slice(4), slice(4, 9)))
    return replace(line, prototypes=Prototypes(*sides))


def facts_of(encoder: Encoder, head: LinearHead) -> Any:
    return bundles.make_facts(head, encoder=encoder_facts(encoder))


def by_the_product(encoder: Encoder, head: LinearHead, pictures: Path) -> dict[str, float]:
    """Path → probability."""
    return {
        path: float(probability)
        for _, paths, vectors, _ in embed_files([pictures], encoder)
        for path, probability in zip(paths, head.probabilities(vectors), strict=True)
    }


def bad_rows(scores: Path, expected: dict[str, float]) -> dict[str, str]:
    """Of a file that says what is expected: name → error of what can't be read."""
    with scores.open(newline="") as file:
        rows = list(csv.DictReader(file))
    read = {row["path"]: row for row in rows if not row["error"]}
    assert list(read) == list(expected)
    for path, probability in expected.items():
        assert abs(float(read[path]["score"]) - probability) < 1e-3, path
        assert read[path]["decision"] == ("yes" if probability >= 0.5 else "no"), path
    return {Path(row["path"]).name: row["error"] for row in rows if row["error"]}


@pytest.fixture(scope="session")
def bundle(
    embedded: Encoder, head: LinearHead, graph: EncoderGraph, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "messy"
    return bundles.write_one(folder, head, facts_of(embedded, head), None, graph)


Run = Callable[..., Done]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs a script, or code, in a Python with what a bundle needs and nothing of this repository."""
    folder = tmp_path_factory.mktemp("bare")
    command = bare_python(folder / "site", np, onnxruntime, PIL, safetensors)

    def in_it(*arguments: str, cwd: Path, code: str = "") -> Done:
        if code:
            (folder / "code.py").write_text(code)
            arguments = (str(folder / "code.py"), *arguments)
        return python(*arguments, cwd=cwd, command=command)

    return in_it


def test_unpacked_elsewhere_it_scores_as_the_product_does_of_which_nothing_is_there(
    run: Run, bundle: Path, embedded: Encoder, head: LinearHead, pictures: Path, tmp_path: Path
) -> None:
    ours = ["concepts", "storage", "study", "discern", "torch", "pydantic"]
    code = f"import importlib.util; print([name for name in {ours} if importlib.util.find_spec(name)])"
    assert run(cwd=tmp_path, code=code).stdout == "[]\n"
    with zipfile.ZipFile(bundle.with_name("messy.zip")) as archive:
        archive.extractall(tmp_path)
    done = run("messy/classify.py", str(pictures), "--out", "scores.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2 can't be read" in done.stderr
    expected = by_the_product(embedded, head, pictures)
    bad = bad_rows(tmp_path / "scores.csv", expected)
    assert set(bad) == {"cut-off.jpg", "words.png"}
    assert "damaged" in bad["cut-off.jpg"]
    line = sorted(expected.values())[20] - 1e-3
    assert min(expected.values()) < 0.5 < max(expected.values())
    threshold = ("--out", "scores.jsonl", "--threshold", str(line))
    assert run("messy/classify.py", str(pictures), *threshold, cwd=tmp_path).returncode == 0
    lines = [json.loads(text) for text in (tmp_path / "scores.jsonl").read_text().splitlines()]
    assert [row["decision"] for row in lines if "error" not in row] == [
        "yes" if probability >= line else "no" for probability in expected.values()
    ]
    assert all("score" not in row for row in lines if "error" in row)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nowhere"], 1, "nowhere does not exist"),
        ([".", "--out", "scores.csv"], 1, "no picture was found in .; name a folder that has some"),
        ([".", "--out", "scores.txt"], 2, "--out is a .csv or .jsonl file"),
        ([".", "--threshold", "7"], 2, "from 0 to 1"),
    ],
)
def test_what_is_asked_wrongly_is_said_and_leaves_nothing(
    run: Run, bundle: Path, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    done = run(str(bundle / "classify.py"), *arguments, cwd=tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert said in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_picture_with_too_many_pixels_is_an_error_line(run: Run, bundle: Path, tmp_path: Path) -> None:
    Image.new("1", (20_000, 12_501)).save(tmp_path / "huge.png")
    done = run(str(bundle / "classify.py"), "huge.png", cwd=tmp_path)
    assert "more than 250 million pixels" in done.stdout


def test_where_a_package_is_missing_it_says_how_to_install_it(bundle: Path, tmp_path: Path) -> None:
    done = python("classify.py", ".", cwd=bundle, command=bare_python(tmp_path / "site"))
    assert done.returncode == 1
    assert done.stderr.startswith("numpy is missing. In an environment of its own: ")
    assert "requirements.txt" in done.stderr


def test_what_is_copied_works_from_another_folder(
    run: Run, bundle: Path, embedded: Encoder, head: LinearHead, pictures: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(bundle.with_name("messy.zip")) as archive:
        archive.extractall(tmp_path)
    np.save(tmp_path / "embeddings.npy", np.eye(3, embedded.dimension, dtype=np.float32))
    done = run(cwd=tmp_path, code=from_pictures_alone("messy", str(pictures)))
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 32
    card = (bundle / "README.md").read_text()
    *_, command = re.findall(r"```sh\n(.*?)\n```", card, re.S)[0].splitlines()
    assert command == anywhere("THIS_FOLDER").splitlines()[-1] == "python THIS_FOLDER/classify.py PICTURES"
    for code in (with_numpy("messy", str(embedded.fingerprint), embedded.dimension), with_onnx("messy")):
        assert code.replace("messy", "THIS_FOLDER") in card
        done = run(cwd=tmp_path, code=code)
        assert done.returncode == 0, done.stderr
        said = [float(word) for word in re.findall(r"\d\.\d+", done.stdout)]
        assert said == pytest.approx(head.probabilities(np.eye(3, embedded.dimension)).tolist(), abs=1e-5)


def test_requirements_are_all_that_classify_imports(bundle: Path) -> None:
    named = re.findall(r"^[a-z]+", (bundle / "requirements.txt").read_text(), re.M)
    code = "".join(
        (bundle / name).read_text() for name in ("checksums.py", "classify.py", "pixels.py", "reading.py")
    )
    imports = re.findall(r"^ *(?:import|from) (\w+)", code, re.M)
    beside, optional = {"checksums", "open_clip_encoder", "pixels", "reading"}, {"pi_heif"}
    others = {name for name in imports if name not in sys.stdlib_module_names} - beside
    assert others == {"numpy", "onnxruntime", "PIL", *optional}
    assert sorted(named) == ["numpy", "onnxruntime", "pillow"]
    assert reading.SUFFIXES == PICTURE_SUFFIXES  # it looks at the files that Discern looks at


def test_the_graph_says_nothing_of_the_computer_that_made_it_and_its_licence_goes_along(bundle: Path) -> None:
    content, licence = (bundle / "classifier.onnx").read_bytes(), (bundle / "ENCODER_LICENCE.txt").read_text()
    for said in (str(ROOT).encode(), b"site-packages", b"stack_trace"):
        assert said not in content
    assert "Apache License" in licence
    assert "WordNet" in licence


@pytest.mark.slow
def test_an_open_clip_model_becomes_a_graph_too_where_its_licence_allows_and_a_damaged_one_is_made_anew(
    run: Run,
    tiny_open_clip: Path,
    encoder_cache: Path,
    pictures: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = f"local-dir:{tiny_open_clip}"
    encoder = load_encoder(name, cache=encoder_cache)
    reason = encoder_graph(encoder, short_side(encoder), tmp_path)
    assert isinstance(reason, str)
    assert "unknown" in reason
    monkeypatch.setattr(encoder, "licence", "MIT")
    found = encoder_graph(encoder, short_side(encoder), tmp_path)
    assert isinstance(found, EncoderGraph), found
    (kept,) = tmp_path.glob("encoder-*.onnx.kept")
    written, content = kept.stat().st_mtime_ns, kept.read_bytes()
    assert encoder_graph(encoder, short_side(encoder), tmp_path) == found
    assert kept.stat().st_mtime_ns == written
    kept.write_bytes(content[:-1] + b"!")
    assert encoder_graph(encoder, short_side(encoder), tmp_path) == found
    assert kept.read_bytes() == content  # the exporter writes the same bytes each time
    head = bundles.make_head(np.linspace(-9, 9, encoder.dimension), bias=0.1, threshold=0.5)
    folder = bundles.write_one(tmp_path / "tiny", head, facts_of(encoder, head), None, found)
    facts = load_bundle(folder).facts
    assert (folder / "classifier.onnx").read_bytes() == classifier_bytes(found, [BundleHead(head)], facts)
    done = run(str(folder / "classify.py"), str(pictures), "--out", "scores.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(bad_rows(tmp_path / "scores.csv", by_the_product(encoder, head, pictures))) == 2


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A bundle whose encoder is quick to copy."""
    head = bundles.make_head(np.ones(8))
    return bundles.write_one(tmp_path / "small", head, bundles.make_facts(head), None, bundles.small_graph())


def test_a_changed_folder_is_refused_before_a_picture_is_looked_at(
    run: Run, small: Path, tmp_path: Path
) -> None:
    draw("ellipse", 1).save(tmp_path / "one.png")
    names = ["checksums.py", "classifier.onnx", "classify.py", "head.json", "pixels.py", "reading.py"]
    for name in names:
        (small / name).write_bytes((small / name).read_bytes() + b"\n")
    (small / "README.md").unlink()
    done = run(str(small / "classify.py"), "one.png", "--out", "scores.csv", cwd=tmp_path)
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (1, "", False)
    said = "; ".join(["README.md is missing", *(f"{name} has changed" for name in names)])
    assert f"not as it was written: {said}" in done.stderr
    assert "--accept-changed" in done.stderr
    assert not (tmp_path / "scores.csv").exists()


def test_a_folder_without_its_list_is_used_where_that_is_accepted_and_without_its_code_never(
    run: Run, small: Path, tmp_path: Path
) -> None:
    draw("ellipse", 1).save(tmp_path / "one.png")
    (small / "SHA256SUMS").unlink()
    done = run(str(small / "classify.py"), "one.png", cwd=tmp_path)
    assert (done.returncode, "SHA256SUMS is missing" in done.stderr) == (1, True)
    done = run(str(small / "classify.py"), "one.png", "--accept-changed", cwd=tmp_path)
    assert (done.returncode, "1 pictures" in done.stderr) == (0, True)
    (small / "reading.py").unlink()
    done = run(str(small / "classify.py"), "one.png", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, f"{small}/reading.py is missing. Copy this folder again.\n")


def test_scores_are_not_written_into_its_own_folder(run: Run, small: Path, tmp_path: Path) -> None:
    draw("ellipse", 1).save(tmp_path / "one.png")
    done = run("classify.py", "../one.png", "--out", "scores.csv", cwd=small)
    assert done.returncode == 2
    assert "--out is in the classifier's own folder. Name a file" in done.stderr
    assert run("classify.py", "../one.png", "--out", "../scores.csv", cwd=small).returncode == 0


@pytest.mark.slow
def test_an_encoder_that_could_not_go_along_is_named_and_other_weights_are_refused(
    tiny_open_clip: Path, encoder_cache: Path, pictures: Path, tmp_path: Path
) -> None:
    encoder = load_encoder(f"local-dir:{tiny_open_clip}", cache=encoder_cache)
    head = bundles.make_head(np.linspace(-9, 9, encoder.dimension), bias=0.1, threshold=0.5)
    folder = bundles.write_one(tmp_path / "tiny", head, facts_of(encoder, head), None)
    # With what its card says to install, which is here, and without this repository.
    run, out = partial(python, "-P", "classify.py", str(pictures), cwd=folder), tmp_path / "s.csv"
    done = run("--encoder", f"local-dir:{tiny_open_clip}", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert len(bad_rows(out, by_the_product(encoder, head, pictures))) == 2
    assert "--encoder NAME" in run().stderr
    other = make_tiny_open_clip(tmp_path / "other-model", seed=1)
    done = run("--encoder", f"local-dir:{other}")
    assert (done.returncode, done.stdout) == (1, "")
    assert "other weights than the encoder that this classifier is for" in done.stderr


def test_without_its_encoder_the_card_says_why_and_how_to_get_it(tmp_path: Path, head: LinearHead) -> None:
    folder = bundles.write_one(
        tmp_path / "alone", head, bundles.make_facts(head), None, "the licence of its weights is unknown"
    )
    assert not (folder / "classifier.onnx").exists()
    card = (folder / "README.md").read_text()
    assert "The encoder isn't in this folder: the licence of its weights is unknown." in card
    assert "--trust-encoder hf-hub:example/tiny" in card
    assert "python THIS_FOLDER/classify.py PICTURES --encoder hf-hub:example/tiny" in card
