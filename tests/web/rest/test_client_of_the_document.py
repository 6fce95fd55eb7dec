"""Clients that are made from the OpenAPI document."""

from __future__ import annotations

import json
from pathlib import Path

from fastapi import FastAPI
from other_tools import in_python_with

from concepts.settings import load_settings
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


def document_of(bench: Workbench) -> dict[str, object]:
    api: FastAPI = create_api(bench)
    return api.openapi()


def test_a_generator_makes_a_python_client_without_a_warning(tmp_path: Path) -> None:
    bench = Workbench(load_settings(home=tmp_path / "home"))
    document, config = tmp_path / "openapi.json", tmp_path / "config.json"
    document.write_text(json.dumps(document_of(bench)))
    config.write_text(json.dumps(CONFIG))
    bench.close()
    made = in_python_with("openapi_python_client", GENERATE, tmp_path, document, config, tmp_path / "client")
    assert made == {"code": 0, "warnings": []}


def test_it_says_how_one_logs_in_and_names_no_schema_twice(tmp_path: Path) -> None:
    bench = Workbench(load_settings(home=tmp_path / "home"))
    document = document_of(bench)
    bench.close()
    assert document["security"] == [{}, {"basic": []}]
    components = document["components"]
    assert isinstance(components, dict)
    assert list(components["securitySchemes"]) == ["basic"]
    assert [name for name in components["schemas"] if "-Input" in name or "__" in name] == []
