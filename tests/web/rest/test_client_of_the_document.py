"""Clients that are made from the OpenAPI document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
from other_tools import in_python_with

from concepts.workbench import Workbench
from web.api import create_api

# Kinds of files that the generator doesn't know: it reads them as bytes.
CONFIG = {
    "content_type_overrides": dict.fromkeys(
        ("application/jsonl", "application/zip", "image/webp"), "application/octet-stream"
    )
}
GENERATE = """
import json, subprocess, sys
document, config, out = sys.argv[1:]
command = [sys.executable, "-m", "openapi_python_client", "generate"]
command += ["--path", document, "--config", config, "--output-path", out]
done = subprocess.run(command, capture_output=True, text=True)
said = done.stdout + done.stderr
print(json.dumps({"code": done.returncode, "warnings": [l for l in said.splitlines() if "WARNING" in l]}))
"""


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_api(cast(Workbench, None)).openapi()


def test_a_generator_makes_a_python_client_without_a_warning(
    tmp_path: Path, document: dict[str, Any]
) -> None:
    file, config = tmp_path / "openapi.json", tmp_path / "config.json"
    file.write_text(json.dumps(document))
    config.write_text(json.dumps(CONFIG))
    made = in_python_with("openapi_python_client", GENERATE, tmp_path, file, config, tmp_path / "client")
    assert made == {"code": 0, "warnings": []}


def test_it_says_how_one_logs_in_and_names_no_schema_twice(document: dict[str, Any]) -> None:
    assert document["security"] == [{}, {"basic": []}]
    components = document["components"]
    assert list(components["securitySchemes"]) == ["basic"]
    assert [name for name in components["schemas"] if "-Input" in name or "__" in name] == []
