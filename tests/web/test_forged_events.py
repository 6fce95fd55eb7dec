"""What a browser sends that no page of ours does is refused in a sentence, without a traceback anywhere."""

from __future__ import annotations

from typing import Any

import pytest
from web_screens import PATHS, Screens

from concepts.settings import Settings
from concepts.workbench import Workbench
from web.http.gradio import NOT_A_CALL
from web.page import FAILED, OLD_PAGE

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
PRESSES: tuple[Any, ...] = (
    None,
    "x",
    7,
    [],
    {},
    {"event": "press", "fields": "x"},
    {"event": "press", "action": {}, "value": []},
    {"event": "press", "action": "yes", "fields": {"a": 1}},
    {"event": "press", "area": ["x"], "action": "show"},
    {"event": "press", "area": "nothing", "action": "show"},
    {"event": "shout"},
    {"event": "opened"},
    {"event": "tick", "more": 1},
)


@pytest.fixture(scope="module")
def screens(tmp_path_factory: pytest.TempPathFactory) -> Screens:
    bench = Workbench(Settings(home=tmp_path_factory.mktemp("forged")))
    bench.concepts.begin(NAME, "A ball.")
    return Screens(bench)


def told(screens: Screens, capfd: pytest.CaptureFixture[str], path: str, sent: Any) -> tuple[int, str]:
    """The status and what is said; nothing where it is taken."""
    answer = screens.client.post(path, params={"concept": NAME}, json=sent)
    assert "Traceback" not in capfd.readouterr().err
    return answer.status_code, "" if answer.status_code == 200 else str(answer.json()["detail"])


@pytest.mark.parametrize("area", ["review-main", "check-main", "activity-main"])
def test_a_memory_that_no_page_has_is_refused(
    screens: Screens, capfd: pytest.CaptureFixture[str], area: str
) -> None:
    press = {"event": "press", "area": area, "action": "show"}
    events = [press | {"memory": memory} for memory in MEMORIES]
    events += [{"event": "tick", "memory": memory} for memory in MEMORIES]
    said = {told(screens, capfd, PATHS[area], event) for event in events}
    assert (422, OLD_PAGE) in said
    assert said <= {(200, ""), (422, OLD_PAGE)}


@pytest.mark.parametrize("path", sorted(set(PATHS.values())))
def test_a_press_that_no_button_sends_is_refused(
    screens: Screens, capfd: pytest.CaptureFixture[str], path: str
) -> None:
    statuses = [told(screens, capfd, path, press)[0] for press in PRESSES]
    taken = [press for press, status in zip(PRESSES, statuses, strict=True) if status == 200]
    assert taken in ([], [{"event": "opened"}])  # some pages ask for more once they are there
    assert set(statuses) <= {200, 422}


def test_a_value_that_no_button_has_is_refused_in_words_that_are_ours(
    screens: Screens, capfd: pytest.CaptureFixture[str]
) -> None:
    press = {"event": "press", "area": "check-main", "action": "measure", "value": "x"}
    assert told(screens, capfd, "/check", press) == (500, FAILED)


@pytest.mark.parametrize("address", ["run/predict", "run/nothing", "api/predict", "queue/join"])
@pytest.mark.parametrize(
    "sent",
    [
        {"data": [1, 2, 3], "fn_index": 0},
        {"data": "x", "fn_index": 0},
        {"data": None, "fn_index": 0},
        {"data": [], "fn_index": 99999},
        {"data": [], "fn_index": -1},
        {"data": [], "fn_index": [1]},
        {"data": [], "fn_index": True},
        {"data": []},
        "x",
        None,
    ],
)
def test_what_calls_no_endpoint_does_not_reach_gradio(
    screens: Screens, capfd: pytest.CaptureFixture[str], address: str, sent: Any
) -> None:
    assert told(screens, capfd, f"/gradio_api/{address}", sent) == (422, NOT_A_CALL)


def test_an_endpoint_that_is_not_there_does_not_reach_gradio(
    screens: Screens, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("predict", "v2/predict", "nothing"):
        assert told(screens, capfd, f"/gradio_api/call/{name}", {"data": []}) == (422, NOT_A_CALL)
