"""An app that nobody uses leaves the processor alone."""

from __future__ import annotations

import inspect

import gradio as gr
from gradio.queueing import Queue

from web import server


def test_the_queue_of_the_screens_looks_for_work_a_hundred_times_a_second_not_a_thousand() -> None:
    queue = server._at_rest(gr.Blocks())._queue
    for loop, pause in (
        (Queue.start_processing, "sleep_when_free"),
        (Queue.start_progress_updates, "progress_update_sleep_when_free"),
    ):
        assert f"self.{pause}" in inspect.getsource(loop)  # what another version of Gradio may call otherwise
        assert getattr(queue, pause) >= 0.01
