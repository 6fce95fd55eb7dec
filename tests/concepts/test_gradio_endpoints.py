"""Gradio's endpoints, called as its own client does."""

from __future__ import annotations

import base64
from functools import partial

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from running_app import served

from concepts.library.collection import collection_of
from concepts.results.library import thumbnail_of
from concepts.use_cases import App
from web.server import create_app

NAME = "Round thing"


def test_a_client_finds_the_endpoints_and_classifies_a_picture(trained: App) -> None:
    content = thumbnail_of(trained, collection_of(trained).library.all_ids()[0])
    with served(create_app(trained)) as address:
        # a busy machine is no defect
        client = Client(address, verbose=False, httpx_kwargs={"timeout": None})
        classify = partial(client.predict, api_name="/classify")
        assert set(client.view_api(return_format="dict")["named_endpoints"]) == {"/concepts", "/classify"}
        assert client.predict(api_name="/concepts") == [NAME]
        said = classify(picture=base64.b64encode(content).decode(), concept=NAME)
        assert [one["concept"] for one in said["said"]] == [NAME]
        assert 0 <= said["said"][0]["probability"] <= 1
        with pytest.raises(AppError, match="not Base64"):
            classify(picture="no Base64!", concept=NAME)
        with pytest.raises(AppError, match="There is no concept “Nothing”"):
            classify(picture="eHh4", concept="Nothing")
