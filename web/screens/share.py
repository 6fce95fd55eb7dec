"""Sharing on Use: a version as a page by a link, or as one file."""

from __future__ import annotations

from concepts.workbench import Workbench
from concepts.workbench.sharing import DAYS, NewLink
from web.live import Action, live
from web.render import render, say

CHOICES = (1, DAYS, 30, 90)  # days


class Sharing:
    """The area for it, and what its buttons do."""

    def __init__(self, workbench: Workbench) -> None:
        self._bench = workbench
        self.area = live("use-share")

    def html(self, name: str, version: int, goes_along: bool) -> str:
        """`goes_along`: whether the encoder may be in a file."""
        settings = self._bench.context.settings
        links = [] if settings.demo else self._bench.sharing.links(name)
        return render(
            "use/share.html",
            name=name,
            version=version,
            goes_along=goes_along,
            days=CHOICES,
            chosen=DAYS,
            demo=settings.demo,
            here_alone=not (settings.is_exposed or settings.space_host),
            working=[link for link in links if link.works],
            over=[link for link in links if not link.works],
        )

    def do(self, action: Action, name: str, author: str) -> str:
        """Does what was pressed and says what was done; empty where it was another's button."""
        if action.name == "share":
            days = action.fields.get("days", "")
            made = self._bench.sharing.share(
                name, version=int(action.value), days=int(days) if days.isdecimal() else DAYS, author=author
            )
            return _told(made)
        if action.name == "unshare":
            self._bench.sharing.revoke(name, int(action.value), author=author)
            return say("The link is ended, for good: whoever opens it is told to ask for a new one.", "good")
        return ""


def _told(made: NewLink) -> str:
    return render("use/shared_link.html", link=made)
