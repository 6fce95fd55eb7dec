"""Gradio's endpoints, called as its own client does."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Iterator

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from running_app import served

from concepts.workbench import Workbench
from web.server import create_app

NAME = "Round thing"


@pytest.fixture
def client(trained: Workbench) -> Iterator[Client]:
    with served(create_app(trained)) as address:
        yield Client(address, verbose=False, httpx_kwargs={"timeout": None})  # a busy machine is no defect


def test_a_client_finds_the_endpoints_and_classifies_a_picture(client: Client, trained: Workbench) -> None:
    assert set(client.view_api(return_format="dict")["named_endpoints"]) == {"/concepts", "/classify"}
    assert client.predict(api_name="/concepts") == [NAME]
    picture = trained.context.collection.library.all_ids()[0]
    content = base64.b64encode(trained.library.thumbnail(picture)).decode()
    said = client.predict(picture=content, concept=NAME, api_name="/classify")
    assert [one["concept"] for one in said["said"]] == [NAME]
    assert 0 <= said["said"][0]["probability"] <= 1


@pytest.mark.parametrize(
    ("picture", "concept", "reason"),
    [("no Base64!", "Round thing", "not Base64"), ("eHh4", "Nothing", "There is no concept “Nothing”")],
)
def test_what_cannot_be_classified_is_told(client: Client, picture: str, concept: str, reason: str) -> None:
    with pytest.raises(AppError, match=reason):
        client.predict(picture=picture, concept=concept, api_name="/classify")


def test_no_start_waits_for_gradio() -> None:
    code = "import sys, web.server; print('gradio' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
