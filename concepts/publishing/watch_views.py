"""What is shown of a watched folder."""

from __future__ import annotations

from datetime import datetime

from concepts.publishing.watch_precision import WatchPrecision
from concepts.view import View
from storage.watches import PromisedBy


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
    ask_others: float
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
    unsure, skip, conflict, a grade or a class; empty where no person answered about it."""

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
    """The newest first. `held`: how many are not shown, because they are to be answered blindly first."""

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
