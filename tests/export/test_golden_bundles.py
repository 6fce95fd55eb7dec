"""Each format of a bundle has one that is kept, and the newest is valid by its schema.

That they still say what they said, blackbox/test_bundles.py shows."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from concepts.bundle.facts import BundleFacts

GOLDEN = Path(__file__).parents[2] / "blackbox" / "fixtures" / "formats"
SCHEMA = Path(__file__).parents[2] / "docs" / "bundle.schema.json"


def of(name: str) -> Path:
    return GOLDEN / name


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
