"""What a browser sends that no page of ours does is refused in a sentence, without a traceback anywhere."""

from __future__ import annotations

from typing import Any

import pytest
from web_screens import Screens

from concepts.settings import Settings
from concepts.workbench import Workbench
from web.http.events import OLD_PAGE
from web.live import FAILED

NAME = "Ball"
MEMORIES = (
    [1, 2],
    "x",
    7,
    True,
    {"told": "x"},
    {"told": [1]},
    {"jobs": "x"},
    {"pages": "x"},
    {"pages": [0]},
    {"pages": [-1, {}]},
    {"pages": [10**30, 0]},
    {"seen": [1, 2]},
    {"seen": {"a": 1}},
    {"ranked": {}},
    {"place": []},
    {"place": {"kind": {}}},
    {"place": None},
    {"ids": {"a": 1}},
    {"ids": [{}]},
    {"keys": [1]},
    {"keys": {"a": []}},
)
PRESSES = (None, "x", 7, [], {}, {"fields": "x"}, {"action": {}, "value": []}, {"action": "yes", "fields": 1})


@pytest.fixture(scope="module")
def screens(tmp_path_factory: pytest.TempPathFactory) -> Screens:
    bench = Workbench(Settings(home=tmp_path_factory.mktemp("forged")))
    bench.concepts.begin(NAME, "A ball.")
    return Screens(bench)


def refused(screens: Screens, capfd: pytest.CaptureFixture[str], event: Any, told: Any, memory: Any) -> str:
    """What is said to it; nothing where it is taken."""
    answer = screens._ask(event, {"concept": NAME}, told, memory)
    assert "Traceback" not in capfd.readouterr().err
    return "" if answer.status_code == 200 else str(answer.json()["error"])


@pytest.mark.slow
def test_a_memory_that_no_page_has_is_refused(screens: Screens, capfd: pytest.CaptureFixture[str]) -> None:
    remember = [e for e in screens._events if "json" in map(screens._name, e["inputs"])]
    press = {"action": "show", "value": "", "fields": {}}
    said = {refused(screens, capfd, event, press, memory) for event in remember for memory in MEMORIES}
    assert said == {"", OLD_PAGE}


def test_a_press_that_no_button_sends_is_refused(screens: Screens, capfd: pytest.CaptureFixture[str]) -> None:
    clicks = [e for e in screens._events if any(kind == "click" for _, kind in e["targets"])]
    said = {refused(screens, capfd, event, press, None) for event in clicks for press in PRESSES}
    assert OLD_PAGE in said


def test_a_value_that_no_button_has_is_refused_in_words_that_are_ours(
    screens: Screens, capfd: pytest.CaptureFixture[str]
) -> None:
    press = {"action": "measure", "value": "x", "fields": {}}
    assert refused(screens, capfd, screens._click("quality-main"), press, None) == FAILED


@pytest.mark.parametrize("address", ["run/predict", "run/nothing", "api/predict", "queue/join"])
@pytest.mark.parametrize(
    "changed",
    [
        {"data": []},
        {"data": [1, 2, 3]},
        {"data": "x"},
        {"data": None},
        {"fn_index": 99999},
        {"fn_index": -1},
        {"fn_index": [1]},
        {"fn_index": None},
        None,
    ],
)
def test_an_event_that_no_page_has_is_refused(
    screens: Screens, capfd: pytest.CaptureFixture[str], address: str, changed: dict[str, Any] | None
) -> None:
    event = next(e for e in screens._events if "json" in map(screens._name, e["inputs"]))
    sent = {"data": [{}], "fn_index": event["id"], "session_hash": "s"}
    body = [sent] if changed is None else sent | changed
    answer = screens._client.post(f"/gradio_api/{address}", json=body)
    assert (answer.status_code, answer.json()["detail"]) == (422, OLD_PAGE)
    assert "Traceback" not in capfd.readouterr().err


def test_no_event_has_a_name(screens: Screens, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("predict", "v2/predict", "nothing"):
        assert screens._client.post(f"/gradio_api/call/{name}", json={"data": []}).status_code == 422
    assert "Traceback" not in capfd.readouterr().err
