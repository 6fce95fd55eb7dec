"""Holding back an answer of the server, as a slow network does."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from accessible import TWO_FRAMES
from playwright.sync_api import Page, Route

CALLS = re.compile("/gradio_api/run/")


class HeldAnswer:
    """Holds back the first answer of an event for which `wanted(route, text of the answer)` holds."""

    def __init__(self, page: Page, wanted: Callable[[Route, str], bool]) -> None:
        self._page, self._wanted = page, wanted
        self._held: tuple[Route, Any] | None = None
        page.route(CALLS, self._answer)

    def _answer(self, route: Route) -> None:
        answer = route.fetch()
        if self._held is None and self._wanted(route, answer.text()):
            self._held = (route, answer)
        else:
            route.fulfill(response=answer)

    def wait(self) -> None:
        """Returns once there is one."""
        while self._held is None:
            self._page.evaluate(TWO_FRAMES)

    def deliver(self) -> None:
        """Lets it go, and returns once the page has had time to draw it."""
        assert self._held is not None
        route, answer = self._held
        with self._page.expect_response(lambda one: one.url == route.request.url):
            route.fulfill(response=answer)
        self._page.evaluate(TWO_FRAMES)
