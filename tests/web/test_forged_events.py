"""What a browser sends that no page of ours does is refused in a sentence, without a traceback anywhere."""

from __future__ import annotations

from typing import Any

import pytest
from web_screens import PATHS, Screens

from concepts.settings import Settings
from concepts.workbench import Workbench
from web.page import FAILED, OLD_PAGE

NAME = "Ball"
MEMORIES = (
    *([1, 2], "x", 7, True),
    *({"told": told} for told in ("x", [1])),
    {"jobs": "x"},
    *({"pages": pages} for pages in ("x", [0], [-1, {}], [10**30, 0])),
    *({"seen": seen} for seen in ([1, 2], {"a": 1})),
    {"ranked": {}},
    *({"place": place} for place in ([], {"kind": {}}, None)),
    *({"ids": ids} for ids in ({"a": 1}, [{}])),
    *({"keys": keys} for keys in ([1], {"a": []})),
)
PRESSES: tuple[Any, ...] = (
    *(None, "x", 7, [], {}),
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


def test_a_memory_that_no_page_has_is_refused(screens: Screens, capfd: pytest.CaptureFixture[str]) -> None:
    for area in ("review-main", "check-main", "activity-main"):
        press = {"event": "press", "area": area, "action": "show"}
        events = [event | {"memory": memory} for memory in MEMORIES for event in (press, {"event": "tick"})]
        said = {told(screens, capfd, PATHS[area], event) for event in events}
        assert (422, OLD_PAGE) in said
        assert said <= {(200, ""), (422, OLD_PAGE)}


def test_a_press_that_no_button_sends_is_refused_in_words_that_are_ours(
    screens: Screens, capfd: pytest.CaptureFixture[str]
) -> None:
    for path in sorted(set(PATHS.values())):
        statuses = [told(screens, capfd, path, press)[0] for press in PRESSES]
        taken = [press for press, status in zip(PRESSES, statuses, strict=True) if status == 200]
        assert taken in ([], [{"event": "opened"}]), path  # some pages ask for more once they are there
        assert set(statuses) <= {200, 422}, path
    press = {"event": "press", "area": "check-main", "action": "measure", "value": "x"}
    assert told(screens, capfd, "/check", press) == (500, FAILED)
