"""What is shown of a watched folder; and what was flagged as programs read it, by webhook and as a feed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from concepts.publishing.watch_precision import WatchPrecision
from concepts.view import View
from storage.watches import PromisedBy, Watch, Watched

FLAGGED = "picture.flagged"
VERSION = "https://jsonfeed.org/version/1.1"


class DeliveryCounts(View):
    """Messages about what was flagged, by what became of them. `dead` were tried often enough."""

    waiting: int = 0
    delivered: int = 0
    dead: int = 0
    problem: str = ""  # of the last one that failed and isn't delivered


class WatchView(View):
    """A watched folder. `version` None: whichever is the newest. `webhook` is the host alone. `problem`: why
    the last look failed."""

    id: int
    concept: str
    folder: str
    version: int | None
    webhook: str
    ask_flagged: float
    promised_by: PromisedBy
    author: str
    created: datetime
    stopped: datetime | None
    last: datetime | None  # when something new was last seen
    looking: bool
    problem: str
    seen: int
    flagged: int
    deliveries: DeliveryCounts
    precision: WatchPrecision


class FlaggedView(View):
    """A flagged picture. `delivery`: what became of its message, empty without a webhook. `said`: yes, no,
    unsure, skip, conflict, a grade or a class; empty where no person labelled it."""

    picture: str
    path: str
    file: str  # under the folder
    version: int
    probability: float
    threshold: float
    created: datetime
    delivery: str = ""
    said: str = ""


class FlaggedPage(View):
    """The newest first. `held`: how many are not shown, because they are to be labelled blindly first."""

    flagged: list[FlaggedView]
    held: int


class DeliveryView(View):
    """A message and its last try."""

    message: str
    picture: str
    file: str
    state: str
    tries: int
    due: datetime
    problem: str
    delivered: datetime | None


class StartedWatch(View):
    """A watch and, this once, the secret that its messages are signed with; empty without a webhook."""

    watch: WatchView
    secret: str


def event(concept: str, watch: Watch, said: Watched) -> dict[str, Any]:
    """The body of a message: the same at every try. `file` is the picture's place under the folder."""
    return {
        "type": FLAGGED,
        "timestamp": said.created.isoformat(),
        "data": {
            "concept": concept,
            "watch": watch.id,
            "picture": said.picture_id,
            "file": said.file,
            "version": said.version,
            "probability": said.probability,
            "threshold": said.threshold,
            "decision": "yes",
        },
    }


def feed(
    concept: str, watch: Watch, flagged: Sequence[FlaggedView], address: str, more: str, site: str
) -> dict[str, Any]:
    """JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/) of what was flagged. `address` is the feed's own,
    `more` that of older entries or empty, `site` where thumbnails are, with no slash at its end."""
    own = {"picture", "file", "version", "probability", "threshold"}
    items = [
        {
            "id": one.picture,
            "title": one.file,
            "content_text": f"{one.file}: {100 * one.probability:.0f} % sure, by version {one.version}",
            "image": f"{site}/media/thumbnail/{one.picture}",
            "date_published": one.created.isoformat(),
            "_discern": one.model_dump(include=own),
        }
        for one in flagged
    ]
    found = {
        "version": VERSION,
        "title": f"{concept}: flagged in {watch.folder}",
        "feed_url": address,
        "items": items,
    }
    return found | ({"next_url": more} if more else {})
