"""An app that nobody uses leaves the processor alone."""

from __future__ import annotations

import asyncio

import gradio as gr
import pytest

from web import server


def test_the_queue_of_the_screens_looks_for_work_a_hundred_times_a_second_not_a_thousand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queue = server._at_rest(gr.Blocks())._queue
    naps: list[float] = []

    async def sleep(seconds: float) -> None:
        naps.append(seconds)
        queue.stopped = len(naps) == 3

    monkeypatch.setattr(asyncio, "sleep", sleep)
    asyncio.run(queue.start_processing())
    asyncio.run(queue.start_progress_updates())
    assert naps
    assert min(naps) >= 0.01
