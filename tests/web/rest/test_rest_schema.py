"""Our own OpenAPI document: whatever is sent, valid and not, never breaks the app; clients come from it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import schemathesis
from answering import answer
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from other_tools import in_python_with
from patience import PATIENCE
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.python.asgi import shutdown_lifespans
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from concepts.library.collection import collection_of
from concepts.results.concepts import begin_concept
from concepts.results.trained import train
from concepts.use_cases import App
from web.api.app import create_api
from web.server import create_service

CHECKS = [
    *(not_a_server_error, status_code_conformance),
    *(content_type_conformance, response_schema_conformance),
]
# The document doesn't depend on the library.
DOCUMENT = create_api(cast(App, None)).openapi()
OPERATIONS = [
    pytest.param(path, method, id=route["operationId"])
    for path, methods in DOCUMENT["paths"].items()
    for method, route in methods.items()
]
SETTINGS: dict[str, Any] = {
    "derandomize": True,
    "database": None,
    "suppress_health_check": list(HealthCheck),
}
POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
WITH_BODIES = [
    (method.upper(), "/api/v1" + re.sub(r"{version}|{\w*id}", "1", path.replace("{name}", "Round")))
    for path, methods in DOCUMENT["paths"].items()
    for method, route in methods.items()
    if "requestBody" in route
]


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


def test_a_generator_makes_a_python_client_without_a_warning(tmp_path: Path) -> None:
    file, config = tmp_path / "openapi.json", tmp_path / "config.json"
    file.write_text(json.dumps(DOCUMENT))
    config.write_text(json.dumps(CONFIG))
    made = in_python_with("openapi_python_client", GENERATE, tmp_path, file, config, tmp_path / "client")
    assert made == {"code": 0, "warnings": []}


def test_it_says_how_one_logs_in_and_names_nothing_twice() -> None:
    names = [operation.id for operation in OPERATIONS]
    assert len(names) == len(set(names)) > 40
    assert DOCUMENT["security"] == [{}, {"basic": []}]
    components = DOCUMENT["components"]
    assert list(components["securitySchemes"]) == ["basic"]
    assert [name for name in components["schemas"] if "-Input" in name or "__" in name] == []


@pytest.fixture(scope="module")
def app(library: App) -> Iterator[FastAPI]:
    """A library with one concept, some answers and a trained version. No job runs: they stay queued."""
    concept = begin_concept(library, "Round", "Round shapes.")
    answer(library, "Round", collection_of(library).library.all_ids())
    concept.begin(train).wait()
    yield create_service(library)
    shutdown_lifespans()  # or Gradio looks for work, a hundred times a second, until all tests are done


@pytest.fixture(scope="module")
def schema(app: FastAPI) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
@pytest.mark.parametrize(
    "requests",
    [
        {POSITIVE: 3, NEGATIVE: 2},
        pytest.param({POSITIVE: 100, NEGATIVE: 100}, marks=pytest.mark.slow, id="many"),
    ],
)
def test_whatever_is_sent_the_answer_is_one_that_the_document_names(
    schema: schemathesis.BaseSchema, path: str, method: str, requests: dict[GenerationMode, int]
) -> None:
    operation = schema[path][method.upper()]
    route = DOCUMENT["paths"][path][method]
    if not (route.get("parameters") or "requestBody" in route):
        requests = {POSITIVE: requests[POSITIVE]}  # nothing could be wrong about it

    for mode, most in requests.items():
        sent(operation, mode, most)


def sent(operation: schemathesis.APIOperation, mode: GenerationMode, most: int) -> None:
    """Sends so many requests of one kind, and checks each answer."""

    @settings(max_examples=most, phases=[Phase.explicit, Phase.generate], **SETTINGS)
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: schemathesis.Case) -> None:
        if mode is POSITIVE and "name" in case.path_parameters:
            case.path_parameters["name"] = "Round"  # to get past "no such concept"
        case.call_and_validate(checks=CHECKS, timeout=PATIENCE)

    check()


KINDS = ("application/json", "text/csv", "multipart/form-data", "multipart/form-data; boundary=x")
KINDS += ("application/x-www-form-urlencoded", "", "a/b; charset=nonsense")


@pytest.mark.parametrize(
    ("method", "address"), [*WITH_BODIES, ("POST", "/login"), ("PUT", "/uploads/x/a.png")]
)
def test_whatever_bytes_are_sent_as_a_body_the_answer_says_what_is_wrong(
    app: FastAPI, method: str, address: str
) -> None:
    client = TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=True)

    @settings(max_examples=5, **SETTINGS)
    @given(
        body=st.binary(max_size=200)
        | st.sampled_from([b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe{}", b"1e999"]),
        kind=st.sampled_from(KINDS),
    )
    def check(body: bytes, kind: str) -> None:
        response = client.request(method, address, content=body, headers={"Content-Type": kind})
        assert response.status_code < 500, response.text

    check()
