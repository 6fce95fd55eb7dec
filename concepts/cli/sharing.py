"""`discern concept share`: a version for people who have no Discern."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from concepts.cli.groups import Author, Json, Name, Version, concept, workbench
from concepts.cli.output import say, show, table
from concepts.errors import DiscernError

if TYPE_CHECKING:
    from concepts.workbench import Workbench
    from concepts.workbench.sharing import ShareView


@concept.command("share")
def concept_share(
    name: Name,
    days: Annotated[float, typer.Option(help="How long the link works.")] = 7,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html", metavar="FILE", help="Write it as one HTML file that needs nothing else, and no link."
        ),
    ] = None,
    classifier: Annotated[
        bool,
        typer.Option(
            "--classifier",
            help="With --html: with the classifier in it, tens of megabytes, so that it looks "
            "at pictures in a browser.",
        ),
    ] = False,
    version: Version = None,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Show a version to people who have no Discern: what it means, how good it is, where it fails.

    A link works for whoever has it, while `discern run` does, and shows up to eighteen small pictures and
    nothing else of the library. It is printed this once.
    """
    bench = workbench()
    if html is not None:
        written = bench.sharing.write(name, html, version=version, classifier=classifier)
        _kept(bench, author, "shared a version as a file", name)
        show({"html": str(written)}, as_json, lambda: say(f"The page is in {written}."))
        return
    if classifier:
        raise DiscernError("--classifier is for a file: add --html FILE.")
    made = bench.sharing.share(name, version=version, days=days, author=author)
    _kept(bench, author, "shared a version", name)
    settings = bench.context.settings
    address = f"http://{settings.host}:{settings.port}{made.path}"

    def human() -> None:
        say(address)
        say(
            f"Whoever has this link sees version {made.share.version} until {made.share.expires:%d %B %Y}. "
            "It is shown only now. "
            f"To end it: discern concept unshare {name!r} {made.share.id}"
        )

    show(made.model_dump(mode="json") | {"address": address}, as_json, human)


@concept.command("shares")
def concept_shares(name: Name, as_json: Json = False) -> None:
    """The links to a concept's versions."""
    found = workbench().sharing.links(name)
    show(found, as_json, lambda: table(("link", "version", "state", "until", "by"), map(_row, found)))


@concept.command("unshare")
def concept_unshare(
    name: Name,
    number: Annotated[
        int | None, typer.Argument(min=1, help="Which link, as `concept shares` has it; all without it.")
    ] = None,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """End a link, or all of them: from now on they lead nowhere."""
    bench = workbench()
    if number is None:
        ended = bench.sharing.revoke_all(name, author=author)
    else:
        ended = [bench.sharing.revoke(name, number, author=author)]
    if ended:
        _kept(bench, author, "ended a link", name)
    show(ended, as_json, lambda: say(f"{len(ended)} links ended." if len(ended) != 1 else "1 link ended."))


def _kept(bench: Workbench, who: str, what: str, name: str) -> None:
    bench.context.audit.add(who, what, name)


def _row(one: ShareView) -> tuple[object, ...]:
    state = "works" if one.works else "ended" if one.revoked else "expired"
    return one.id, one.version, state, one.expires.date(), one.author
