"""What goes on by itself with watched folders: looking at them, saying what their pictures are, sending it.

A look at what is there takes no job: only where something is new one is begun, so that the list of jobs says
what came, and not that nothing did.

Every flagged picture is drawn with the same chance, by a number that its id and the watch's secret seed give.
So the pictures that were asked about are a random sample of the flagged ones, whatever comes later, and a
second run draws the same.
"""

from __future__ import annotations

import hashlib
import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from concepts.errors import DiscernError
from concepts.jobs import Progress
from concepts.jobs.job import Lane
from concepts.labelling.dataset import dataset_of
from concepts.labelling.waves import draw_test_pictures, seen_groups
from concepts.library.collection import collection_of
from concepts.library.roots import within_roots
from concepts.results.heads import head_of
from concepts.results.training import check_fingerprint, probabilities_of
from concepts.results.webhooks import Receivers, Sent, deliver
from concepts.use_cases import App, Concept, service, use_case
from concepts.use_cases.declaration import kind_of
from concepts.view import View, count
from storage.errors import ConflictError, UnknownError
from storage.jobs import StoredJob
from storage.pictures.files import Source, look_at
from storage.pictures.sources import walk
from storage.pictures.videos import is_video
from storage.tables import now
from storage.watches import Deliveries, Watch, Watched

LOOK_SECONDS = 5.0  # from one look at a folder to the next
SEND_SECONDS = 2.0
SHARE_OF_TIME = 0.1  # that may go into looking at one folder: a large one is looked at less often
AFTER_FAILURE_SECONDS = 300  # until a look that failed is tried again
STOP_SECONDS = 2
SETTLE_SECONDS = 2.0  # between two looks at a file
TAKEN_AT_ONCE = 2000  # pictures of which is said what they are before more are added

WatchNumber = Annotated[int, Field(ge=1, le=2**31 - 1, description="The number of a watched folder.")]

log = logging.getLogger(__name__)


class LookedAt(View):
    """What a look at a watched folder took in. `unsettled` files were still being written."""

    seen: int
    flagged: int
    asked: int
    skipped: int
    unsettled: int

    def says(self) -> str:
        return f"{count(self.seen, 'new picture')}, {self.flagged:,} flagged"


class Watcher:
    """For all concepts. Two threads: one looks, one sends, so that a slow receiver holds up no look."""

    def __init__(self, app: App) -> None:
        self._app, self._watches = app, app.watches
        self.deliveries = Deliveries(app.database)
        self.receivers = Receivers(app.settings.home)
        self.pause, self.clock = time.sleep, now
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._next: dict[int, float] = {}  # watch → when to look again
        app.at_close.append(self.stop)

    def start(self) -> None:
        """Needs jobs to run here."""
        for name, deed, seconds in (
            ("watching", self.look, LOOK_SECONDS),
            ("sending", self.send_due, SEND_SECONDS),
        ):
            thread = threading.Thread(target=self._again, args=(deed, seconds), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """What is being sent is left to the next process."""
        self._stop.set()
        for thread in self._threads:
            thread.join(STOP_SECONDS)

    def _again(self, deed: Callable[[], object], seconds: float) -> None:
        while not self._stop.wait(seconds):
            try:
                deed()
            except Exception:  # such as a database that is busy for long: the next time may go better
                log.exception("A watched folder could not be looked at, or a webhook not be sent.")

    # Looking

    def look(self) -> None:
        """Begins a job for every folder that has something new."""
        for watch in self._watches.going():
            if time.monotonic() < self._next.get(watch.id, -math.inf):
                continue
            begun = time.monotonic()
            last = self.last_look(watch)
            recent = now() - timedelta(seconds=AFTER_FAILURE_SECONDS)
            try:
                if last is not None and (
                    last.finished is None or (last.state == "failed" and last.finished > recent)
                ):
                    is_due = False  # a look is going on, or has failed a moment ago
                else:
                    is_due = bool(self.new_files(watch))
            except DiscernError:  # the folder is gone: the job says so, where a person sees it
                is_due = True
            if is_due:
                self._app.concept_of(watch.concept_id).submit(look_at_folder, watch.id)
            taken = time.monotonic() - begun
            self._next[watch.id] = begun + max(LOOK_SECONDS, taken / SHARE_OF_TIME)

    def last_look(self, watch: Watch) -> StoredJob | None:
        """The job of the newest look."""
        found = self._app.jobs.store.newest_first([kind_of(look_at_folder)], watch.concept_id)
        return next((job for job in found if job.arguments.get("watch") == watch.id), None)

    def new_files(self, watch: Watch) -> list[Source]:
        """Picture files of the folder and of those inside, of links those that stay where they may, of which
        nothing was said yet, nor that they are bad. Archives, lists and hidden files are none.

        Raises `DiscernError` where the folder isn't there.
        """
        within = within_roots(self._app.settings) if watch.confined else None
        files = [file for file in walk([Path(watch.folder)], within) if isinstance(file, Source)]
        adding = collection_of(self._app).library.adding
        read = adding.read_from(files)
        bad = adding.skipped_before([file for file in files if file.uri not in read])
        for file in files:
            if is_video(file.uri) and file.uri in read:  # the first frame may be black, as of any other
                frames = list(adding.frames_of(file.uri).values())
                read[file.uri] = frames[len(frames) // 2]
        seen = self._watches.seen(watch.id, read.values())
        return [file for file in files if file.uri not in bad and read.get(file.uri) not in seen]

    def said_of(self, files: Sequence[Source], watch: Watch) -> list[Watched]:
        """What the version says of these pictures, those without a vector left out, and which of them are
        asked about: of each group of near-duplicates none of which was labelled, kept apart or came earlier
        the first can be drawn.

        Raises `FingerprintMismatchError`, and `NotEnoughLabelsError` for a version that has learned nothing.
        """
        collection, concept = collection_of(self._app), self._app.concept_of(watch.concept_id)
        head = head_of(concept, watch.version)
        adding = collection.library.adding
        read = adding.read_from(files)
        places: dict[str, str] = {}  # picture → its file under the folder
        for file in files:
            if file.uri in read:
                one = {file.uri: read[file.uri]}
                for place, picture in (adding.frames_of(file.uri) if is_video(file.uri) else one).items():
                    places.setdefault(picture, Path(place).relative_to(watch.folder).as_posix())
        known = self._watches.seen(watch.id, places)
        draw_test_pictures(concept)
        check_fingerprint(head, collection)
        dataset = dataset_of(concept)
        probability = probabilities_of(head, dataset, [picture for picture in places if picture not in known])
        groups = seen_groups(dataset, self._watches.fresh(watch.id))
        said = []
        for (picture, p), group in zip(
            probability.items(), collection.library.near_groups(list(probability)), strict=True
        ):
            flagged, fresh = p >= head.threshold, group not in groups
            groups.add(group)
            said.append(
                Watched(
                    picture_id=picture,
                    file=places[picture],
                    version=head.number,
                    probability=p,
                    threshold=head.threshold,
                    flagged=flagged,
                    fresh=fresh,
                    drawn=flagged and fresh and lot(watch.seed, picture) < watch.ask_flagged,
                )
            )
        return said

    # Sending

    def send_due(self) -> Sent:
        """Delivers what is due, with the same id each time, until it is taken or was tried often enough. Any
        number of processes may.

        A receiver that fails once is left alone until the next call: while it is down that costs one try, and
        not one of each message.
        """
        delivered, failing, failed = 0, set[int](), 0
        while not self._stop.is_set() and (found := self.deliveries.claim(self.clock(), failing)):
            watch = self._watches.get(found.watch_id)
            name = self._app.store.names([watch.concept_id])[watch.concept_id]
            body = event(name, watch, self._watches.one(found.sequence))
            receiver = self.receivers.of(watch.id)
            problem, again = deliver(self._app.settings, receiver, found, body, self.clock)
            if problem:
                self.deliveries.failed(found.sequence, problem, again)
                failed += 1
                failing.add(watch.id)
            else:
                self.deliveries.succeeded(found.sequence, self.clock())
                delivered += 1
        return Sent(delivered, failed)


@service
def watcher_of(app: App) -> Watcher:
    return Watcher(app)


def watch_of(concept: Concept, watch: int) -> Watch:
    """A watched folder of this concept. Raises `UnknownError`."""
    found = concept.app.watches.get(watch)
    if found.concept_id != concept.id:
        raise UnknownError(f"“{concept.name}” has no watched folder {watch}.", "watch")
    return found


def going(concept: Concept, watch: int) -> Watch:
    """One that was not stopped. Raises `UnknownError`, `ConflictError`."""
    found = watch_of(concept, watch)
    if found.stopped is not None:
        raise ConflictError("This folder is not watched any more. Begin again.")
    return found


@use_case(
    "POST /concepts/{name}/watches/{watch}/look",
    host=True,
    job="Checking a watched folder",
    lane=Lane.WATCHING,
    before=going,
)
def look_at_folder(concept: Concept, progress: Progress, watch: WatchNumber) -> LookedAt:
    """Take in what is new now. While Discern runs that is done every few seconds anyway."""
    app, found = concept.app, watch_of(concept, watch)
    watcher = watcher_of(app)
    progress.report(0, None, "looking at the folder")
    new = [] if found.stopped else watcher.new_files(found)
    if new:
        watcher.pause(SETTLE_SECONDS)
    ready = [file for file in new if look_at(file.uri) == file]  # nobody has written to them meanwhile
    # In random order: what is asked about first is a sample of all that came together, not of one folder.
    ready.sort(key=lambda file: lot(found.seed, file.uri))
    within = within_roots(app.settings) if found.confined else None
    seen = flagged = asked = skipped = 0
    for start in range(0, len(ready), TAKEN_AT_ONCE):
        some = ready[start : start + TAKEN_AT_ONCE]
        paths = [Path(file.uri) for file in some]
        report = collection_of(app).add(paths, None, progress.report, within)
        skipped += sum(report.skipped.values())
        said = watcher.said_of(some, found)
        seen += app.watches.keep(found, said)
        flagged += sum(one.flagged for one in said)
        asked += sum(one.drawn for one in said)
        progress.report(min(start + len(some), len(ready)), len(ready), f"{flagged:,} flagged")
    return LookedAt(seen=seen, flagged=flagged, asked=asked, skipped=skipped, unsettled=len(new) - len(ready))


def event(concept: str, watch: Watch, said: Watched) -> dict[str, Any]:
    """The body of a message: the same at every try. `file` is the picture's place under the folder."""
    return {
        "type": "picture.flagged",
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


def lot(seed: str, name: str) -> float:
    """A number of 0..1 that nobody knows who doesn't know the seed, the same each time."""
    digest = hashlib.sha256(f"{seed} {name}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64
