"""`discern library`: your pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from concepts.cli.groups import ChoosingAMethod, Format, Json, Within, library, must_exist, workbench
from concepts.cli.output import progress, say, show, table
from concepts.errors import DiscernError
from storage.pictures.sources import require

KEPT = "The pictures added until here are kept."
WhatToAdd = "Folders, files, zips (also in a bucket: s3://BUCKET/FOLDER), or CSV/Parquet/JSONL lists."
EmbedWith = "auto, embedded, ARCHITECTURE/TAG, hf-hub:NAME or local-dir:FOLDER"


@library.command("add")
def library_add(
    paths: Annotated[list[Path], typer.Argument(help=WhatToAdd)],
    encoder: Annotated[str | None, typer.Option(help=f"For a new library: {EmbedWith}.")] = None,
    as_json: Json = False,
) -> None:
    """Add pictures where they are. Run it again to take up new ones, or to go on after a stop."""
    require(paths)  # before everything that takes long
    bench = workbench()
    with progress("Adding", KEPT) as listener:
        result = bench.pictures.add_pictures(paths, encoder=encoder, listener=listener)

    def human() -> None:
        say(
            f"{result.added:,} added, {result.duplicates:,} duplicates, "
            f"{result.unchanged:,} unchanged, {sum(result.skipped.values()):,} skipped "
            f"in {result.seconds:.0f} s."
        )
        if result.removed_before:
            say(f"  {result.removed_before:,} were removed by you before (see: trash list)")
        for reason, count in result.skipped.items():
            say(f"  {count:,} skipped: {reason} (see: library info --bad)")
        say(bench.pictures.library_info().encoder_note)

    show(result, as_json, human)


@library.command("sample")
def library_sample(as_json: Json = False) -> None:
    """Get the sample pictures and add them."""
    with progress("Adding", KEPT) as listener:
        result = workbench().pictures.add_sample(listener=listener)
    show(result, as_json, lambda: say(f"{result.added:,} added, {result.unchanged:,} unchanged."))


@library.command("info")
def library_info(
    bad: Annotated[bool, typer.Option("--bad", help="List the files that were skipped, and why.")] = False,
    as_json: Json = False,
) -> None:
    """What is in the library, which encoder it uses, and what was skipped."""
    bench = workbench()
    info = bench.pictures.library_info()
    files = bench.pictures.bad_files() if bad else []

    def human() -> None:
        table(
            ("", ""),
            [
                ("Pictures", f"{info.pictures:,}"),
                ("Files", f"{info.sources:,} ({info.exact_duplicates:,} exact duplicates)"),
                ("Near-duplicates", f"{info.near_duplicates:,}"),
                ("Size", f"{info.bytes / 1e6:,.1f} MB"),
                ("Skipped files", f"{info.bad_files:,}"),
                ("In the trash", f"{info.in_bin:,}"),
                ("Waiting for vectors", f"{info.pending:,}"),
                ("Encoder", info.fingerprint or "none yet"),
                ("", info.encoder_note),
                ("Data folder", info.home),
            ],
        )
        for file in files:
            say(f"{file.path}: {file.message}")

    show(info.model_dump(mode="json") | ({"bad": files} if bad else {}), as_json, human)


@library.command("picture")
def library_picture(
    picture: Annotated[str, typer.Argument(help="Its path, its id, or how the id begins.")],
    position: Annotated[
        bool, typer.Option("--position", help="Also where it was taken, if its file says so.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Everything the library knows of one picture, and what its camera wrote into it."""
    bench = workbench()
    found = bench.pictures.picture(bench.pictures.id_of(picture))
    camera = bench.browsing.camera(found.id, position=position)

    def human() -> None:
        table(
            ("", ""),
            [
                ("Id", found.id),
                ("Picture", f"{found.format}, {found.width} × {found.height}, {found.bytes:,} bytes"),
                ("Added", f"{found.added:%Y-%m-%d %H:%M}"),
                *([("Taken", f"{camera.taken:%Y-%m-%d %H:%M}")] if camera.taken else []),
                *camera.facts.items(),
                *([("Taken at", "north {}, east {}".format(*camera.position))] if camera.position else []),
                *([("File", "gone, or another one by now")] if camera.missing else []),
                *(("At", place) for place in found.places),
                *(("Looks like", other) for other in found.near_duplicates),
                *((column.name, column.value) for column in found.columns),
                *(("Says", f"{said.author}, {said.concept}: {said.value}") for said in found.labels),
            ],
        )

    show(found.model_dump(mode="json") | {"camera": camera.model_dump(mode="json")}, as_json, human)


@library.command("search")
def library_search(
    text: Annotated[str | None, typer.Argument(help="Words to look for.")] = None,
    like: Annotated[
        list[str] | None, typer.Option(help="A picture of the library (path or id) to look like.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many pictures.")] = 20,
    captions: Annotated[
        bool, typer.Option("--captions", help="Look for every one of the words in the captions instead.")
    ] = False,
    within: Within = "",
    as_json: Json = False,
) -> None:
    """Find pictures by words, by a picture, or by both together."""
    if captions:
        if not text or like:
            raise DiscernError("Captions are searched by words alone.")
        found = workbench().captions.search(text, top)
        show(
            found,
            as_json,
            lambda: table(("id", "caption", "path"), [(h.id[:12], h.caption, h.path) for h in found]),
        )
        return
    bench = workbench()
    inside = bench.collections.get(within).id if within else None
    hits = bench.pictures.search(text, like=like or [], n=top, within=inside)
    show(hits, as_json, lambda: table(("score", "id", "path"), [(h.score, h.id[:12], h.path) for h in hits]))


@library.command("captions", cls=ChoosingAMethod)
def library_captions(
    file: Annotated[
        Path, typer.Argument(help="Such as the Parquet of img2dataset: path or id, and columns.")
    ],
    format: Format = "",
    as_json: Json = False,
) -> None:
    """Keep what a file says of your pictures: captions, which can be searched, and any other columns."""
    must_exist(file)
    report = workbench().captions.import_file(file, format=format)

    def human() -> None:
        columns = ", ".join(f"{name} ({count:,})" for name, count in report.columns.items())
        say(f"{report.kept:,} values are new, of {report.pictures:,} pictures: {columns or 'no columns'}.")
        if report.unknown_pictures:
            say(f"{report.unknown_pictures:,} rows are about no picture of the library.")
        for row in report.bad_rows:
            say(f"  row {row['row']} left out: {row['reason']}")
        if report.bad > len(report.bad_rows):
            say(f"  and {report.bad - len(report.bad_rows):,} more rows")

    show(report, as_json, human)


@library.command("check")
def library_check(
    repair: Annotated[bool, typer.Option("--repair", help="Make again what is missing or damaged.")] = False,
    as_json: Json = False,
) -> None:
    """Whether everything is there: vectors, thumbnails, and the files of the pictures. Ends with 1 if not."""
    with progress("Checking", "What was mended until here stays mended.") as listener:
        report = workbench().pictures.check_library(repair=repair, listener=listener)

    def human() -> None:
        said = {
            "without what they are searched by": report.vectors_missing,
            "vectors of no picture": report.vectors_extra,
            "thumbnails missing or damaged": report.thumbnails_missing,
            "files gone": report.files_missing,
            "files changed since (add them again to take them up)": report.files_changed,
            "files that can't be read": report.files_unreadable,
        }
        say(f"{report.pictures:,} pictures in {report.files:,} files.")
        if report.index:
            say(report.index)
        for what, count in said.items():
            if count:
                say(f"  {count:,} {what}")
        for named in report.named:
            say(f"    {named.what}: {named.place}")
        if repair:
            made = f"{report.thumbnails_made:,} thumbnails made"
            say(f"Repaired: {report.embedded:,} pictures embedded again, {made}.")
            if report.left:
                say(f"{report.left:,} pictures can't be mended: none of their files is there any more.")
        elif not report.is_whole:
            say("Mend it: discern library check --repair.")
        else:
            say("Nothing that Discern needs is missing.")

    show(report, as_json, human)
    if not report.is_whole:
        raise typer.Exit(1)


@library.command("neighbours")
def library_neighbours(
    find: Annotated[bool, typer.Option("--find", help="First compare the pictures that are new.")] = False,
    anew: Annotated[bool, typer.Option("--anew", help="First compare all pictures again.")] = False,
    as_json: Json = False,
) -> None:
    """Which pictures look alike: how many have been compared, and how many of the nearest ones were found."""
    look_alikes = workbench().look_alikes
    if find or anew:
        with progress("Comparing", "Run it again to begin anew.") as listener:
            look_alikes.find(anew=anew, listener=listener)
    report = look_alikes.report()

    def human() -> None:
        say(f"{report.pictures:,} of {report.of:,} pictures have been compared.")
        if report.recall is not None:
            took = f"in {report.seconds:,.0f} s"
            say(f"  {report.recall:.1%} of the nearest pictures of each were found, {took}")
            say(f"  of {report.compared:,} pictures the last time, {report.made}")
        if not report.is_searched_whole:
            say(f"A search looks at likely groups alone: {report.recall_top:.1%} of the first 100 are found.")
        if not report.is_current:
            say("The library has changed since: discern library neighbours --find.")

    show(report, as_json, human)


@library.command("disk")
def library_disk(
    tidy: Annotated[
        bool, typer.Option("--tidy", help="First remove what only older states of the vectors have.")
    ] = False,
    as_json: Json = False,
) -> None:
    """What the vectors of the pictures take on disk."""
    look_alikes = workbench().look_alikes
    if tidy:
        with progress("Tidying", "Nothing is lost; run it again.") as listener:
            look_alikes.tidy(listener=listener)
    report = look_alikes.disk()
    told = {
        "the table, with older states of the last hour": report.table,
        "its copy, which is read": report.copied,
        "which pictures look alike": report.graph,
        "of encoders that the library had before": report.others,
    }

    def human() -> None:
        for what, size in told.items():
            say(f"{size / 1e6:>12,.1f} MB  {what}")
        say(f"The vectors themselves are {report.least / 1e6:,.1f} MB.")
        if report.is_too_much:
            say("Older states take much of it: discern library disk --tidy.")

    show(report, as_json, human)


@library.command("reembed")
def library_reembed(
    encoder: Annotated[str, typer.Argument(help=EmbedWith)],
    as_json: Json = False,
) -> None:
    """Embed all pictures with another encoder, then use that one. Heads must be trained again."""
    with progress("Embedding", "The library works with the encoder it had until all are done.") as listener:
        result = workbench().pictures.reembed(encoder, listener=listener)
    show(result, as_json, lambda: say(f"{result.embedded:,} pictures embedded."))
