"""Bundles as earlier versions wrote them, kept byte for byte: what they said they still say."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from concepts.bundle.check import check_bundle
from concepts.bundle.facts import BundleFacts
from concepts.bundle.load import load_bundle

GOLDEN = Path(__file__).parents[2] / "blackbox" / "fixtures" / "formats"
SCHEMA = Path(__file__).parents[2] / "docs" / "bundle.schema.json"
SAID = {"format-1.zip": [0.9712695, 0.3784083], "format-2.zip": [0.9712695, 0.3784083]}


def of(name: str) -> Path:
    return GOLDEN / name


@pytest.mark.parametrize("name", sorted(SAID))
def test_it_says_what_it_said(name):
    rows = np.eye(8, dtype=np.float32)[[7, 0]]
    found = load_bundle(of(name))
    assert found.facts.concepts[0].concept == "messy room"
    assert found.outputs(rows).probability[:, 0].tolist() == pytest.approx(SAID[name], abs=1e-6)


@pytest.mark.parametrize("name", sorted(SAID))
def test_it_is_whole_and_its_graph_loads(name):
    assert check_bundle(of(name)).problems == ()


def test_each_format_has_its_golden_bundle():
    newest = BundleFacts.model_fields["schema_version"].default
    assert {file.name for file in GOLDEN.iterdir()} == {f"format-{n}.zip" for n in range(1, newest + 1)}


def test_the_newest_is_valid_by_the_schema_in_the_documentation():
    import jsonschema

    with zipfile.ZipFile(of("format-2.zip")) as archive:
        document = json.loads(archive.read("messy-room/head.json"))
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document | {"rule": {"kind": "none"}}, schema)
