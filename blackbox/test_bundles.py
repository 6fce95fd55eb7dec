"""Exported classifiers of before, kept byte for byte: what they said they still say, to the last bit.

Three of each kind: yes or no (and the first two formats), graded, classes, rules, with their encoder, and
with one in int8. The vectors are such that sums don't depend on the order of adding; what is left to the
processor is the last bit of `exp`.

What made them, at commit 5e20e8b, is in the history: `git log -- blackbox/fixtures/bundles/make_bundles.py`.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from blackbox.running import PATIENCE, ROOT, Commands, environment, run

HERE = Path(__file__).parent / "fixtures" / "bundles"
FORMATS = HERE.parent / "formats"
EXPECTED: dict[str, Any] = json.loads((HERE / "expected.json").read_text())
ARCHIVES = {file.name: file for folder in (FORMATS, HERE) for file in sorted(folder.glob("*.zip"))}
KINDS = ("yes-no", "graded", "classes", "rule", "whole", "int8")
LAST_BITS = 2  # by which `exp` may differ between two processors
PRODUCT = ("app", "concepts", "discern", "storage", "study", "web")
each_bundle = pytest.mark.parametrize("name", sorted(EXPECTED))

# Given folders and files of vectors, it prints what each folder's own scorer says, where there is no product.
BY_ITSELF = f"""
import importlib.util, json, sys
sys.modules.update(dict.fromkeys({PRODUCT}))  # an import of these raises ImportError
import numpy as np
def told(folder, vectors):
    spec = importlib.util.spec_from_file_location("scorer", folder + "/scorer.py")
    module = sys.modules["scorer"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    scorer, rows = module.load(folder), np.load(vectors)
    if not hasattr(scorer, "outputs"):  # the first format, of one concept
        return scorer.probability(rows)[:, None], scorer.decide(rows)[:, None], np.empty((len(rows), 0))
    return scorer.outputs(rows)
"""

# The same of the product.
BY_THE_PRODUCT = """
import json, sys
from pathlib import Path
import numpy as np
from discern import load_bundle
def told(archive, vectors):
    return load_bundle(Path(archive)).outputs(np.load(vectors))
"""

PRINTED = """
found = {}
for given, vectors in zip(sys.argv[1::2], sys.argv[2::2]):
    probability, decision, grade = told(given, vectors)
    found[given] = {
        "probability": [[float(one).hex() for one in row] for row in probability],
        "decision": [[bool(one) for one in row] for row in decision],
        "grade": [[float(one).hex() for one in row] for row in grade],
    }
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every bundle unpacked, with its vectors beside it."""
    parent = tmp_path_factory.mktemp("bundles")
    for name, archive in ARCHIVES.items():
        with zipfile.ZipFile(archive) as members:
            members.extractall(parent / name)
        np.save(parent / f"{name}.npy", vectors(EXPECTED[name]["dimension"]))
    return {name: next(inside.iterdir()) for name in ARCHIVES if (inside := parent / name)}


@pytest.fixture(scope="module")
def by_itself(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each bundle's own scorer says, in a process without the product."""
    given = [str(one) for folder in folders.values() for one in (folder, f"{folder.parent}.npy")]
    code, home = BY_ITSELF + PRINTED, tmp_path_factory.mktemp("itself") / "home"
    ended = run("-I", "-c", code, *given, home=home, cwd=home.parent)
    assert ended.code == 0, ended
    return {name: ended.json[str(folder)] for name, folder in folders.items()}


@pytest.fixture(scope="module")
def by_the_product(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `discern.load_bundle` says of each."""
    given = [str(one) for name, folder in folders.items() for one in (ARCHIVES[name], f"{folder.parent}.npy")]
    ended = run("-c", BY_THE_PRODUCT + PRINTED, *given, home=tmp_path_factory.mktemp("product") / "home")
    assert ended.code == 0, ended
    return {name: ended.json[str(ARCHIVES[name])] for name in folders}


def test_there_are_three_of_each_kind_and_one_of_each_format() -> None:
    assert ARCHIVES.keys() == EXPECTED.keys()
    for kind in KINDS:
        assert len([name for name in ARCHIVES if name.startswith(f"{kind}-")]) == 3, kind
    assert {"format-1.zip", "format-2.zip"} <= ARCHIVES.keys()


@each_bundle
def test_it_is_as_it_was_written(name: str) -> None:
    with zipfile.ZipFile(ARCHIVES[name]) as archive:
        files = {Path(one).name: archive.read(one) for one in archive.namelist()}
    sums = [line.split("  ", 1) for line in files.pop("SHA256SUMS").decode().splitlines()]
    assert {file: digest for digest, file in sums} == {
        file: hashlib.sha256(content).hexdigest() for file, content in files.items()
    }


@each_bundle
def test_its_own_scorer_says_what_it_said_without_the_product(name: str, by_itself: dict[str, Any]) -> None:
    assert_the_same(by_itself[name], EXPECTED[name])


@each_bundle
def test_the_product_says_the_same_to_the_last_bit(
    name: str, by_itself: dict[str, Any], by_the_product: dict[str, Any]
) -> None:
    assert by_the_product[name] == by_itself[name]


@each_bundle
def test_its_probabilities_follow_from_its_weights(name: str, folders: dict[str, Path]) -> None:
    """Recorded figures alone could be wrong: here they are worked out from the file's bytes."""
    known, facts = EXPECTED[name], json.loads((folders[name] / "head.json").read_text())
    tensors, rows = tensors_of(folders[name] / "head.safetensors"), vectors(known["dimension"])
    concepts = facts.get("concepts", [facts])
    numbered = [f"{place}." if "concepts" in facts else "" for place in range(len(concepts))]
    logits = np.stack([rows @ tensors[f"{at}weights"] + tensors[f"{at}bias"][0] for at in numbered], axis=1)
    rule = facts.get("rule") or {"kind": "none"}
    if rule["kind"] == "one_of":
        odds = np.exp(logits)
        expected = odds / (1 + odds.sum(axis=1, keepdims=True))
    else:
        expected = 1 / (1 + np.exp(-logits))
    found = np.array([[float.fromhex(one) for one in row] for row in known["probability"]])
    assert found[:, -len(concepts) :] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", ["whole-logistic.zip", "graded-5.zip", "rule-brackets.zip", "format-1.zip"])
def test_scorer_py_prints_what_it_said(name: str, folders: dict[str, Path]) -> None:
    command = [sys.executable, "-I", str(folders[name] / "scorer.py"), f"{folders[name].parent}.npy"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE).stdout
    header, *rows = [line.split(",") for line in printed.splitlines()]
    places = [place for place, column in enumerate(header) if column.endswith("probability")]
    found = [[float(row[place]) for place in places] for row in rows]
    known = [[float.fromhex(one) for one in row] for row in EXPECTED[name]["probability"]]
    assert found == pytest.approx(np.array(known), abs=1e-6)


@pytest.mark.parametrize("name", ["whole-logistic.zip", "rule-and-not.zip"])
def test_bundle_check_finds_it_whole(name: str, tmp_path: Path) -> None:
    checked = Commands(tmp_path / "home").ask("bundle", "check", ARCHIVES[name])
    assert checked["problems"] == []
    assert [concept["name"] for concept in checked["concepts"]] == EXPECTED[name]["columns"]


def test_bundle_check_finds_a_changed_one_out(tmp_path: Path) -> None:
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(ARCHIVES["whole-lda.zip"]) as archive, zipfile.ZipFile(changed, "w") as other:
        for member in archive.namelist():
            content = archive.read(member)
            other.writestr(member, content + b"\n" if member.endswith("README.md") else content)
    ended = Commands(tmp_path / "home")("bundle", "check", changed, "--json")
    assert ended.code == 1
    assert "README.md" in ended.out + ended.err


# Pictures, by those that have their encoder in them


@pytest.fixture(scope="module")
def pictures() -> dict[str, bytes]:
    """Of 8 × 8 pixels, as the encoders see them, so that nothing is resized."""
    drawn = {}
    for seed in range(4):
        image, file = Image.fromarray(pixels(seed).transpose(1, 2, 0)), io.BytesIO()
        image.save(file, "PNG")
        drawn[f"{seed}.png"] = file.getvalue()
    return drawn


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `discern serve` with every bundle that has its encoder."""
    folder = tmp_path_factory.mktemp("served")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    whole = [file for name, file in ARCHIVES.items() if name.startswith(("whole", "int8", "format-2"))]
    command = [sys.executable, "-m", "discern", "serve", *map(str, whole), "--port", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(folder / "home"), stdout=log, stderr=log
        )
    try:
        address, until = f"http://127.0.0.1:{port}", time.monotonic() + PATIENCE
        while not is_healthy(address):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < until, (folder / "log").read_text()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.05)  # asked without a pause, it takes the processor from what it waits for
        yield address
    finally:
        process.kill()
        process.wait(PATIENCE)


def test_pictures_are_scored_as_their_encoder_and_weights_say(
    served: str, pictures: dict[str, bytes], folders: dict[str, Path]
) -> None:
    said = {answer["name"]: answer["said"] for answer in classified(served, pictures)}
    for name in [one for one in folders if one.startswith(("whole", "format-2"))]:
        (concept,) = json.loads((folders[name] / "head.json").read_text())["concepts"]
        tensors = tensors_of(folders[name] / "head.safetensors")
        for seed, file in enumerate(pictures):
            seen = pixels(seed)[0, 0].astype(float)  # the first eight values of the first channel
            logit = seen / np.linalg.norm(seen) @ tensors["0.weights"] + tensors["0.bias"][0]
            (found,) = [one for one in said[file] if one["concept"] == concept["concept"]]
            assert found["probability"] == pytest.approx(1 / (1 + np.exp(-logit)), abs=1e-5)
            assert found["decision"] == (
                "yes" if found["probability"] >= concept["head"]["threshold"] else "no"
            )


def test_an_encoder_in_int8_says_nearly_what_it_said(served: str, pictures: dict[str, bytes]) -> None:
    for answer in classified(served, pictures):
        found = {one["concept"]: one["probability"] for one in answer["said"]}
        for name in [one for one in EXPECTED if one.startswith("int8")]:
            known = EXPECTED[name]["pictures"][int(Path(answer["name"]).stem)]
            # Processors round whole numbers of eight bits differently where they have other instructions.
            assert found[EXPECTED[name]["columns"][0]] == pytest.approx(known, abs=0.02), name


def test_classify_py_scores_pictures_without_the_product(
    folders: dict[str, Path], pictures: dict[str, bytes], tmp_path: Path
) -> None:
    for name, content in pictures.items():
        (tmp_path / name).write_bytes(content)
    code, out = folders["whole-logistic.zip"] / "classify.py", tmp_path / "scores.csv"
    command = [sys.executable, *map(str, (code, tmp_path, "--out", out))]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=PATIENCE)
    header, *rows = [line.split(",") for line in out.read_text().splitlines()]
    tensors = tensors_of(folders["whole-logistic.zip"] / "head.safetensors")
    assert len(rows) == len(pictures)
    for row in (dict(zip(header, cells, strict=True)) for cells in rows):
        seen = pixels(int(Path(row["path"]).stem))[0, 0].astype(float)
        logit = seen / np.linalg.norm(seen) @ tensors["0.weights"] + tensors["0.bias"][0]
        assert float(row.get("score") or row["probability"]) == pytest.approx(
            1 / (1 + np.exp(-logit)), abs=1e-5
        )


# Helpers


def vectors(dimension: int) -> Any:
    """Unit vectors along one axis, there and back, and sums of four halves: products and sums of them are the
    same in whatever order they are added."""
    rows = np.zeros((12, dimension))
    for row in range(12):
        if row < 8:
            rows[row, (row * 5) % dimension] = -1.0 if row % 2 else 1.0
        else:
            for place in range(4):
                rows[row, (row + place * 2) % dimension] += -0.5 if (row + place) % 3 == 0 else 0.5
    return rows


def pixels(seed: int) -> Any:
    """uint8 (3, 8, 8), the same on every machine."""
    return np.random.RandomState(seed).randint(0, 256, (3, 8, 8)).astype(np.uint8)


def assert_the_same(found: dict[str, Any], known: dict[str, Any]) -> None:
    assert found["decision"] == known["decision"]
    for what in ("probability", "grade"):
        one, other = (
            np.array([[float.fromhex(x) for x in row] for row in rows]) for rows in (found[what], known[what])
        )
        assert one.shape == other.shape
        assert (np.abs(one - other) <= LAST_BITS * np.spacing(other)).all(), what


def tensors_of(file: Path) -> dict[str, Any]:
    """Reads float64 tensors of a safetensors file by its format: a length, JSON, bytes."""
    content = file.read_bytes()
    size = int.from_bytes(content[:8], "little")
    header, data = json.loads(content[8 : 8 + size]), content[8 + size :]
    return {
        name: np.frombuffer(data[slice(*about["data_offsets"])], "<f8")
        for name, about in header.items()
        if name != "__metadata__"
    }


def is_healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=PATIENCE):
            return True
    except (urllib.error.URLError, OSError):
        return False


def classified(address: str, pictures: dict[str, bytes]) -> list[dict[str, Any]]:
    """Sends pictures as a browser's form would and returns the answer of each."""
    mark = uuid.uuid4().hex
    head = 'Content-Disposition: form-data; name="picture"; filename="{}"\r\nContent-Type: image/png\r\n\r\n'
    parts = [
        f"--{mark}\r\n{head.format(name)}".encode() + content + b"\r\n" for name, content in pictures.items()
    ]
    body = b"".join(parts) + f"--{mark}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={mark}"}
    request = urllib.request.Request(f"{address}/v1/classify", body, headers)
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return list(json.load(answer)["pictures"])
