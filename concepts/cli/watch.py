"""`discern watch FOLDER`, and what became of watched folders: `discern watches`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from concepts.cli.groups import Author, Json, Most, Name, Skip, app, watches, workbench
from concepts.cli.output import StoppedError, progress, say, show, table
from concepts.errors import DiscernError

if TYPE_CHECKING:
    from concepts.watching.precision import Window
    from concepts.watching.views import WatchView
    from concepts.workbench import Workbench
    from concepts.workbench.kinds import LookedAt

AGAIN_SECONDS = 5.0  # from one look to the next
Watch = Annotated[int, typer.Argument(min=1, help="Its number, as `discern watches list` has it.")]


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
    ask_others: Annotated[float, typer.Option(min=0, max=1, help="The same, of what is not flagged.")] = 0.01,
    at_least: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Share of what is flagged that is to be right, to be warned below it; without it, what the "
            "version's certified line or its measured figures promise.",
        ),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Look once, send what is due, and end.")] = False,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Score new pictures of a folder as they come.

    What is in it already counts as new. The folder stays watched while Discern runs anywhere, until
    `discern watches stop`; the same command again goes on with it.
    """
    if as_json and not once:
        raise DiscernError("--json prints one value when the command ends. Add --once.")
    bench = workbench()
    begun = bench.watching.begin(
        concept,
        folder,
        version=version,
        webhook=webhook,
        ask_flagged=ask,
        ask_others=ask_others,
        promised=at_least,
        author=author,
    )
    number = begun.watch.id
    if begun.secret and not as_json:
        say(f"Messages are signed with this secret, shown only now: {begun.secret}")
    if once:
        with progress("Looking", "What was scored is kept. The same command goes on.") as listener:
            looked = bench.watching.look(concept, number, listener)
        sent = bench.watching.send_due()
        found = bench.watching.watch(concept, number)
        value = {"watch": found, "secret": begun.secret, "looked": looked, "sent": vars(sent)}
        show(value, as_json, lambda: _told(found, looked))
        return
    _go_on(bench, concept, number)


def _go_on(bench: Workbench, concept: str, number: int) -> None:
    """Until Ctrl-C, or until somebody stops watching; prints what each look took in."""
    shown = bench.watching.watch(concept, number)
    say(f"Watching {shown.folder}. Ctrl-C ends this; watch {number} itself ends by discern watches stop.")
    try:
        while bench.watching.watch(concept, number).stopped is None:
            looked = bench.watching.look_if_new(concept, number)
            sent = bench.watching.send_due()
            if looked is not None and looked.seen:
                say(_line(looked))
            if sent.failed:
                say(f"A message was not taken: {bench.watching.watch(concept, number).deliveries.problem}")
            time.sleep(AGAIN_SECONDS)
    except KeyboardInterrupt as error:
        raise StoppedError("Stopped. What was scored is kept.") from error


@watches.command("list")
def watches_list(name: Name, as_json: Json = False) -> None:
    """The watched folders of a concept, with how right they are."""
    found = workbench().watching.watches(name)
    columns = ("watch", "state", "seen", "flagged", "asked", "answered", "waiting", "dead", "folder")
    show(found, as_json, lambda: table(columns, map(_row, found)))


@watches.command("show")
def watches_show(name: Name, number: Watch, as_json: Json = False) -> None:
    """One of them: how right it is over time, and what was promised."""
    found = workbench().watching.watch(name, number)
    show(found, as_json, lambda: _told(found, None))


@watches.command("flagged")
def watches_flagged(name: Name, number: Watch, n: Most = 20, skip: Skip = 0, as_json: Json = False) -> None:
    """What was flagged, the newest first, without what you are to answer blindly first."""
    page = workbench().watching.flagged(name, number, n, skip)

    def human() -> None:
        rows = [(f"{one.probability:.3f}", one.version, one.delivery, one.file) for one in page.flagged]
        table(("how sure", "version", "message", "file"), rows)
        if page.held:
            say(f"{page.held} more are asked about first: discern concept next {name}.")

    show(page, as_json, human)


@watches.command("messages")
def watches_messages(
    name: Name,
    number: Watch,
    state: Annotated[
        Literal["waiting", "delivered", "dead"], typer.Option(help="Which; dead ones were tried eight times.")
    ] = "waiting",
    n: Most = 20,
    skip: Skip = 0,
    as_json: Json = False,
) -> None:
    """What was sent to the webhook, or could not be."""
    found = workbench().watching.deliveries(name, number, state, n, skip)
    rows = [(one.message, one.tries, one.problem, one.file) for one in found]
    show(found, as_json, lambda: table(("message", "tries", "problem", "file"), rows))


@watches.command("stop")
def watches_stop(name: Name, number: Watch, as_json: Json = False) -> None:
    """Take in nothing more. What was flagged before is still delivered."""
    found = workbench().watching.stop(name, number)
    show(found, as_json, lambda: say(f"{found.folder} is not watched any more. What it saw is kept."))


def _row(one: WatchView) -> tuple[object, ...]:
    state = "stopped" if one.stopped else "failed" if one.problem else one.precision.standing
    asked, answered = one.precision.asked, one.precision.answered
    waiting, dead = one.deliveries.waiting, one.deliveries.dead
    return one.id, state, one.seen, one.flagged, asked, answered, waiting, dead, one.folder


def _told(one: WatchView, looked: LookedAt | None) -> None:
    if looked is not None:
        say(_line(looked))
    say(f"Watch {one.id}, {one.folder}: {one.seen:,} pictures seen, {one.flagged:,} flagged.")
    if one.problem:
        say(f"The last look failed: {one.problem}")
    if one.webhook:
        told = one.deliveries
        say(
            f"Messages to {one.webhook}: {told.delivered:,} delivered, {told.waiting:,} waiting, "
            f"{told.dead:,} given up. {told.problem}".rstrip()
        )
    asked = f"{one.precision.asked:,} asked about, {one.precision.answered:,} answered."
    say(f"{asked} {one.precision.sentence}".rstrip())
    if one.precision.windows:
        table(("version", "answered", "right", "of 100", "from", "to"), map(_window, one.precision.windows))
    if found := one.precision.found:
        say(f"Of 100 that count it flags {100 * found.low:.0f} to {100 * found.high:.0f}.")


def _window(one: Window) -> tuple[object, ...]:
    limits = f"{100 * one.low:.0f}-{100 * one.high:.0f}"
    return one.version, one.answered, one.right, limits, one.since.date(), one.until.date()


def _line(looked: LookedAt) -> str:
    parts = [f"{looked.seen:,} new pictures, {looked.flagged:,} flagged, {looked.asked:,} to ask you about"]
    if looked.skipped:
        parts.append(f"{looked.skipped:,} bad files skipped")
    if looked.unsettled:
        parts.append(f"{looked.unsettled:,} still being written")
    return ", ".join(parts) + "."
