"""Use cases of watched folders: begin, look, tell, show how right they are, stop."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from concepts.errors import ConflictError, DiscernError, UnknownError
from concepts.jobs import Started
from concepts.labelling.consensus import Decision
from concepts.learning.report import Guarantee
from concepts.library.roots import check_roots
from concepts.library.uploads import typed_folder
from concepts.results.training import check_fingerprint
from concepts.results.watch_precision import WatchPrecision, precision
from concepts.results.webhooks import Receiver, check_address, host_of, new_secret
from concepts.use_cases.parameters import AuthorName, Confined, Limit, Offset
from concepts.view import View
from concepts.workbench.jobs import LookAtFolder, LookedAt
from concepts.workbench.operation import operation
from storage.buckets import uri_of
from storage.database import values_of
from storage.watches import PromisedBy, Watch, Watched

if TYPE_CHECKING:
    from concepts.workbench.concept import Concept

ASK_FLAGGED = 0.1  # the chance of a flagged picture to be asked about

WatchNumber = Annotated[int, Field(ge=1, le=2**31 - 1, description="The number of a watched folder.")]
FolderPath = Annotated[
    str, Field(min_length=1, max_length=4096, description="A full path on the computer Discern runs on.")
]
VersionNumber = Annotated[
    int | None,
    Field(ge=1, le=2**31 - 1, description="A version; without it, the newest one at any time."),
]
Webhook = Annotated[
    str, Field(max_length=2000, description="Where what is flagged is sent, signed (Standard Webhooks).")
]
ShareOfFlagged = Annotated[
    float, Field(ge=0, le=1, description="Share of what is flagged that you are asked about, blindly.")
]
Promise = Annotated[
    float | None,
    Field(
        ge=0,
        le=1,
        description="Share of what is flagged that is to be right, to be warned below it; without it, what "
        "the version's guarantee or its measured figures promise.",
    ),
]
MessageState = Annotated[
    Literal["waiting", "delivered", "dead"], Field(description="Which; dead ones were tried eight times.")
]


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


class Watches:
    """The watched folders of a concept: their new pictures are scored as they come. What was flagged goes to
    a webhook and a feed; a random share of it comes back as blind questions."""

    def __init__(self, concept: Concept) -> None:
        self._concept, self._context = concept, concept.context
        self._watches = concept.context.watches
        self._watcher = concept.bench.watcher

    @operation("GET /watches", command="watches")
    def all(self) -> list[WatchView]:
        """Every watched folder, the newest first, with how right it is; stopped ones too."""
        return [self._view(watch) for watch in self._watches.of(self._concept.id)]

    @operation("GET /watches/{watch}")
    def get(self, watch: WatchNumber) -> WatchView:
        """One of them. `precision.standing` is `broken` where there is a reason to warn.

        Raises `UnknownError`.
        """
        return self._view(self._of_here(watch))

    @operation("POST /watches", audit="began to watch a folder", host=True)
    def begin(
        self,
        folder: FolderPath,
        *,
        version: VersionNumber = None,
        webhook: Webhook = "",
        ask_flagged: ShareOfFlagged = ASK_FLAGGED,
        promised: Promise = None,
        author: AuthorName,
        confined: Confined = False,
    ) -> StartedWatch:
        """Watch a folder from now on, with what is in it. The secret that messages are signed with is in this
        answer alone. The same folder, version and webhook again is the same watch.

        Raises `DiscernError` for what can't be watched.
        """
        place = typed_folder(folder) if confined else Path(folder)
        if uri_of(place):
            raise DiscernError(
                f"{uri_of(place)} is in a bucket, and only folders of this computer can be watched. Add it "
                "again to take up what is new there."
            )
        concept = self._concept.row
        head = self._context.head(concept, version)
        check_fingerprint(head, self._context.collection)
        for share in (ask_flagged, *([] if promised is None else [promised])):
            if not 0 <= share <= 1:
                raise DiscernError(f"A share lies between 0 and 1, and {share:g} doesn't.")
        if webhook:
            check_address(webhook, self._context.settings)
        if confined:
            (place,) = check_roots([place], self._context.settings)
        place = place.absolute()
        if not place.is_dir():
            raise DiscernError(f"{place} is no folder. Check the spelling of the path.")
        same = self._same(str(place), version, webhook)
        if same is not None:
            return StartedWatch(watch=self._view(same), secret="")
        by: PromisedBy = "given"
        if promised is None:
            by = ""
            measured = self._context.measured(concept, head.number)
            figure = measured.report.metric("precision") if measured else None
            if (guarantee := Guarantee.of(head.details)) is not None:
                promised, by = guarantee.at_least, "certified"
            elif figure is not None and figure.low is not None:
                promised, by = figure.low, "measured"
        watch = self._watches.add(
            Watch(
                concept_id=concept.id,
                folder=str(place),
                confined=confined,
                version=version,
                webhook=host_of(webhook),
                seed=secrets.token_hex(16),
                ask_flagged=ask_flagged,
                promised=promised,
                promised_by=by,
                author=author,
            )
        )
        secret = new_secret() if webhook else ""
        if secret:
            self._watcher.receivers.keep(watch.id, Receiver(webhook, secret))
        return StartedWatch(watch=self._view(watch), secret=secret)

    @operation(
        "POST /watches/{watch}/stop", command="stop-watching", audit="stopped watching a folder", host=True
    )
    def stop(self, watch: WatchNumber) -> WatchView:
        """Take in nothing more. What was flagged before is still delivered."""
        self._watches.stop(self._of_here(watch).id)
        return self.get(watch)

    @operation("POST /watches/{watch}/look", host=True)
    def look(self, watch: WatchNumber) -> Started[LookedAt]:
        """Take in what is new now. While Discern runs that is done every few seconds anyway."""
        return self._context.jobs.begin(LookAtFolder(self._concept.id, self._going(watch).id))

    def look_if_new(self, watch: int) -> LookedAt | None:
        """The same, where there is something new and nobody else takes it in just now; waits for its end."""
        found = self._going(watch)
        last = self._watcher.last_look(found)
        busy = last is not None and last.state in ("queued", "running")
        return self.look(watch).wait() if not busy and self._watcher.new_files(found) else None

    @operation("GET /watches/{watch}/flagged", command="flagged")
    def flagged(self, watch: WatchNumber, limit: Limit = 50, offset: Offset = 0) -> FlaggedPage:
        """What was flagged, the newest first. Pictures drawn for a blind label wait for it."""
        page = self._watches.flagged(self._of_here(watch).id, limit, offset)
        decided = self._context.label_cache.decisions(self._concept.id)
        shown = [one for one in page if not one.drawn or one.picture_id in decided]
        return FlaggedPage(flagged=self._flagged(shown, decided), held=len(page) - len(shown))

    @operation("GET /watches/{watch}/messages", command="messages")
    def messages(
        self, watch: WatchNumber, state: MessageState = "waiting", limit: Limit = 50, offset: Offset = 0
    ) -> list[DeliveryView]:
        """Messages to the webhook and what became of them, the newest first."""
        shown = []
        for one in self._watcher.deliveries.of(self._of_here(watch).id, state, limit, offset):
            said = self._watches.one(one.sequence)
            shown.append(
                DeliveryView(
                    message=one.message_id, picture=said.picture_id, file=said.file, **values_of(one)
                )
            )
        return shown

    def feed(self, watch: int, limit: int, offset: int, *, address: str, site: str) -> dict[str, Any]:
        """JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/) of all that was flagged, the newest first.
        `address` is the feed's own without its query, `site` where thumbnails are, without an end slash."""
        found = self._of_here(watch)
        page = self._flagged(self._watches.flagged(found.id, limit, offset), {})
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
            for one in page
        ]
        more = {"next_url": f"{address}?limit={limit}&offset={offset + limit}"} if len(page) == limit else {}
        return {
            "version": "https://jsonfeed.org/version/1.1",
            "title": f"{self._concept.name}: flagged in {found.folder}",
            "feed_url": address,
            "items": items,
        } | more

    def _view(self, watch: Watch) -> WatchView:
        counts, newest = self._watches.counts(watch.id), self._watcher.last_look(watch)
        sent, drawn = DeliveryCounts(), self._watches.drawn(watch.id)
        if watch.webhook:
            deliveries = self._watcher.deliveries
            some = (one for state in ("waiting", "dead") for one in deliveries.of(watch.id, state, 20))
            problem = next((one.problem for one in some if one.problem), "")
            sent = DeliveryCounts(**deliveries.counts(watch.id), problem=problem)
        right = precision([], {}, (), watch.promised)
        if drawn:
            dataset = self._concept.dataset()
            right = precision(drawn, dataset.blind, dataset.decisions, watch.promised)
        return WatchView(
            **values_of(watch) | {"stopped": watch.stopped},  # unset in a new row
            concept=self._concept.name,
            last=counts.last,
            looking=newest is not None and newest.finished is None,
            problem=newest.error if newest and newest.state == "failed" else "",
            seen=counts.seen,
            flagged=counts.flagged,
            deliveries=sent,
            precision=right,
        )

    def _flagged(self, page: Sequence[Watched], decided: Mapping[str, Decision]) -> list[FlaggedView]:
        paths = self._context.collection.paths([one.picture_id for one in page])
        told = self._watcher.deliveries.about([one.sequence for one in page])
        return [
            FlaggedView(
                picture=one.picture_id,
                path=paths.get(one.picture_id, ""),
                delivery=told[one.sequence].state if one.sequence in told else "",
                said=(decided[one.picture_id].given or decided[one.picture_id].value)
                if one.picture_id in decided
                else "",
                **values_of(one),
            )
            for one in page
        ]

    def _same(self, folder: str, version: int | None, webhook: str) -> Watch | None:
        wanted = (folder, version, host_of(webhook))
        for watch in self._watches.of(self._concept.id):
            if watch.stopped is None and (watch.folder, watch.version, watch.webhook) == wanted:
                receiver = self._watcher.receivers.of(watch.id)
                if not webhook or (receiver and receiver.address == webhook):
                    return watch
        return None

    def _of_here(self, watch: int) -> Watch:
        found = self._watches.get(watch)
        if found.concept_id != self._concept.id:
            raise UnknownError(f"“{self._concept.name}” has no watched folder {watch}.", "watch")
        return found

    def _going(self, watch: int) -> Watch:
        found = self._of_here(watch)
        if found.stopped is not None:
            raise ConflictError("This folder is not watched any more. Begin again.")
        return found
