"""Use cases of watched folders: begin, look, tell, show how right they are, stop."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from concepts.classifier.training import check_fingerprint, check_has_learned
from concepts.errors import ConflictError, DiscernError, UnknownWatchError
from concepts.jobs import Listener, Progress
from concepts.labels.consensus import Decision
from concepts.learning.report import Guarantee
from concepts.library.roots import check_roots, within_roots
from concepts.watching import events
from concepts.watching.folder import pictures_in, settled, under
from concepts.watching.precision import Answered, Precision, found_of, last_of_both, precision
from concepts.watching.saying import lot, said_of
from concepts.watching.sending import Sender, Sent
from concepts.watching.views import (
    Begun,
    DeliveryCounts,
    DeliveryView,
    FlaggedPage,
    FlaggedView,
    WatchView,
)
from concepts.watching.webhooks import Secrets, check_address, host_of, new_secret
from concepts.workbench.context import Context
from concepts.workbench.kinds import LookAtFolder, LookedAt
from storage.buckets import uri_of
from storage.deliveries import Deliveries, Delivery
from storage.heads import StoredHead
from storage.jobs import StoredJob
from storage.pictures.files import Source
from storage.tables import ConceptRow
from storage.watches import NewWatch, PromisedBy, StoredWatched, Watch, Watched

ASK_FLAGGED, ASK_OTHERS = 0.1, 0.01  # chances to be asked about: what isn't flagged is mostly no
SETTLE_SECONDS = 2.0  # between two looks at a file
TAKEN_AT_ONCE = 2000  # pictures of which is said what they are before more are added
CHUNK = 500


class Watching:
    """Folders whose new pictures are scored as they come. What was flagged goes to a webhook and a feed; a
    random share comes back as blind questions."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._watches = context.watches
        self._deliveries = Deliveries(context.database)
        self._secrets = Secrets(context.settings.home)
        self.sender = Sender(context.settings, self._watches, self._deliveries, self._event)
        self.pause = time.sleep  # between two looks at files
        context.jobs.register(LookAtFolder, self._look)

    # Begin and end

    def begin(
        self,
        name: str,
        folder: Path,
        *,
        version: int | None = None,
        webhook: str = "",
        ask_flagged: float = ASK_FLAGGED,
        ask_others: float = ASK_OTHERS,
        promised: float | None = None,
        author: str,
        confined: bool = False,
    ) -> Begun:
        """Watches a folder from now on, with what is in it. The same wish again is the same watch.

        `promised`: which share of what is flagged is to be right; without it what the version's certified
        line promises, else the lower limit of its measured precision. `confined`: to where the app may read.
        Raises `DiscernError` for what can't be watched.
        """
        if uri_of(folder):
            raise DiscernError(
                f"{uri_of(folder)} is in a bucket, and only folders of this computer can be watched. Add it "
                "again to take up what is new there."
            )
        concept, head = self._context.version(name, version)
        check_fingerprint(head, self._context.collection)
        check_has_learned(head)
        for share in (ask_flagged, ask_others, *([] if promised is None else [promised])):
            if not 0 <= share <= 1:
                raise DiscernError(f"A share lies between 0 and 1, and {share:g} doesn't.")
        if webhook:
            check_address(webhook, self._context.settings)
        (place,) = check_roots([folder], self._context.settings) if confined else [folder]
        place = place.absolute()
        if not place.is_dir():
            raise DiscernError(f"{place} is no folder. Check the spelling of the path.")
        same = self._same(concept, str(place), version, webhook)
        if same is not None:
            return Begun(watch=self._view(concept, same), secret="")
        by: PromisedBy = "given"
        if promised is None:
            promised, by = self._promise(concept, head)
        watch = self._watches.add(
            NewWatch(
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
            self._secrets.keep(watch.id, secret)
        return Begun(watch=self._view(concept, watch), secret=secret)

    def stop(self, name: str, watch_id: int) -> WatchView:
        """Takes in nothing more. What was flagged before is still delivered."""
        self._watches.stop(self._watch(name, watch_id).id)
        return self.watch(name, watch_id)

    # Look

    def look(self, name: str, watch_id: int, listener: Listener | None = None) -> LookedAt:
        """Takes in what is new now, and waits until that is done."""
        return self._context.jobs.run(self._job(self._going(name, watch_id)), listener)

    def look_if_new(self, name: str, watch_id: int) -> LookedAt | None:
        """The same, where there is something new and nobody else takes it in just now."""
        watch = self._going(name, watch_id)
        last = self.last_look(watch)
        busy = last is not None and last.state in ("queued", "running")
        return self.look(name, watch_id) if not busy and self.new_files(watch) else None

    def submit_look(self, name: str, watch_id: int) -> int:
        """The same in the background; returns the job's id."""
        return self._context.jobs.submit(self._job(self._going(name, watch_id)))

    def new_files(self, watch: Watch) -> list[Source]:
        """Files of which nothing was said yet, nor that they are bad."""
        within = within_roots(self._context.settings) if watch.confined else None
        files = pictures_in(Path(watch.folder), within)
        return [file for some in _chunks(files) for file in self._new(watch, some)]

    def last_look(self, watch: Watch) -> StoredJob | None:
        """The job of the newest look."""
        found = self._context.jobs.store.about(watch.concept_id, [LookAtFolder.kind])
        return next((job for job in found if job.arguments.get("watch") == watch.id), None)

    def send_due(self) -> Sent:
        """Delivers what is due now."""
        return self.sender.send_due()

    # What is shown

    def watches(self, name: str) -> list[WatchView]:
        """Every watched folder of a concept, the newest first; stopped ones too."""
        concept = self._context.concept(name)
        return [self._view(concept, watch) for watch in self._watches.of(concept.id)]

    def watch(self, name: str, watch_id: int) -> WatchView:
        """Raises `UnknownWatchError`."""
        return self._view(self._context.concept(name), self._watch(name, watch_id))

    def flagged(
        self, name: str, watch_id: int, limit: int, offset: int = 0, *, all: bool = False
    ) -> FlaggedPage:
        """What was flagged, the newest first. Pictures that are to be answered blindly come only with `all`,
        for programs, or once they are answered."""
        watch = self._watch(name, watch_id)
        page = self._watches.flagged(watch.id, limit, offset)
        decided = self._context.counts.decisions(watch.concept_id).now()
        shown = [one for one in page if all or not one.drawn or one.picture_id in decided]
        return FlaggedPage(flagged=self._flagged(shown, decided), held=len(page) - len(shown))

    def deliveries(
        self, name: str, watch_id: int, state: str, limit: int, offset: int = 0
    ) -> list[DeliveryView]:
        """Messages that are waiting, delivered or dead, the newest first."""
        found = self._deliveries.of(self._watch(name, watch_id).id, state, limit, offset)
        return [self._delivery(one) for one in found]

    def feed(
        self, name: str, watch_id: int, limit: int, offset: int, *, address: str, site: str
    ) -> dict[str, Any]:
        """JSON Feed of what was flagged, the newest first. `address` of the feed without its query."""
        watch, concept = self._watch(name, watch_id), self._context.concept(name)
        page = self.flagged(name, watch_id, limit, offset, all=True).flagged
        more = f"{address}?limit={limit}&offset={offset + limit}" if len(page) == limit else ""
        return events.feed(concept.name, watch, page, address, more, site)

    # Inside: looking

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
        material = self._context.material(concept)
        before = self._watches.fresh(watch.id)
        return said_of(ids, first, watch, head, material, self._context.collection, before)

    def _new(self, watch: Watch, files: Sequence[Source]) -> list[Source]:
        library = self._context.collection.library
        read = library.adding.read_from(files)
        bad = library.adding.skipped_before([file for file in files if file.uri not in read])
        seen = self._watches.seen(watch.id, read.values())
        return [file for file in files if file.uri not in bad and read.get(file.uri) not in seen]

    # Inside: telling and showing

    def _event(self, watch: Watch, delivery: Delivery) -> dict[str, Any]:
        name = self._context.store.names([watch.concept_id])[watch.concept_id]
        return events.event(name, watch, self._watches.one(delivery.sequence))

    def _view(self, concept: ConceptRow, watch: Watch) -> WatchView:
        counts, newest = self._watches.counts(watch.id), self.last_look(watch)
        return WatchView(
            id=watch.id,
            concept=concept.name,
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
            precision=self._precision(concept, watch),
        )

    def _precision(self, concept: ConceptRow, watch: Watch) -> Precision:
        drawn = self._watches.drawn(watch.id)
        material = self._context.material(concept)
        answered = Answered(drawn, material.blind, material.decisions) if drawn else Answered([], {}, ())
        until = last_of_both(answered)
        found = None
        if until is not None:
            found = found_of(answered, self._watches.fresh_until(watch.id, until))
        return precision(answered, watch.promised, found)

    def _delivery_counts(self, watch: Watch) -> DeliveryCounts:
        if not watch.webhook:
            return DeliveryCounts()
        counts = self._deliveries.counts(watch.id)
        failed = [
            one
            for state in ("waiting", "dead")
            for one in self._deliveries.of(watch.id, state, 20)
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

    def _flagged(self, page: Sequence[StoredWatched], decided: Mapping[str, Decision]) -> list[FlaggedView]:
        paths = self._context.collection.paths([one.picture_id for one in page])
        told = self._deliveries.about([one.sequence for one in page])
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

    def _promise(self, concept: ConceptRow, head: StoredHead) -> tuple[float | None, PromisedBy]:
        guarantee = Guarantee.of(head.details)
        if guarantee is not None:
            return guarantee.at_least, "certified"
        found = self._context.measured(concept, head.number)
        figure = found.report.metric("precision") if found else None
        if figure is not None and figure.low is not None:
            return figure.low, "measured"
        return None, ""

    def _same(self, concept: ConceptRow, folder: str, version: int | None, webhook: str) -> Watch | None:
        wanted = (folder, version, webhook)
        going = (watch for watch in self._watches.of(concept.id) if watch.stopped is None)
        return next((w for w in going if (w.folder, w.version, w.webhook) == wanted), None)

    def _watch(self, name: str, watch_id: int) -> Watch:
        watch = self._watches.get(watch_id)
        if watch.concept_id != self._context.concept(name).id:
            raise UnknownWatchError(f"“{name}” has no watched folder {watch_id}.")
        return watch

    def _going(self, name: str, watch_id: int) -> Watch:
        watch = self._watch(name, watch_id)
        if watch.stopped is not None:
            raise ConflictError("This folder is not watched any more. Begin again.")
        return watch

    def _job(self, watch: Watch) -> LookAtFolder:
        return LookAtFolder(watch.concept_id, watch.id)


def _chunks(files: Sequence[Source]) -> list[Sequence[Source]]:
    return [files[start : start + CHUNK] for start in range(0, len(files), CHUNK)]
