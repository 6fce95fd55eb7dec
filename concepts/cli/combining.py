"""`discern combine` and `discern combined`: finished concepts put together by and, or, not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from concepts.cli.groups import Author, Json, Most, Skip, app, combined, workbench
from concepts.cli.output import progress, say, show, table

if TYPE_CHECKING:
    from concepts.combining.views import Agreed, Tried

Kept = Annotated[str, typer.Argument(help="What the rule was kept as.", metavar="NAME")]
Sure = Annotated[float, typer.Option(min=0, max=1, help="From which probability on a picture is flagged.")]
Order = Annotated[
    Literal["top", "nearly"], typer.Option(help="The most probable, or those that are nearly flagged.")
]
Number = Annotated[int | None, typer.Option(min=1, help="An older one; without it, the newest.")]


@app.command("combine")
def combine(
    rule: Annotated[
        str,
        typer.Argument(
            metavar="RULE",
            help="Such as “messy room AND NOT (people OR pets)”; a name with brackets or one of the three "
            "words in quotes.",
        ),
    ],
    name: Annotated[str | None, typer.Option(help="Keep the rule under this name.")] = None,
    sure: Sure = 0.5,
    order: Order = "top",
    n: Most = 20,
    skip: Skip = 0,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Put finished concepts together by AND, OR, NOT, without new answers: what that makes of the library,
    and with --name a rule that is kept."""
    bench = workbench()
    with progress("Looking at the library", "Nothing was kept.") as listener:
        page = bench.combining.try_now(
            rule, threshold=sure, order=order, start=skip, size=n, listener=listener
        )
    kept = bench.combining.keep(name, rule, threshold=sure, author=author) if name else None

    def human() -> None:
        _show(page)
        if kept:
            say(f"Kept as “{kept.name}”, number {kept.number}. Next: combined export.")

    show({"tried": page, "kept": kept} if kept else page, as_json, human)


@combined.command("list")
def combined_list(n: Most = 50, skip: Skip = 0, as_json: Json = False) -> None:
    """The rules that were kept, the last first."""
    found = workbench().combining.kept(n, skip)
    rows = [(c.name, c.number, f"{c.threshold:.2f}", c.rule, c.problem) for c in found]
    show(found, as_json, lambda: table(("name", "number", "from", "rule", ""), rows))


@combined.command("show")
def combined_show(
    name: Kept, order: Order = "top", n: Most = 20, skip: Skip = 0, as_json: Json = False
) -> None:
    """What a kept rule makes of the library, by the versions in it."""
    bench = workbench()
    with progress("Looking at the library", "Nothing was changed.") as listener:
        page = bench.combining.try_now("", kept=name, order=order, start=skip, size=n, listener=listener)
    show(page, as_json, lambda: _show(page))


@combined.command("export")
def combined_export(
    name: Kept,
    out: Annotated[Path, typer.Option(help="The folder to write; a zip lies beside it.")],
    number: Number = None,
    page: Annotated[
        bool, typer.Option("--page", help="With a page that scores pictures in a browser.")
    ] = False,
    int8: Annotated[
        bool, typer.Option("--int8", help="Not of a rule yet: it is refused, and says why.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write a kept rule and its versions as one folder of files that run anywhere."""
    result = workbench().combining.export(name, out, number=number, page=page, int8=int8)
    versions = ", ".join(f"{concept} {version}" for concept, version in result.concepts.items())
    show(result, as_json, lambda: say(f"“{name}” of {versions} is in {result.folder}."))


def _show(page: Tried) -> None:
    counts = f"flags {page.flagged:,} of {page.total:,}; {page.nearly:,} nearly"
    say(f"{page.rule}, from {page.threshold:.2f} on, {counts}.")
    if page.assumption:
        say(page.assumption)
        say(f"Whatever they have to do with each other: {page.surely:,} to {page.possibly:,} flagged.")
    if page.agreement:
        say(f"Answers agree with {_agreed(page.agreement.all)}, chosen as they came.")
        if page.agreement.unlearned:
            say(f"Of those that no version learned from, with {_agreed(page.agreement.unlearned)}.")
    names = [member.concept for member in page.members]
    rows = [
        (
            f"{p.probability:.3f}",
            f"{p.low:.2f}–{p.high:.2f}",
            *(f"{said.probability:.3f}" for said in p.members),
            p.id[:12],
            p.path,
        )
        for p in page.pictures
    ]
    table(("together", "at least–most", *names, "id", "path"), rows)


def _agreed(agreed: Agreed) -> str:
    share = agreed.right / agreed.n
    return (
        f"{agreed.right:,} of {agreed.n:,} pictures ({share:.0%}, 95% interval {agreed.low:.0%} to "
        f"{agreed.high:.0%})"
    )
