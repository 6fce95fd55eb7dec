"""Every kind of long work: what it needs to know, which lane it waits in, and what comes of it."""

from __future__ import annotations

from concepts.installation.endpoint import EndpointReport
from concepts.jobs import Job, Lane
from concepts.view import View


class LookedAt(View):
    """What a look at a watched folder took in. `unsettled` files were still being written."""

    seen: int
    flagged: int
    asked: int
    skipped: int
    unsettled: int


class LookAtFolder(Job[LookedAt]):
    """Takes in what is new in a watched folder, and says what a version says of it."""

    kind = "watch"
    lane = Lane.WATCHING
    concept_id: int
    watch: int


class ExamineEndpoint(Job[EndpointReport]):
    kind = "test endpoint"
    lane = Lane.SHORT
    address: str
