"""An endpoint is asked as much at the same time as it bears."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fake_openai import FakeOpenAI, Request, status
from hypothesis import given
from hypothesis import strategies as st
from served_model import Make, ask

from concepts.language.openai_compatible import Pace, pace_of


def too_much(pace: Pace) -> None:
    with pace.turn() as sent:
        pace.was_too_much(sent)


def test_it_halves_when_it_is_too_much_and_grows_by_one_for_a_round_of_answers() -> None:
    pace = Pace(8)
    too_much(pace)
    assert pace.at_once == 4
    for _ in range(5):
        pace.went_well()
    assert pace.at_once == 5
    together, sent = Pace(8), time.monotonic()
    for _ in range(8):  # those that were out together are one reason
        together.was_too_much(sent)
    assert together.at_once == 4
    single = Pace(1)
    for _ in range(3):  # one whose request fails gives its turn back
        with pytest.raises(RuntimeError), single.turn():
            raise RuntimeError
    with single.turn():
        assert single.at_once == 1


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 16))
def test_it_stays_between_one_and_what_the_settings_allow(answers: list[bool], most: int) -> None:
    pace = Pace(most)
    for well in answers:
        pace.went_well() if well else too_much(pace)
        assert 1 <= pace.at_once <= most


def test_everybody_who_asks_a_model_keeps_one_pace() -> None:
    assert pace_of("http://e", "m", 4) is pace_of("http://e", "m", 4)
    assert pace_of("http://e", "m", 2).at_once == 2
    assert pace_of("http://e", "other", 4) is not pace_of("http://e", "m", 4)


def test_no_more_are_out_than_the_settings_allow_also_of_two_jobs(
    make_model: Make, server: FakeOpenAI
) -> None:
    server.answer = lambda request: {"n": 1}
    jobs = [make_model(at_once=3), make_model(at_once=3)]

    with ThreadPoolExecutor(12) as threads:
        assert len(list(threads.map(lambda n: ask(jobs[n % 2], f"{n}"), range(40)))) == 40
    assert server.most_at_once <= 3


def test_an_endpoint_that_bears_two_is_asked_by_fewer_and_everything_is_answered(
    make_model: Make, server: FakeOpenAI
) -> None:
    room = threading.Semaphore(2)

    def answer(request: Request) -> Any:
        if not room.acquire(blocking=False):
            return status(429, retry_after="0")
        room.release()
        return {"n": 1}

    server.answer = answer
    model = make_model(at_once=8, sleep=lambda seconds: None)
    with ThreadPoolExecutor(8) as threads:
        assert len(list(threads.map(lambda n: ask(model, f"{n}"), range(60)))) == 60
