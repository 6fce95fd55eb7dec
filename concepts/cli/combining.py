"""`discern combine`: finished concepts put together by and, or, not, and in one table of scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from concepts.cli.groups import app
from concepts.cli.output import dump, say, show, table, wait
from concepts.cli.parameters import Author, Json, Most, Skip, opened
from concepts.errors import NotScoredError, WrongUsageError

if TYPE_CHECKING:
    pass


@app.command("combine")
def combine(
    rule: Annotated[
        str,
        typer.Argument(
            metavar="RULE",
            help="Such as “messy room AND NOT (people OR pets)”; a name with brackets or one of the three "
            "words in quotes.",
        ),
    ] = "",
    name: Annotated[
        str, typer.Option(help="Keep the rule under this name; without RULE, use the one that was kept.")
    ] = "",
    sure: Annotated[
        float | None, typer.Option(min=0, max=1, help="From which probability on a picture is flagged.")
    ] = None,
    order: Annotated[
        Literal["top", "nearly"], typer.Option(help="The most probable, or those that are nearly flagged.")
    ] = "top",
    out: Annotated[
        Path | None, typer.Option(help="Write the kept rule as one folder; a zip lies beside it.")
    ] = None,
    page: Annotated[
        bool, typer.Option("--page", help="With --out: also a page that scores pictures in a browser.")
    ] = False,
    scores: Annotated[
        Path | None,
        typer.Option("--table", help="Write the scores of every concept into this .csv or .parquet file."),
    ] = None,
    concepts: Annotated[
        list[str] | None,
        typer.Option("--concept", metavar="NAME", help="With --table: of this one; several times for more."),
    ] = None,
    n: Most = 20,
    skip: Skip = 0,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Put finished concepts together by AND, OR, NOT, without new labels.

    RULE is tried on the library, and kept with --name. Without RULE the kept rules are listed, or the one of
    --name is used. With --out it is written as files that run anywhere. --table writes the scores of all
    concepts; it leaves out those in the trash and those without a version for the library's encoder.
    """
    from concepts.results.rules import (
        export_rule,
        keep_rule,
        kept_rules,
        pictures_by_rule,
        try_rule,
        write_table_to,
    )

    app = opened()
    if scores:
        writing = write_table_to(app, scores, concepts or [])
        result = wait(writing, "Scoring", f"{scores} was not written.")
        if as_json:
            dump(result)
            return
        say(f"{result.rows:,} pictures in {result.out}.")
        table(("concept", "version"), list(result.concepts.items()))
        for name, why in result.left_out.items():
            say(f"Left out: {name}, for {why}.")
    elif out:
        if not name or rule:
            raise WrongUsageError("Only a kept rule is written to files. Keep it, then give --name alone.")
        exported = export_rule(app, name, out, page=page)
        versions = ", ".join(f"{concept} {version}" for concept, version in exported.concepts.items())
        show(exported, as_json, f"“{name}” of {versions} is in {exported.folder}.")
    elif not rule and not name:
        found = kept_rules(app, limit=n, offset=skip)
        if as_json:
            dump(found)
            return
        rules = [(one.name, f"{one.threshold:.2f}", one.rule, one.problem) for one in found]
        table(("name", "from", "rule", ""), rules)
    else:
        asked = (rule, "" if rule else name)
        try:
            tried = pictures_by_rule(app, *asked, sure, order, n, skip)
        except NotScoredError:
            wait(app.begin(try_rule, *asked), "Looking at the library", "Nothing was kept.")
            tried = pictures_by_rule(app, *asked, sure, order, n, skip)
        kept = keep_rule(app, name, rule, tried.threshold, author=author) if rule and name else None
        if as_json:
            dump({"tried": tried, "kept": kept} if kept else tried)
            return
        counts = f"flags {tried.flagged:,} of {tried.total:,}; {tried.nearly:,} nearly"
        say(f"{tried.rule}, from {tried.threshold:.2f} on, {counts}.")
        names = [member.concept for member in tried.members]
        rows = [
            (
                f"{p.probability:.3f}",
                *(f"{said.probability:.3f}" for said in p.members),
                p.id[:12],
                p.path,
            )
            for p in tried.pictures
        ]
        table(("together", *names, "id", "path"), rows)
        if kept:
            say(f"Kept as “{kept.name}”. Next: combine --name with --out.")
