"""What was flagged, as programs read it: the event of a webhook, and a feed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from concepts.publishing.watch_views import FlaggedView
from storage.watches import Watch, Watched

FLAGGED = "picture.flagged"
VERSION = "https://jsonfeed.org/version/1.1"


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
    found: dict[str, Any] = {
        "version": VERSION,
        "title": f"{concept}: flagged in {watch.folder}",
        "feed_url": address,
        "items": [_item(one, site) for one in flagged],
    }
    return found | ({"next_url": more} if more else {})


def _item(one: FlaggedView, site: str) -> dict[str, Any]:
    return {
        "id": one.picture,
        "title": one.file,
        "content_text": f"{one.file}: {100 * one.probability:.0f} % sure, by version {one.version}",
        "image": f"{site}/media/thumbnail/{one.picture}",
        "date_published": one.created.isoformat(),
        "_discern": {
            "picture": one.picture,
            "file": one.file,
            "version": one.version,
            "probability": one.probability,
            "threshold": one.threshold,
        },
    }
