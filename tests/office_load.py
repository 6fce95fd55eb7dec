"""People at the screens, by the clock: what their browsers ask for when a page opens or a key is pressed."""

from __future__ import annotations

import http.client
import json
import random
import re
import statistics
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

EVERY = 1.0  # seconds from one page or label to the next of the same person
TIMEOUT = 60.0  # seconds for one answer of the server
KEPT = 4.0  # seconds that a connection is used again after; the server closes idle ones after five
# Screens, by how often a reader opens one of them. Of those of a concept, one of its own choice.
OF_ALL = {"/": 3, "/library": 5, "/settings/activity": 1}
OF_CONCEPT = {
    "/describe": 1,
    "/label": 2,
    "/label/review": 2,
    "/check": 3,
    "/results": 3,
    "/label/borderline": 1,
}
SEARCHED = 0.3  # of the visits to the library
WORDS = ("a round thing", "a red square", "thin line", "circle")
FOLLOWS = " data-follows"  # of a page of which more is asked for once it is there
PICTURE = re.compile(r"/media/thumbnail/[0-9a-f]{64}")


@dataclass
class Took:
    """What all people saw: seconds of what succeeded, by its name; every error; and each label that the
    server acknowledged, its key → picture, value."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    acknowledged: dict[str, tuple[str, str]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str, seconds: float) -> None:
        with self.lock:
            self.seconds[what].append(seconds)

    def quantiles(self, what: str) -> dict[str, float]:
        """In seconds, and of how many."""
        cuts = statistics.quantiles(self.seconds[what], n=100)
        return {"of": len(self.seconds[what])} | {f"p{n}": round(cuts[n - 1], 3) for n in (50, 95, 99)}


class Browser:
    """One connection and a cookie. What never changes is asked for once, as a browser does that keeps it."""

    def __init__(self, address: str, name: str, password: str, took: Took) -> None:
        self._took = took
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=TIMEOUT)
        self._used = time.monotonic()
        self._headers: dict[str, str] = {}
        self._kept: set[str] = set()
        form = urlencode({"name": name, "password": password})
        self._ask("POST", "/login", form, {"Content-Type": "application/x-www-form-urlencoded"})

    def page(self, screen: str, **query: str) -> None:
        """Until all that the screen shows is there, without its pictures; these after that."""
        place = f"?{urlencode(query)}" if query else ""
        begun = time.monotonic()
        shown = self._ask("GET", screen + place, headers={"Accept": "text/html"}).decode()
        if FOLLOWS in shown:
            shown += self.post(screen + place, {"event": "opened"}).decode()
        self._took.note("page", time.monotonic() - begun)
        for picture in PICTURE.findall(shown):
            self.picture(picture)

    def picture(self, address: str) -> None:
        if address not in self._kept:
            self._kept.add(address)
            begun = time.monotonic()
            self._ask("GET", address)
            self._took.note("picture", time.monotonic() - begun)

    def get(self, path: str, **query: str) -> Any:
        return json.loads(self._ask("GET", f"{path}?{urlencode(query)}") or b"null")

    def post(self, path: str, body: object) -> bytes:
        return self._ask("POST", path, json.dumps(body), {"Content-Type": "application/json"})

    def _ask(
        self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> bytes:
        """Empty where it is no success, which is noted."""
        if time.monotonic() - self._used > KEPT:
            self._connection.close()
        self._connection.request(method, path, body, self._headers | (headers or {}))
        answer = self._connection.getresponse()
        said = answer.read()
        self._used = time.monotonic()
        if cookie := answer.getheader("Set-Cookie"):
            self._headers["Cookie"] = cookie.partition(";")[0]
        if answer.status < 400:
            return said
        with self._took.lock:
            self._took.errors.append(f"{method} {path}: {answer.status} {said[:300]!r}")
        return b""


class Reader:
    """Opens one page after the other."""

    def __init__(self, browser: Browser, concepts: list[str], rng: random.Random) -> None:
        self._browser, self._concepts, self._rng = browser, concepts, rng

    def step(self) -> None:
        screens = OF_ALL | OF_CONCEPT
        (screen,) = self._rng.choices(list(screens), list(screens.values()))
        query = {"concept": self._rng.choice(self._concepts)} if screen in OF_CONCEPT else {}
        if screen == "/library" and self._rng.random() < SEARCHED:
            query = {"q": self._rng.choice(WORDS)}
        self._browser.page(screen, **query)


class Labeller:
    """Answers the pictures that the screen Label is handed; `counts` says of a path whether it is a yes."""

    def __init__(self, browser: Browser, concept: str, counts: Callable[[str], bool], took: Took) -> None:
        self._browser, self._concept, self._counts, self._took = browser, concept, counts, took
        self._pictures: list[dict[str, Any]] = []
        browser.page("/label", concept=concept)

    def step(self) -> None:
        if not self._pictures:
            self._take(self._browser.get("/app/answers", concept=self._concept))
        if not self._pictures:
            return
        picture, key = self._pictures.pop(0), uuid.uuid4().hex
        value = "yes" if self._counts(picture["path"]) else "no"
        have = [one["id"] for one in self._pictures]
        given = {"picture": picture["id"], "value": value, "repeat": picture["repeat"], "have": have}
        begun = time.monotonic()
        said = self._browser.post("/app/answers", {"concept": self._concept, "key": key} | given)
        if said:
            self._took.note("label", time.monotonic() - begun)
            with self._took.lock:
                self._took.acknowledged[key] = picture["id"], value
            self._take(json.loads(said))

    def _take(self, said: Any) -> None:
        """What comes next, with its pictures, as the screen loads them before they are needed."""
        held = {picture["id"] for picture in self._pictures}
        new = [picture for picture in said["upcoming"]["pictures"] if picture["id"] not in held]
        self._pictures += new
        for picture in new:
            self._browser.picture(f"/media/thumbnail/{picture['id']}")
            self._browser.picture(f"/media/picture/{picture['id']}")


class AtWork:
    """Does one step after the other, each a second after the one before began, or at once where that took
    longer, until it is ended."""

    def __init__(self, begin: Callable[[], Reader | Labeller], after: float, took: Took) -> None:
        """`begin`: who it is, seen in the thread of its own; `after` so many seconds."""
        self._begin, self._after, self._took = begin, after, took
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()

    def join(self) -> None:
        self._thread.join()

    def _work(self) -> None:
        try:
            due = time.monotonic() + self._after
            who: Reader | Labeller | None = None
            while not self._ended.wait(max(due - time.monotonic(), 0)):
                due = max(due + EVERY, time.monotonic())
                if who is None:
                    who = self._begin()
                else:
                    who.step()
        except Exception as error:
            with self._took.lock:
                self._took.errors.append(repr(error))
