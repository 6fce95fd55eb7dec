"""Use cases of watched folders: begin, look, tell, show how right they are, stop."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from concepts.classifier.training import check_fingerprint, check_has_learned
from concepts.errors import ConflictError, DiscernError, UnknownWatchError
from concepts.jobs import Progress, Started
from concepts.labelling.consensus import Decision
from concepts.learning.report import Guarantee
from concepts.library.roots import check_roots, within_roots
from concepts.library.uploads import typed_folder
from concepts.publishing import watch_views
from concepts.publishing.watch_precision import (
    LabelledFlags,
    WatchPrecision,
    found_of,
    last_of_both,
    precision,
)
from concepts.publishing.watch_views import (
    DeliveryCounts,
    DeliveryView,
    FlaggedPage,
    FlaggedView,
    StartedWatch,
    WatchView,
)
from concepts.publishing.watched_folder import lot, pictures_in, said_of, settled, under
from concepts.publishing.webhooks import Secrets, Sender, Sent, check_address, host_of, new_secret
from concepts.workbench.context import Context
from concepts.workbench.jobs import LookAtFolder, LookedAt
from concepts.workbench.operation import AuthorName, Confined, Limit, Offset, operation
from storage.buckets import uri_of
from storage.heads import StoredHead
from storage.jobs import StoredJob
from storage.pictures.files import Source
from storage.watches import Deliveries, Delivery, PromisedBy, Watch, Watched

if TYPE_CHECKING:
    from concepts.workbench.concept import Concept

ASK_FLAGGED, ASK_OTHERS = 0.1, 0.01  # chances to be asked about: what isn't flagged is mostly no
SETTLE_SECONDS = 2.0  # between two looks at a file
TAKEN_AT_ONCE = 2000  # pictures of which is said what they are before more are added
CHUNK = 500

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
ShareOfOthers = Annotated[float, Field(ge=0, le=1, description="The same, of what is not flagged.")]
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


class Watching:
    """What goes on by itself, for all concepts: looking at watched folders, and sending what was flagged."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._watches = context.watches
        self.deliveries = Deliveries(context.database)
        self.secrets = Secrets(context.settings.home)
        self.sender = Sender(context.settings, self._watches, self.deliveries, self._event)
        self.pause = time.sleep  # between two looks at files
        context.jobs.register(LookAtFolder, self._look)

    def job(self, watch: Watch) -> LookAtFolder:
        return LookAtFolder(watch.concept_id, watch.id)

    def new_files(self, watch: Watch) -> list[Source]:
        """Files of which nothing was said yet, nor that they are bad."""
        within = within_roots(self._context.settings) if watch.confined else None
        files = pictures_in(Path(watch.folder), within)
        return [file for some in _chunks(files) for file in self._new(watch, some)]

    def last_look(self, watch: Watch) -> StoredJob | None:
        """The job of the newest look."""
        found = self._context.jobs.store.newest_first([LookAtFolder.kind], watch.concept_id)
        return next((job for job in found if job.arguments.get("watch") == watch.id), None)

    def send_due(self) -> Sent:
        """Delivers what is due now."""
        return self.sender.send_due()

    def _look(self, job: LookAtFolder, progress: Progress) -> LookedAt:
        watch = self._watches.get(job.watch)
        progress.report(0, None, "looking at the folder")
        new = self.new_files(watch)
        if not new or watch.stopped:
            return LookedAt(seen=0, flagged=0, asked=0, skipped=0, unsettled=0)
        self.pause(SETTLE_SECONDS)
        # In random order: what is asked about first is a sample of all that came together, not of one folder.
        ready = sorted(settled(new), key=lambda file: lot(watch.seed, file.uri))
        seen = flagged = asked = skipped = 0
        for start in range(0, len(ready), TAKEN_AT_ONCE):
            some = ready[start : start + TAKEN_AT_ONCE]
            skipped += self._add(watch, some, progress)
            said = self._say(watch, some)
            seen += self._watches.keep(watch, said)
            flagged += sum(one.flagged for one in said)
            asked += sum(one.drawn for one in said)
            progress.report(min(start + len(some), len(ready)), len(ready), f"{flagged:,} flagged")
        return LookedAt(
            seen=seen, flagged=flagged, asked=asked, skipped=skipped, unsettled=len(new) - len(ready)
        )

    def _add(self, watch: Watch, files: Sequence[Source], progress: Progress) -> int:
        """Into the library; how many are no pictures that can be read."""
        within = within_roots(self._context.settings) if watch.confined else None
        paths = [Path(file.uri) for file in files]
        report = self._context.collection.add(paths, None, progress.report, within)
        return sum(report.skipped.values())

    def _say(self, watch: Watch, files: Sequence[Source]) -> list[Watched]:
        concept = self._context.store.get(watch.concept_id)
        head = self._context.head(concept, watch.version)
        first: dict[str, str] = {}
        read = self._context.collection.library.adding.read_from(files)
        for file in files:
            if file.uri in read:
                first.setdefault(read[file.uri], under(watch.folder, file.uri))
        known = self._watches.seen(watch.id, first)
        ids = [picture for picture in first if picture not in known]
        self._context.draw_evaluation(concept)
        dataset = self._context.dataset(concept)
        before = self._watches.fresh(watch.id)
        return said_of(ids, first, watch, head, dataset, self._context.collection, before)

    def _new(self, watch: Watch, files: Sequence[Source]) -> list[Source]:
        library = self._context.collection.library
        read = library.adding.read_from(files)
        bad = library.adding.skipped_before([file for file in files if file.uri not in read])
        seen = self._watches.seen(watch.id, read.values())
        return [file for file in files if file.uri not in bad and read.get(file.uri) not in seen]

    def _event(self, watch: Watch, delivery: Delivery) -> dict[str, Any]:
        name = self._context.store.names([watch.concept_id])[watch.concept_id]
        return watch_views.event(name, watch, self._watches.one(delivery.sequence))


class Watches:
    """The watched folders of a concept: their new pictures are scored as they come. What was flagged goes to
    a webhook and a feed; a random share comes back as blind questions."""

    def __init__(self, concept: Concept) -> None:
        self._concept, self._context = concept, concept.context
        self._watches = concept.context.watches
        self._watching = concept.bench.watching

    @operation("GET /watches", command="watches")
    def all(self) -> list[WatchView]:
        """Every watched folder, the newest first, with how right it is; stopped ones too."""
        return [self._view(watch) for watch in self._watches.of(self._concept.id)]

    @operation("GET /watches/{watch}")
    def get(self, watch: WatchNumber) -> WatchView:
        """One of them. `precision.standing` is `broken` or `doubtful` where there is a reason to warn.

        Raises `UnknownWatchError`.
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
        ask_others: ShareOfOthers = ASK_OTHERS,
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
        check_has_learned(head)
        for share in (ask_flagged, ask_others, *([] if promised is None else [promised])):
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
            promised, by = self._promise(head)
        watch = self._watches.add(
            Watch(
                concept_id=concept.id,
                folder=str(place),
                confined=confined,
                version=version,
                webhook=webhook,
                seed=secrets.token_hex(16),
                ask_flagged=ask_flagged,
                ask_others=ask_others,
                promised=promised,
                promised_by=by,
                author=author,
            )
        )
        secret = new_secret() if webhook else ""
        if secret:
            self._watching.secrets.keep(watch.id, secret)
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
        return self._context.jobs.begin(self._watching.job(self._going(watch)))

    def look_if_new(self, watch: int) -> LookedAt | None:
        """The same, where there is something new and nobody else takes it in just now; waits for its end."""
        found = self._going(watch)
        last = self._watching.last_look(found)
        busy = last is not None and last.state in ("queued", "running")
        return self.look(watch).wait() if not busy and self._watching.new_files(found) else None

    @operation("GET /watches/{watch}/flagged", command="flagged")
    def flagged(self, watch: WatchNumber, limit: Limit = 50, offset: Offset = 0) -> FlaggedPage:
        """What was flagged, the newest first. Pictures that are to be labelled blindly come once they are."""
        page = self._watches.flagged(self._of_here(watch).id, limit, offset)
        decided = self._context.label_cache.decisions(self._concept.id)
        shown = [one for one in page if not one.drawn or one.picture_id in decided]
        return FlaggedPage(flagged=self._flagged(shown, decided), held=len(page) - len(shown))

    @operation("GET /watches/{watch}/messages", command="messages")
    def messages(
        self, watch: WatchNumber, state: MessageState = "waiting", limit: Limit = 50, offset: Offset = 0
    ) -> list[DeliveryView]:
        """Messages to the webhook and what became of them, the newest first."""
        found = self._watching.deliveries.of(self._of_here(watch).id, state, limit, offset)
        return [self._delivery(one) for one in found]

    def feed(self, watch: int, limit: int, offset: int, *, address: str, site: str) -> dict[str, Any]:
        """JSON Feed of all that was flagged, the newest first. `address` of the feed without its query."""
        found = self._of_here(watch)
        page = self._flagged(self._watches.flagged(found.id, limit, offset), {})
        more = f"{address}?limit={limit}&offset={offset + limit}" if len(page) == limit else ""
        return watch_views.feed(self._concept.name, found, page, address, more, site)

    def _view(self, watch: Watch) -> WatchView:
        counts, newest = self._watches.counts(watch.id), self._watching.last_look(watch)
        return WatchView(
            id=watch.id,
            concept=self._concept.name,
            folder=watch.folder,
            version=watch.version,
            webhook=host_of(watch.webhook),
            ask_flagged=watch.ask_flagged,
            ask_others=watch.ask_others,
            promised_by=watch.promised_by,
            author=watch.author,
            created=watch.created,
            stopped=watch.stopped,
            last=counts.last,
            looking=newest is not None and newest.finished is None,
            problem=newest.error if newest and newest.state == "failed" else "",
            seen=counts.seen,
            flagged=counts.flagged,
            deliveries=self._delivery_counts(watch),
            precision=self._precision(watch),
        )

    def _precision(self, watch: Watch) -> WatchPrecision:
        drawn = self._watches.drawn(watch.id)
        dataset = self._context.dataset(self._concept.row)
        answered = (
            LabelledFlags(drawn, dataset.blind, dataset.decisions) if drawn else LabelledFlags([], {}, ())
        )
        until = last_of_both(answered)
        found = None
        if until is not None:
            found = found_of(answered, self._watches.fresh_until(watch.id, until))
        return precision(answered, watch.promised, found)

    def _delivery_counts(self, watch: Watch) -> DeliveryCounts:
        if not watch.webhook:
            return DeliveryCounts()
        counts = self._watching.deliveries.counts(watch.id)
        failed = [
            one
            for state in ("waiting", "dead")
            for one in self._watching.deliveries.of(watch.id, state, 20)
            if one.problem
        ]
        problem = failed[0].problem if failed else ""
        return DeliveryCounts(**counts, problem=problem)

    def _delivery(self, one: Delivery) -> DeliveryView:
        said = self._watches.one(one.sequence)
        return DeliveryView(
            message=one.message_id,
            picture=said.picture_id,
            file=said.file,
            state=one.state,
            tries=one.tries,
            due=one.due,
            problem=one.problem,
            delivered=one.delivered,
        )

    def _flagged(self, page: Sequence[Watched], decided: Mapping[str, Decision]) -> list[FlaggedView]:
        paths = self._context.collection.paths([one.picture_id for one in page])
        told = self._watching.deliveries.about([one.sequence for one in page])
        return [
            FlaggedView(
                picture=one.picture_id,
                path=paths.get(one.picture_id, ""),
                file=one.file,
                version=one.version,
                probability=one.probability,
                threshold=one.threshold,
                created=one.created,
                delivery=told[one.sequence].state if one.sequence in told else "",
                said=(decided[one.picture_id].given or decided[one.picture_id].value)
                if one.picture_id in decided
                else "",
            )
            for one in page
        ]

    def _promise(self, head: StoredHead) -> tuple[float | None, PromisedBy]:
        guarantee = Guarantee.of(head.details)
        if guarantee is not None:
            return guarantee.at_least, "certified"
        found = self._context.measured(self._concept.row, head.number)
        figure = found.report.metric("precision") if found else None
        if figure is not None and figure.low is not None:
            return figure.low, "measured"
        return None, ""

    def _same(self, folder: str, version: int | None, webhook: str) -> Watch | None:
        wanted = (folder, version, webhook)
        going = (watch for watch in self._watches.of(self._concept.id) if watch.stopped is None)
        return next((w for w in going if (w.folder, w.version, w.webhook) == wanted), None)

    def _of_here(self, watch: int) -> Watch:
        found = self._watches.get(watch)
        if found.concept_id != self._concept.id:
            raise UnknownWatchError(f"“{self._concept.name}” has no watched folder {watch}.")
        return found

    def _going(self, watch: int) -> Watch:
        found = self._of_here(watch)
        if found.stopped is not None:
            raise ConflictError("This folder is not watched any more. Begin again.")
        return found


def _chunks(files: Sequence[Source]) -> list[Sequence[Source]]:
    return [files[start : start + CHUNK] for start in range(0, len(files), CHUNK)]
