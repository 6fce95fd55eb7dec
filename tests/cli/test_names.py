"""What a concept may be called: what the command line takes, REST reaches, and the other way round."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from concepts.cli import app
from concepts.errors import DiscernError
from concepts.rooms import open_app
from concepts.settings import load_settings
from concepts.use_cases import App
from concepts.use_cases.names import LONGEST, checked_name
from web.server import create_service

# Letters of all kinds, and often what means something in an address, a shell or a terminal.
names = st.text(st.characters() | st.sampled_from("/\\.:%?#& \t\n\0\x7f\u2028\u200b\ud800"), max_size=12)
same_library = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)


@pytest.fixture
def bench(own_home: Path) -> Iterator[App]:
    bench = open_app(load_settings())
    yield bench
    bench.close()


@pytest.fixture
def api(bench: App) -> TestClient:
    return TestClient(create_service(bench), base_url="http://127.0.0.1:7860/api/v1/")


def address(name: str) -> str:
    return f"concepts/{quote(name, safe='')}"


@same_library
@given(name=names)
@example("a/b")
@example("..")
@example("id:1")
@example("50 % of #1?")
@example("👩‍🔬 at work")
@example("ﬃ" * 60)
def test_command_line_and_rest_take_the_same_names_and_reach_them(
    api: TestClient, bench: App, name: str
) -> None:
    try:
        expected = checked_name(name)
    except DiscernError:
        expected = ""
    made = CliRunner().invoke(app, ["concept", "new", "--description", "Something.", "--json", "--", name])
    assert bool(expected) == (made.exit_code == 0), made
    if expected:
        assert json.loads(made.stdout)["name"] == expected
        found = api.get(address(expected))
        assert found.status_code == 200, found.text
        assert found.json()["name"] == expected
        assert api.get(address(f"id:{found.json()['id']}")).json() == found.json()
        bench.store.put_away(found.json()["id"])
    if any("\ud800" <= c <= "\udfff" for c in name):
        return  # can't be sent at all
    made_by_rest = api.post("concepts", json={"name": name, "description": "Something."})
    assert made_by_rest.status_code == (201 if expected else 422), made_by_rest.text
    if expected:
        assert made_by_rest.json()["name"] == expected
        bench.store.put_away(made_by_rest.json()["id"])


def test_a_concept_is_reached_by_its_id(api: TestClient, bench: App, discern: Callable[..., Any]) -> None:
    name = "Messy room"
    row = bench.store.create(name)
    bench.store.add_definition(row.id, {"name": name, "description": "Something."}, "me", "begun")
    listed = cast(list[dict[str, Any]], api.get("concepts").json())
    assert [(concept["id"], concept["name"]) for concept in listed] == [(row.id, name)]
    for path in ("", "/revisions", "/labels", "/versions"):
        assert api.get(f"concepts/id:{row.id}{path}").status_code == 200
    assert api.get(f"concepts/id:{row.id}").json()["name"] == name
    assert discern("concept", "show", name) == discern("concept", "show", f"id:{row.id}")
    assert api.post("trash", json={"concept": f"id:{row.id}"}).json()["names"] == [name]
    assert api.get(f"concepts/id:{row.id}").status_code == 409


def test_the_longest_name_is_taken_and_a_longer_one_is_not() -> None:
    assert checked_name("a" * LONGEST) == "a" * LONGEST
    with pytest.raises(DiscernError, match=f"at most {LONGEST} characters"):
        checked_name("a" * (LONGEST + 1))
