"""Schemathesis: requests made up from our own OpenAPI document, valid and not, never break it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from patience import PATIENCE
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.python.asgi import shutdown_lifespans
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from concepts.settings import Settings
from concepts.workbench import Workbench
from web.api import create_api
from web.server import create_app

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# The document doesn't depend on the library.
DOCUMENT = create_api(cast(Workbench, None)).openapi()
OPERATIONS = [
    pytest.param(path, method, id=route["operationId"])
    for path, methods in DOCUMENT["paths"].items()
    for method, route in methods.items()
]
POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
WITH_BODIES = [
    (method.upper(), "/api/v1" + re.sub(r"{version}|{\w*id}", "1", path.replace("{name}", "Round")))
    for path, methods in DOCUMENT["paths"].items()
    for method, route in methods.items()
    if "requestBody" in route
]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, made_home: Path) -> Iterator[FastAPI]:
    """A library with one concept, some answers and a trained version. No job runs: they stay queued."""
    bench = Workbench(Settings(home=shutil.copytree(made_home, tmp_path_factory.mktemp("schema") / "home")))
    bench.concepts.begin("Round", "Round shapes.")
    for picture in bench.library.pictures(limit=60).pictures:
        value = "yes" if "ellipse" in picture.path else "no"
        bench.concept("Round").labels.give(
            picture.id, value, author="me", simulated=True, key=f"key-{picture.id}"
        )
    bench.concept("Round").versions.train().wait()
    yield create_app(bench)
    shutdown_lifespans()  # or Gradio looks for work, a hundred times a second, until all tests are done
    bench.close()


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

    @settings(
        max_examples=most,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: schemathesis.Case) -> None:
        if mode is POSITIVE and "name" in case.path_parameters:
            case.path_parameters["name"] = "Round"  # to get past "no such concept"
        case.call_and_validate(checks=CHECKS, timeout=PATIENCE)

    check()


@pytest.mark.parametrize(
    ("method", "address"), [*WITH_BODIES, ("POST", "/login"), ("PUT", "/uploads/x/a.png")]
)
def test_whatever_bytes_are_sent_as_a_body_the_answer_says_what_is_wrong(
    app: FastAPI, method: str, address: str
) -> None:
    client = TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=True)

    @settings(max_examples=5, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(
        body=st.binary(max_size=200)
        | st.sampled_from([b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe{}", b"1e999"]),
        kind=st.sampled_from(
            [
                "application/json",
                "text/csv",
                "multipart/form-data",
                "multipart/form-data; boundary=x",
                "application/x-www-form-urlencoded",
                "",
                "a/b; charset=nonsense",
            ]
        ),
    )
    def check(body: bytes, kind: str) -> None:
        response = client.request(method, address, content=body, headers={"Content-Type": kind})
        assert response.status_code < 500, response.text

    check()
