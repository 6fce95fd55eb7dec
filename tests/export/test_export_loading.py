"""A bundle may come from anyone: whatever it holds, the answer is a head or a plain sentence. Here its list
of checksums fits what it holds, as from who wrote it so; `test_changed_bundles.py` has the others."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from bundles import sums_again, write_one
from safetensors.numpy import save_file

from concepts.bundle import load
from concepts.bundle.facts import BundleFacts
from concepts.bundle.load import load_bundle
from concepts.errors import DiscernError, FingerprintMismatchError


@pytest.fixture
def folder(tmp_path, head, facts) -> Path:
    return write_one(tmp_path / "messy", head, facts, None)


def change_facts(folder: Path, **changes: object) -> None:
    document = json.loads((folder / "head.json").read_text())
    (folder / "head.json").write_text(json.dumps(document | changes))
    sums_again(folder)


def test_a_newer_format_and_other_encoders_are_refused(folder, facts):
    with pytest.raises(FingerprintMismatchError) as caught:
        load_bundle(folder, expect_fingerprint="other-123456789abc")
    assert (caught.value.expected, caught.value.found) == ("other-123456789abc", facts.encoder.fingerprint)
    encoder = json.loads((folder / "head.json").read_text())["encoder"]
    change_facts(folder, encoder=encoder | {"preprocessing": "another"})
    with pytest.raises(DiscernError, match="encoder"):
        load_bundle(folder)
    change_facts(folder, schema_version=3, something_new=True)
    with pytest.raises(DiscernError, match="newer Discern"):
        load_bundle(folder)


@pytest.mark.parametrize("name", ["head.json", "head.safetensors"])
def test_a_missing_file_is_named(folder, tmp_path, name):
    (folder / name).unlink()
    sums_again(folder)
    with pytest.raises(DiscernError, match=f"{name} is missing"):
        load_bundle(folder)
    with pytest.raises(DiscernError, match=r"head\.safetensors is missing|one head\.json"):
        load_bundle(repack(folder, tmp_path / "short.zip"))
    with pytest.raises(DiscernError, match="There is no bundle"):
        load_bundle(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff\xfe", b"[" * 200_000, b'{"format": "other"}', b"1" * 5000, b"null"],
    ids=["empty", "cut", "list", "not UTF-8", "deep", "other format", "long number", "null"],
)
def test_facts_that_are_not_facts_are_refused(folder, content):
    (folder / "head.json").write_bytes(content)
    sums_again(folder)
    with pytest.raises(DiscernError, match=r"head\.json"):
        load_bundle(folder)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_numbers_in_the_facts_are_finite(folder, number):
    text = (folder / "head.json").read_text().replace('"C": 10.0', f'"C": {number}')
    assert number in text
    (folder / "head.json").write_text(text)
    sums_again(folder)
    with pytest.raises(DiscernError, match="not a number"):
        load_bundle(folder)


SIDE = np.ones((2, 8), np.float32)


@pytest.mark.parametrize(
    "tensors",
    [
        {"weights": np.ones(7), "bias": np.ones(1)},
        {"weights": np.ones((8, 1)), "bias": np.ones(1)},
        {"weights": np.ones(8, np.float32), "bias": np.ones(1)},
        {"weights": np.ones(8)},
        {"weights": np.ones(8), "bias": np.ones(1), "more": np.ones(1)},
        {"weights": np.array([np.nan] * 8), "bias": np.ones(1)},
        {"weights": np.ones(8), "bias": np.array([np.inf])},
        {"weights": np.full(8, 1e308), "bias": np.ones(1)},
        {"weights": np.ones(8), "bias": np.array([-1e308])},
        {"0.weights": np.ones(8), "0.bias": np.ones(1), "0.yes": SIDE},
        *(
            {"0.weights": np.ones(8), "0.bias": np.ones(1), "0.yes": yes, "0.no": no}
            for yes, no in (
                (SIDE[:, :7], SIDE),
                (SIDE[:0], SIDE),
                (np.ones((2, 8)), np.ones((2, 8))),
                (SIDE, np.nan * SIDE),
                (np.ones((), np.float32), SIDE),
            )
        ),
    ],
    ids=[
        *("short", "two axes", "float32", "no bias", "extra", "nan", "infinite", "huge", "a huge bias"),
        *("no no", "short prototypes", "no yes", "prototypes in double", "nan prototypes", "a number"),
    ],
)
def test_weights_must_be_finite_and_of_the_declared_shape(folder, tensors):
    save_file(tensors, folder / "head.safetensors")
    sums_again(folder)
    with pytest.raises(DiscernError, match=r"head\.safetensors"):
        load_bundle(folder)


def test_a_large_head_json_is_not_even_parsed(folder):
    document = json.loads((folder / "head.json").read_text())
    (folder / "head.json").write_text(json.dumps(document | {"notes": ["x"] * 8_000_000}))
    sums_again(folder)
    with pytest.raises(DiscernError, match=r"head\.json is larger than 16 MB"):
        load_bundle(folder)


def repack(folder: Path, target: Path, **extra: bytes | str) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sums_again(folder).iterdir():
            archive.write(file, file.name)
        for name, content in extra.items():
            archive.writestr(name, content)
    return target


UNSAFE = ["../evil.py", "/etc/evil", "a/../../evil", "..\\evil", "C:/evil"]


@pytest.mark.parametrize(
    ("name", "why"),
    [*((name, "unsafe file name") for name in UNSAFE), ("second/head.json", r"one head\.json")],
)
def test_a_zip_with_names_that_leave_the_folder_or_two_bundles_is_refused(folder, tmp_path, name, why):
    hostile = repack(folder, tmp_path / "hostile.zip", **{name: (folder / "head.json").read_bytes()})
    with pytest.raises(DiscernError, match=why):
        load_bundle(hostile)


@pytest.mark.slow
def test_a_zip_bomb_is_not_unpacked_nor_odd_compression(folder, tmp_path, facts):
    assert load_bundle(repack(folder, tmp_path / "flat.zip")).facts == facts  # without their folder
    (folder / "head.safetensors").write_bytes(bytes(load.MOST_BYTES["head.safetensors"] + 1))
    bomb = repack(folder, tmp_path / "bomb.zip")
    assert bomb.stat().st_size < 1_000_000
    with pytest.raises(DiscernError, match="larger than"):
        load_bundle(bomb)
    with zipfile.ZipFile(tmp_path / "odd.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.write(folder / "head.json", "head.json")
    with pytest.raises(DiscernError, match="unusual"):
        load_bundle(tmp_path / "odd.zip")


GOLDEN = Path(__file__).parents[2] / "blackbox" / "fixtures" / "formats"


def test_each_format_has_its_golden_bundle_and_the_newest_is_valid_by_the_schema_in_the_documentation():
    """That they still say what they said, blackbox/test_bundles.py shows."""
    import jsonschema

    newest = BundleFacts.model_fields["schema_version"].default
    assert {file.name for file in GOLDEN.iterdir()} == {f"format-{n}.zip" for n in range(1, newest + 1)}
    with zipfile.ZipFile(GOLDEN / "format-2.zip") as archive:
        document = json.loads(archive.read("messy-room/head.json"))
    schema = json.loads((Path(__file__).parents[2] / "docs" / "bundle.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document | {"rule": {"kind": "none"}}, schema)
