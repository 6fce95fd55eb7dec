"""`discern watch FOLDER`, and how watched folders are printed."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from concepts.cli.declared import shows
from concepts.cli.groups import app
from concepts.cli.output import StoppedError, dump, say, table, wait
from concepts.cli.parameters import Author, Json, opened
from concepts.errors import WrongUsageError

if TYPE_CHECKING:
    from concepts.results.watcher import LookedAt
    from concepts.results.watching import FlaggedPage, WatchView

AGAIN_SECONDS = 5.0  # from one look to the next


@app.command("watch")
def watch(
    folder: Annotated[Path, typer.Argument(help="Where new pictures come.")],
    concept: Annotated[str, typer.Option(help="The concept's name.", metavar="NAME")],
    webhook: Annotated[
        str, typer.Option(metavar="URL", help="Where what is flagged is sent, signed (Standard Webhooks).")
    ] = "",
    version: Annotated[
        int | None, typer.Option(min=1, help="A trained version; without it, whichever is the newest.")
    ] = None,
    ask: Annotated[
        float, typer.Option(min=0, max=1, help="Share of what is flagged that you are asked about, blindly.")
    ] = 0.1,
    at_least: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Share of what is flagged that is to be right, to be warned below it; without it, what the "
            "version's guarantee or its measured figures promise.",
        ),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Look once, send what is due, and end.")] = False,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Score new pictures of a folder as they come.

    What is in it already counts as new. The folder stays watched while Discern runs anywhere, until
    `discern concept stop-watching`; the same command again goes on with it.
    """
    if as_json and not once:
        raise WrongUsageError("--json prints one value when the command ends. Add --once.")
    from concepts.results.watcher import look_at_folder, watcher_of
    from concepts.results.watching import begin_watching, look_if_new, watch_state

    watched = opened().concept(concept)
    watcher = watcher_of(watched.app)
    begun = begin_watching(
        watched,
        str(folder),
        version=version,
        webhook=webhook,
        ask_flagged=ask,
        promised=at_least,
        author=author,
    )
    number = begun.watch.id
    if begun.secret and not as_json:
        say(f"Messages are signed with this secret, shown only now: {begun.secret}")
    if once:
        looked = wait(
            watched.begin(look_at_folder, number),
            "Looking",
            "What was scored is kept. The same command goes on.",
        )
        sent = watcher.send_due()
        found = watch_state(watched, number)
        if as_json:
            dump({"watch": found, "secret": begun.secret, "looked": looked, "sent": vars(sent)})
        else:
            say(_line(looked))
            _told(found)
        return
    shown = watch_state(watched, number)
    say(f"Watching {shown.folder}. Ctrl-C pauses it until you run this again. To stop watching, run:")
    say(f"  discern concept stop-watching {shlex.quote(concept)} {number}")
    try:
        while watch_state(watched, number).stopped is None:
            taken = look_if_new(watched, number)
            sent = watcher.send_due()
            if taken is not None and taken.seen:
                say(_line(taken))
            if sent.failed:
                say(f"A message was not taken: {watch_state(watched, number).deliveries.problem}")
            time.sleep(AGAIN_SECONDS)
    except KeyboardInterrupt as error:
        raise StoppedError("Stopped. What was scored is kept.") from error


@shows("list_watches")
def _list(found: Sequence[WatchView]) -> None:
    columns = ("watch", "state", "seen", "flagged", "asked", "labelled", "waiting", "dead", "folder")
    rows = []
    for one in found:
        standing = "watching" if one.precision.standing == "none" else one.precision.standing
        state = "stopped" if one.stopped else "failed" if one.problem else standing
        asked, answered = one.precision.asked, one.precision.answered
        waiting, dead = one.deliveries.waiting, one.deliveries.dead
        rows.append((one.id, state, one.seen, one.flagged, asked, answered, waiting, dead, one.folder))
    table(columns, rows)
    for one in found:
        say()
        _told(one)


@shows("list_flagged")
def _flagged(page: FlaggedPage) -> None:
    rows = [(f"{one.probability:.3f}", one.version, one.delivery, one.file) for one in page.flagged]
    table(("score", "version", "message", "file"), rows)
    if page.held:
        say(f"{page.held} more wait for your label first: discern concept next NAME")


@shows("stop_watching")
def _stopped(one: WatchView) -> None:
    say(f"{one.folder} is no longer watched. What was flagged is kept.")


def _told(one: WatchView) -> None:
    say(f"Watch {one.id}, {one.folder}: {one.seen:,} pictures seen, {one.flagged:,} flagged.")
    if one.problem:
        say(f"The last look failed: {one.problem}")
    if one.webhook:
        told = one.deliveries
        say(
            f"Messages to {one.webhook}: {told.delivered:,} delivered, {told.waiting:,} waiting, "
            f"{told.dead:,} given up. {told.problem}".rstrip()
        )
    asked = f"{one.precision.asked:,} asked about, {one.precision.answered:,} labelled."
    say(f"{asked} {one.precision.sentence}".rstrip())


def _line(looked: LookedAt) -> str:
    parts = [f"{looked.seen:,} new pictures, {looked.flagged:,} flagged, {looked.asked:,} to ask you about"]
    if looked.skipped:
        parts.append(f"{looked.skipped:,} can't be read (see: library info --bad)")
    if looked.unsettled:
        parts.append(f"{looked.unsettled:,} still being written")
    return ", ".join(parts) + "."
