"""Watched folders on Results: begin, what was seen and flagged, what was sent, precision over time."""

from __future__ import annotations

from concepts.errors import DiscernError
from concepts.workbench import Workbench
from concepts.workbench.watching import ASK_FLAGGED
from web.page import Action, Shown, WebPage, number_of
from web.render import render

SHOWN = 12  # flagged pictures, the newest


class Watched:
    """The panel and its buttons."""

    def __init__(self, workbench: Workbench, page: WebPage) -> None:
        self.area = page.area("results-watch")
        self._bench = workbench

    def html(self, name: str, opened: int | None = None) -> str:
        """`opened`: the watch whose flagged pictures are shown."""
        watches = self._bench.concept(name).watches.all()
        page = self._bench.concept(name).watches.flagged(opened, SHOWN) if opened else None
        going = [watch for watch in watches if watch.stopped is None]
        return render(
            "results/watched.html",
            name=name,
            going=going,
            stopped=[watch for watch in watches if watch.stopped is not None],
            opened=opened,
            page=page,
            scale=self._bench.concept(name).definition.read().scale if opened else None,
            ask=100 * ASK_FLAGGED,
        )

    def flagged(self, name: str, value: str) -> Shown:
        """The panel with the pictures that one watch flagged, or without where they are shown already."""
        opened = number_of(value) or None
        return {self.area: self.html(name, opened)}

    def do(self, action: Action, name: str, author: str) -> str:
        """Does what was pressed and says so; empty where it was for somebody else."""
        watches = self._bench.concept(name).watches
        if action.name == "watch":
            return self._begin(action, name, author)
        number = number_of(action.value)
        if action.name == "look-now":
            watches.look(number)
            return render("results/watch_said.html", said="looking", watch=watches.get(number), secret="")
        if action.name == "stop-watch":
            return render("results/watch_said.html", said="stopped", watch=watches.stop(number), secret="")
        return ""

    def _begin(self, action: Action, name: str, author: str) -> str:
        watches = self._bench.concept(name).watches
        ask, promised = (_share(action.fields.get(field, "")) for field in ("ask", "promised"))
        begun = watches.begin(
            action.fields.get("folder", ""),
            webhook=action.fields.get("webhook", "").strip(),
            ask_flagged=ASK_FLAGGED if ask is None else ask,
            promised=promised,
            author=author,
            confined=True,
        )
        watches.look(begun.watch.id)
        return render("results/watch_said.html", said="begun", watch=begun.watch, secret=begun.secret)


def _share(text: str) -> float | None:
    """What was typed, of 100; None where nothing was. Raises `DiscernError`."""
    if not text.strip():
        return None
    try:
        return float(text) / 100
    except ValueError as error:
        raise DiscernError(f"“{text}” is no number.") from error
