"""Screens over HTTP, as a browser asks for them: pages that open, presses and ticks, and what areas show."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any, cast

import httpx2
from fastapi.testclient import TestClient

from concepts.visitors import Sandboxes
from concepts.workbench import Workbench
from web.page import WebPage
from web.screens import SCREENS
from web.server import create_app


def _pages() -> dict[str, WebPage]:
    """Path → the page of a screen, without a workbench behind it."""
    pages = {screen.path: WebPage() for screen in SCREENS}
    for screen in SCREENS:
        screen.build(cast(Any, None), pages[screen.path])
    return pages


PAGES = _pages()
PATHS = {area: path for path, page in PAGES.items() for area in page.areas}  # area → path of its screen


class Screens:
    def __init__(self, bench: Workbench, sandboxes: Sandboxes | None = None) -> None:
        """Of a demo: what one visitor is shown."""
        self.client: httpx2.Client = TestClient(
            create_app(bench, sandboxes), base_url="http://127.0.0.1:7860"
        )
        if sandboxes:
            self.client.post("/begin")

    @classmethod
    def of(cls, client: httpx2.Client) -> Screens:
        """Those of a server somewhere, as whoever is logged in with this client sees them."""
        screens = cls.__new__(cls)
        screens.client = client
        return screens

    def load(self, page: str, **query: str) -> dict[str, str]:
        """Area → HTML of a page that opens, such as "check"; "" is Home."""
        opened = self._opened(page, query)
        shown = dict(opened.areas)
        if opened.follows:
            shown |= self._told(self.send(f"/{page}", query, event="opened"))["areas"]
        return shown

    def memory(self, page: str, **query: str) -> Any:
        """What a page that opens remembers."""
        return self._opened(page, query).memory

    def press(
        self, area: str, action: str, value: str = "", query: Any = (), /, **fields: str
    ) -> dict[str, str]:
        """Area → HTML after a press in an area."""
        told = self._told(self._press(area, action, value, dict(query), fields))
        shown: dict[str, str] = told["areas"]
        return shown

    def refusal(self, area: str, action: str, **fields: str) -> str:
        """What is said to a press that isn't permitted."""
        answer = self._press(area, action, "", {}, fields)
        assert answer.status_code >= 400
        return str(answer.json()["detail"])

    def tick(self, page: str, memory: Any = None, **query: str) -> dict[str, Any]:
        """Everything that a tick changes: areas by their names, "memory" and "timer"."""
        told = self._told(self.send(f"/{page}", query, event="tick", memory=memory))
        changed: dict[str, Any] = told.pop("areas") | told
        return changed

    def send(self, path: str, query: dict[str, str], **event: Any) -> httpx2.Response:
        return self.client.post(path, params=query, json={"tab": "t", **event})

    def _press(
        self, area: str, action: str, value: str, query: dict[str, str], fields: dict[str, str]
    ) -> httpx2.Response:
        pressed = {"area": area, "action": action, "value": value, "fields": fields}
        return self.send(PATHS[area], query, event="press", **pressed)

    def _opened(self, page: str, query: dict[str, str]) -> _OpenedPage:
        answer = self.client.get(f"/{page}", params=query, headers={"accept": "text/html"})
        assert answer.status_code == 200, answer.text
        return _OpenedPage(answer.text)

    def _told(self, answer: httpx2.Response) -> dict[str, Any]:
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told


class _OpenedPage(HTMLParser):
    """The areas of a page, with the rail, what it remembers, and whether more of it follows."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self.areas: dict[str, str] = {}
        self.memory: Any = None
        self.follows = False
        self._text = text
        self._lines = [0]
        for line in text.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))
        self._area, self._start, self._depth = "", 0, 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        if tag == "main":
            self.memory = json.loads(has["data-memory"] or "null")
            self.follows = "data-follows" in has
        if tag != "div":
            return
        if self._area:
            self._depth += 1
        elif has.get("class") in ("area", "rail-column"):
            self._area, self._depth = has["id"] or "", 1
            self._start = self._at() + len(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "div" and self._area:
            self._depth -= 1
            if not self._depth:
                self.areas[self._area] = self._text[self._start : self._at()]
                self._area = ""

    def _at(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column
