"""Screens over HTTP, as a browser asks for them: pages that open, presses, and what areas show."""

from __future__ import annotations

import re
from html import unescape
from typing import Any, cast

import httpx2
from fastapi import FastAPI
from fastapi.testclient import TestClient

from concepts.installation.users import Role, Users
from concepts.settings import Settings
from concepts.workbench import Workbench
from web.page import WebPage
from web.screens import SCREENS
from web.server import create_app

BASE = "http://127.0.0.1:7860"
PASSWORD = "correct horse battery"
PEOPLE = {"ola": Role.OWNER, "lea": Role.LABELLER, "vic": Role.VIEWER}


def add_people(settings: Settings) -> None:
    """One of each role, all with the same password."""
    for name, role in PEOPLE.items():
        Users(settings).set(name, PASSWORD, role)


def browser(app: FastAPI, name: str = "", **options: Any) -> TestClient:
    """A browser that was never here, or one in which this person is logged in. It follows no redirect."""
    client = TestClient(app, **{"base_url": BASE, "follow_redirects": False} | options)
    if name:
        answer = client.post("/login", data={"name": name, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
    return client


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def _pages() -> dict[str, WebPage]:
    """Path → the page of a screen, without a workbench behind it."""
    pages = {screen.path: WebPage() for screen in SCREENS}
    for screen in SCREENS:
        screen.build(cast(Any, None), pages[screen.path])
    return pages


PAGES = _pages()
PATHS = {area: path for path, page in PAGES.items() for area in page.areas}  # area → path of its screen
AREA = re.compile(f'<div class="(?:area|rail-column)" id="(rail|{"|".join(PATHS)})">')


class Screens:
    def __init__(self, bench: Workbench) -> None:
        self.client: httpx2.Client = TestClient(create_app(bench), base_url=BASE)

    @classmethod
    def of(cls, client: httpx2.Client) -> Screens:
        """Those of a server somewhere, as whoever is logged in with this client sees them."""
        screens = cls.__new__(cls)
        screens.client = client
        return screens

    def load(self, page: str, **query: str) -> dict[str, str]:
        """Area → HTML of a page that opens, such as "check"; "" is Home. What closes the areas is with the
        last."""
        answer = self.client.get(f"/{page}", params=query, headers={"accept": "text/html"})
        assert answer.status_code == 200, answer.text
        areas = AREA.split(answer.text.partition("</main>")[0])
        shown = dict(zip(areas[1::2], areas[2::2], strict=True))
        return shown | (self._send(f"/{page}", query, "opened") if " data-follows>" in answer.text else {})

    def press(
        self, area: str, action: str, value: str = "", query: Any = (), /, **fields: str
    ) -> dict[str, str]:
        """Area → HTML after a press in an area."""
        pressed = {"area": area, "action": action, "value": value, "fields": fields}
        return self._send(PATHS[area], dict(query), "press", **pressed)

    def _send(self, path: str, query: dict[str, str], event: str, **more: Any) -> dict[str, str]:
        answer = self.client.post(path, params=query, json={"tab": "t", "event": event, **more})
        assert answer.status_code == 200, answer.text
        areas: dict[str, str] = answer.json()["areas"]
        return areas
