"""Screens over HTTP, as a browser asks for them, and the people who do."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

import httpx2
from fastapi import FastAPI
from fastapi.testclient import TestClient

from concepts.installation.users import Users
from concepts.settings import Settings
from concepts.use_cases import App
from concepts.use_cases.roles import Role
from web.server import create_app
from web.tabs import TABS

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


class Screens:
    """The page's screens over HTTP: what a browser sends when somebody goes to one, and what comes back."""

    def __init__(self, bench: App) -> None:
        self.client: httpx2.Client = TestClient(create_app(bench), base_url=BASE)

    @classmethod
    def of(cls, client: httpx2.Client) -> Screens:
        """Those of a server somewhere, as whoever is logged in with this client sees them."""
        screens = cls.__new__(cls)
        screens.client = client
        return screens

    @cached_property
    def config(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get("/config").json()
        return found

    def load(self, page: str, **query: str) -> str:
        """What a screen shows once somebody is there, such as "check", as text; "" is Home."""
        (tab,) = [tab for tab in TABS if tab.path == f"/{page}"]
        return self._shown(self.send(f"to_{tab.name}", f"/{page}", **query))

    def send(self, event: str, referer: str = "/", /, value: Any = None, **query: str) -> httpx2.Response:
        """The answer to an event of this name without fields, such as `to_check` or `trash`."""
        numbers = [
            one["id"]
            for one in self.config["dependencies"]
            if event in {name for _, name in one["targets"]} and one["backend_fn"]
        ]
        body = {"fn_index": numbers[0], "data": [], "event_data": {"value": value}, "session_hash": "t"}
        headers = {"referer": f"{BASE}{referer}"}
        return self.client.post("/gradio_api/run/predict", params=query, json=body, headers=headers)

    @staticmethod
    def _shown(answer: httpx2.Response) -> str:
        assert answer.status_code == 200, answer.text
        return json.dumps(answer.json()["data"], ensure_ascii=False)
