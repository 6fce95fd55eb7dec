"""Use cases of watched folders: begin, look, tell, show how right they are, stop."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from concepts.errors import DiscernError
from concepts.labelling.consensus import Decision
from concepts.labelling.dataset import dataset_of
from concepts.labelling.label_cache import label_cache_of
from concepts.learning.report import Guarantee
from concepts.library.collection import collection_of
from concepts.library.roots import check_roots
from concepts.library.uploads import typed_folder
from concepts.results.heads import head_of, newest_figures
from concepts.results.training import check_fingerprint
from concepts.results.watch_precision import WatchPrecision, precision
from concepts.results.watcher import LookedAt, WatchNumber, going, look_at_folder, watch_of, watcher_of
from concepts.results.webhooks import Receiver, check_address, host_of, new_secret
from concepts.use_cases import Concept, use_case
from concepts.use_cases.parameters import AuthorName, Confined, Limit, Offset
from concepts.view import View
from storage.buckets import uri_of
from storage.database import values_of
from storage.watches import PromisedBy, Watch, Watched

ASK_FLAGGED = 0.1  # the chance of a flagged picture to be asked about

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


@use_case("GET /concepts/{name}/watches", command="concept watches")
def list_watches(concept: Concept) -> list[WatchView]:
    """Every watched folder, the newest first, with how right it is; stopped ones too."""
    return [_view(concept, watch) for watch in concept.app.watches.of(concept.id)]


@use_case("GET /concepts/{name}/watches/{watch}")
def watch_state(concept: Concept, watch: WatchNumber) -> WatchView:
    """One of them. `precision.standing` is `broken` where there is a reason to warn.

    Raises `UnknownError`.
    """
    return _view(concept, watch_of(concept, watch))


@use_case("POST /concepts/{name}/watches", audit="began to watch a folder", host=True)
def begin_watching(
    concept: Concept,
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
    head = head_of(concept, version)
    check_fingerprint(head, collection_of(concept.app))
    for share in (ask_flagged, *([] if promised is None else [promised])):
        if not 0 <= share <= 1:
            raise DiscernError(f"A share lies between 0 and 1, and {share:g} doesn't.")
    if webhook:
        check_address(webhook, concept.app.settings)
    if confined:
        (place,) = check_roots([place], concept.app.settings)
    place = place.absolute()
    if not place.is_dir():
        raise DiscernError(f"{place} is no folder. Check the spelling of the path.")
    same = _same(concept, str(place), version, webhook)
    if same is not None:
        return StartedWatch(watch=_view(concept, same), secret="")
    by: PromisedBy = "given"
    if promised is None:
        by = ""
        measured = newest_figures(concept, head.number)
        figure = measured.report.metric("precision") if measured else None
        if (guarantee := Guarantee.of(head.details)) is not None:
            promised, by = guarantee.at_least, "certified"
        elif figure is not None and figure.low is not None:
            promised, by = figure.low, "measured"
    watch = concept.app.watches.add(
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
        watcher_of(concept.app).receivers.keep(watch.id, Receiver(webhook, secret))
    return StartedWatch(watch=_view(concept, watch), secret=secret)


@use_case(
    "POST /concepts/{name}/watches/{watch}/stop",
    command="concept stop-watching",
    audit="stopped watching a folder",
    host=True,
)
def stop_watching(concept: Concept, watch: WatchNumber) -> WatchView:
    """Take in nothing more. What was flagged before is still delivered."""
    concept.app.watches.stop(watch_of(concept, watch).id)
    return watch_state(concept, watch)


def look_if_new(concept: Concept, watch: int) -> LookedAt | None:
    """The same, where there is something new and nobody else takes it in just now; waits for its end."""
    found = going(concept, watch)
    last = watcher_of(concept.app).last_look(found)
    busy = last is not None and last.state in ("queued", "running")
    return (
        concept.begin(look_at_folder, watch).wait()
        if not busy and watcher_of(concept.app).new_files(found)
        else None
    )


@use_case("GET /concepts/{name}/watches/{watch}/flagged", command="concept flagged")
def list_flagged(concept: Concept, watch: WatchNumber, limit: Limit = 50, offset: Offset = 0) -> FlaggedPage:
    """What was flagged, the newest first. Pictures drawn for a blind label wait for it."""
    page = concept.app.watches.flagged(watch_of(concept, watch).id, limit, offset)
    decided = label_cache_of(concept.app).decisions(concept.id)
    shown = [one for one in page if not one.drawn or one.picture_id in decided]
    return FlaggedPage(flagged=_flagged(concept, shown, decided), held=len(page) - len(shown))


@use_case("GET /concepts/{name}/watches/{watch}/messages", command="concept messages")
def list_messages(
    concept: Concept,
    watch: WatchNumber,
    state: MessageState = "waiting",
    limit: Limit = 50,
    offset: Offset = 0,
) -> list[DeliveryView]:
    """Messages to the webhook and what became of them, the newest first."""
    shown = []
    for one in watcher_of(concept.app).deliveries.of(watch_of(concept, watch).id, state, limit, offset):
        said = concept.app.watches.one(one.sequence)
        shown.append(
            DeliveryView(message=one.message_id, picture=said.picture_id, file=said.file, **values_of(one))
        )
    return shown


def feed_of(
    concept: Concept, watch: int, limit: int, offset: int, *, address: str, site: str
) -> dict[str, Any]:
    """JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/) of all that was flagged, the newest first.
    `address` is the feed's own without its query, `site` where thumbnails are, without an end slash."""
    found = watch_of(concept, watch)
    page = _flagged(concept, concept.app.watches.flagged(found.id, limit, offset), {})
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
        "title": f"{concept.name}: flagged in {found.folder}",
        "feed_url": address,
        "items": items,
    } | more


def _view(concept: Concept, watch: Watch) -> WatchView:
    counts, newest = concept.app.watches.counts(watch.id), watcher_of(concept.app).last_look(watch)
    sent, drawn = DeliveryCounts(), concept.app.watches.drawn(watch.id)
    if watch.webhook:
        deliveries = watcher_of(concept.app).deliveries
        some = (one for state in ("waiting", "dead") for one in deliveries.of(watch.id, state, 20))
        problem = next((one.problem for one in some if one.problem), "")
        sent = DeliveryCounts(**deliveries.counts(watch.id), problem=problem)
    right = precision([], {}, (), watch.promised)
    if drawn:
        dataset = dataset_of(concept)
        right = precision(drawn, dataset.blind, dataset.decisions, watch.promised)
    return WatchView(
        **values_of(watch) | {"stopped": watch.stopped},  # unset in a new row
        concept=concept.name,
        last=counts.last,
        looking=newest is not None and newest.finished is None,
        problem=newest.error if newest and newest.state == "failed" else "",
        seen=counts.seen,
        flagged=counts.flagged,
        deliveries=sent,
        precision=right,
    )


def _flagged(concept: Concept, page: Sequence[Watched], decided: Mapping[str, Decision]) -> list[FlaggedView]:
    paths = collection_of(concept.app).paths([one.picture_id for one in page])
    told = watcher_of(concept.app).deliveries.about([one.sequence for one in page])
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


def _same(concept: Concept, folder: str, version: int | None, webhook: str) -> Watch | None:
    wanted = (folder, version, host_of(webhook))
    for watch in concept.app.watches.of(concept.id):
        if watch.stopped is None and (watch.folder, watch.version, watch.webhook) == wanted:
            receiver = watcher_of(concept.app).receivers.of(watch.id)
            if not webhook or (receiver and receiver.address == webhook):
                return watch
    return None
