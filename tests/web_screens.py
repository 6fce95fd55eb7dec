"""Screens over HTTP as a browser asks for them: their loads, presses and ticks, and what each area shows."""

from __future__ import annotations

import json
from typing import Any

import httpx2
from fastapi.testclient import TestClient

from concepts.visitors import Sandboxes
from concepts.workbench import Workbench
from web.server import create_app


class Screens:
    def __init__(self, bench: Workbench, sandboxes: Sandboxes | None = None) -> None:
        """Of a demo: what one visitor is shown."""
        client = TestClient(create_app(bench, sandboxes), base_url="http://127.0.0.1:7860")
        if sandboxes:
            client.post("/begin")
        self._look(client)

    @classmethod
    def of(cls, client: httpx2.Client) -> Screens:
        """Those of a server somewhere, as whoever is logged in with this client sees them."""
        screens = cls.__new__(cls)
        screens._look(client)
        return screens

    def _look(self, client: httpx2.Client) -> None:
        self._client = client
        config = self._client.get("/config").json()
        self._components = {component["id"]: component for component in config["components"]}
        self._pages = {page: set(about["dependencies"]) for page, about in config["page"].items()}
        self._events = config["dependencies"]

    def load(self, page: str, **query: str) -> dict[str, str]:
        """Area → HTML of a page that opens, such as "quality"; "" is Start."""
        shown = {"rail": self._rail(page, query)}
        for event in self._of(page, "load"):
            shown |= self._html(event, self._run(event, query))
        return shown

    def _rail(self, page: str, query: dict[str, str]) -> str:
        """Which comes with the page itself."""
        opened = self._client.get(f"/{page}", params=query, headers={"accept": "text/html"})
        assert opened.status_code == 200, opened.text
        config = json.loads(opened.text.split("window.gradio_config = ", 1)[1].split(";</script>", 1)[0])
        (rail,) = (c for c in config["components"] if self._name(c["id"]) == "rail")
        return str(rail["props"]["value"])

    def memory(self, page: str, **query: str) -> Any:
        """What a page that opens remembers."""
        (event,) = (e for e in self._of(page, "load") if "json" in map(self._name, e["outputs"]))
        names = [self._name(i) for i in event["outputs"]]
        return self._run(event, query)[names.index("json")]

    def press(
        self, area: str, action: str, value: str = "", query: Any = (), /, **fields: str
    ) -> dict[str, str]:
        """Area → HTML after a press in an area."""
        event, told = self._click(area), {"action": action, "value": value, "fields": fields}
        return self._html(event, self._run(event, dict(query), told))

    def refusal(self, area: str, action: str, **fields: str) -> str:
        """What is said to a press that isn't permitted."""
        answer = self._ask(self._click(area), {}, {"action": action, "value": "", "fields": fields})
        assert answer.status_code >= 400
        return str(answer.json()["error"])

    def tick(self, page: str, memory: Any = None, **query: str) -> dict[str, Any]:
        """Everything that a tick changes, by area or kind of component."""
        event = next(iter(self._of(page, "tick")))
        values = self._run(event, query, memory=memory)
        skipped = ({"__type__": "update"}, {"props": {"__type__": "update"}, "__type__": "update"})
        names = [self._name(i) for i in event["outputs"]]
        return {name: value for name, value in zip(names, values, strict=True) if value not in skipped}

    def _ask(
        self, event: Any, query: dict[str, str], told: Any = None, memory: Any = None
    ) -> httpx2.Response:
        kept = [memory or self._components[i]["props"].get("value") for i in event["inputs"]]
        body = {"data": kept, "fn_index": event["id"], "session_hash": "s", "event_data": told}
        return self._client.post("/gradio_api/run/predict", params=query, json=body)

    def _run(self, event: Any, query: dict[str, str], told: Any = None, memory: Any = None) -> list[Any]:
        answer = self._ask(event, query, told, memory)
        assert answer.status_code == 200, answer.text
        values: list[Any] = answer.json()["data"]
        return values

    def _html(self, event: Any, values: list[Any]) -> dict[str, str]:
        named = zip(event["outputs"], values, strict=True)
        return {self._name(i): value for i, value in named if isinstance(value, str)}

    def _of(self, page: str, kind: str) -> list[Any]:
        mine = [event for event in self._events if event["id"] in self._pages[page]]
        return [event for event in mine if any(target[1] == kind for target in event["targets"])]

    def _click(self, area: str) -> Any:
        """The event of a press in an area."""

        def is_it(component: int, kind: str) -> bool:
            return component in self._components and self._name(component) == area and kind == "click"

        return next(event for event in self._events if any(is_it(*target) for target in event["targets"]))

    def _name(self, component: int) -> str:
        about = self._components[component]
        return str(about["props"].get("elem_id") or about["type"])
