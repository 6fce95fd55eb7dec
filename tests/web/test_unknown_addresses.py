"""An address that isn't there: a page for who opens it in a browser, a problem for a program."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from small_app import app_without_screens

from concepts.settings import Settings
from concepts.workbench import Workbench

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    bench = Workbench(Settings(home=tmp_path_factory.mktemp("addresses") / "home"))
    return TestClient(app_without_screens(bench), base_url="http://127.0.0.1:7860")


@pytest.mark.parametrize("address", ["/no-such-screen", "/label/deeper", f"/media/picture/{'0' * 64}"])
def test_a_browser_is_shown_a_page_with_ways_on(client: TestClient, address: str) -> None:
    answer = client.get(address, headers=BROWSER)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "There is nothing at this address" in answer.text
    assert 'href="/"' in answer.text
    assert 'href="/library"' in answer.text


@pytest.mark.parametrize("headers", [{"Accept": "application/json"}, {"Accept": "image/*,*/*;q=0.8"}, {}])
def test_a_program_gets_json(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.get("/no-such-screen", headers=headers)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("application/")


def test_under_api_it_is_a_problem_whatever_is_accepted(client: TestClient) -> None:
    answer = client.get("/api/v1/concepts/nothing", headers=BROWSER)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
