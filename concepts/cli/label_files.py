"""Answers in and out of files: `discern concept labels import` and `export`."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from concepts.cli.groups import labels
from concepts.cli.output import ROWS_SHOWN, dump, left_out, report_bad, say, show, table
from concepts.cli.parameters import ChoosingAMethod, Format, Json, Name, Simulated, must_exist, opened
from concepts.errors import WrongUsageError

if TYPE_CHECKING:
    pass


@labels.command("import", cls=ChoosingAMethod)
def labels_import(
    name: Name,
    file: Annotated[
        Path,
        typer.Argument(
            help="A file or folder of labels: CSV or JSONL (path or id, label, perhaps author and split), "
            "or of another tool."
        ),
    ],
    format: Format = "",
    meaning: Annotated[
        list[str],
        typer.Option(
            "--as",
            metavar="WORD=MEANING",
            help="What a word of the file means, once for each: yes, no, unsure, skip or leave-out, or a "
            "grade or class of the concept, such as messy=yes or spotless=5; *=no is for all others.",
        ),
    ] = [],  # noqa: B006  # Typer copies it
    column: Annotated[
        list[str],
        typer.Option(
            "--column",
            metavar="OURS=HEADING",
            help="Which column of a table is what, where its headings are others: path, id, label, author, "
            "comment, split or created, such as label=category.",
        ),
    ] = [],  # noqa: B006
    preview: Annotated[
        bool, typer.Option("--preview", help="Only say what is in it: its words, and what they would mean.")
    ] = False,
    random: Annotated[
        bool,
        typer.Option(
            "--random",
            help="The pictures were drawn with equal chances from the concept's scope: they test. Rows with "
            "split=train still train.",
        ),
    ] = False,
    author: Annotated[str, typer.Option(help="Who labelled, where the file does not say.")] = "me",
    simulated: Simulated = False,
    as_json: Json = False,
) -> None:
    """Import labels from a file. Labels that are there already change nothing."""
    must_exist(file)
    from concepts.labelling.files import columns_given  # brings the database
    from concepts.labelling.label_files import import_label_file, label_meanings, preview_label_file

    concept = opened().concept(name)
    meanings, columns = label_meanings(concept, meaning), columns_given(column)
    if preview:
        found = preview_label_file(concept, file, format=format, meanings=meanings, columns=columns)
        if as_json:
            dump(found)
            return
        say(f"{found.format}: labels of {found.pictures:,} pictures of the library.")
        table(("word", "rows", "means"), [(w.word, f"{w.rows:,}", w.means or "?") for w in found.words])
        if found.unanswered:
            say(f"{found.unanswered:,} rows have no label yet.")
        report_bad(found)
        return
    report = import_label_file(
        concept,
        file,
        format=format,
        meanings=meanings,
        columns=columns,
        author=author,
        simulated=simulated,
        random=random,
    )
    if as_json:
        dump(report)
        return
    say(f"{report['imported']:,} labels imported, {report['unchanged']:,} were there already.")
    if report["unanswered"]:
        say(f"{report['unanswered']:,} rows have no label yet.")
    if report["left_out"]:
        say(f"{report['left_out']:,} rows were left out, as their words were said to mean nothing here.")
    if report["unknown_pictures"]:
        say(f"{report['unknown_pictures']:,} rows are about no picture of the library.")
    if report["kept_for_evaluation"]:
        say(f"{report['kept_for_evaluation']:,} of them are of test pictures.")
    if report["sample"]:
        say(report["sample"])
    elif report["kept_for_training"]:
        say(
            f"{report['kept_for_training']:,} say evaluation, but train: a test set is a random sample of "
            "the library (--random)."
        )
    for row in report["bad_rows"][:ROWS_SHOWN]:
        say(f"  row {row['row']} left out: {row['reason']}")
    if len(report["bad_rows"]) > ROWS_SHOWN:
        say(f"  and {len(report['bad_rows']) - ROWS_SHOWN:,} more rows (--json lists all)")


@labels.command("export", cls=ChoosingAMethod)
def labels_export(
    name: Name,
    out: Annotated[
        Path | None, typer.Option(help="A .csv or .jsonl file; without it, CSV is printed.")
    ] = None,
    format: Annotated[
        str,
        typer.Option(
            "--format", help="For another tool: {written}. A new file or folder, with labels of people only."
        ),
    ] = "",
    what: Annotated[
        Literal["answers", "scores", "both"],
        typer.Option(help="With --format: labelled pictures, all with the newest version's score, or both."),
    ] = "answers",
    copies: Annotated[
        bool, typer.Option("--copies", help="With --format image-folder: copies instead of links.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write every current label, of people and annotators, with authors and comments."""
    from concepts.labelling.label_files import label_rows, write_labels
    from concepts.results.label_exports import export_labels

    app = opened()
    if format:
        if out is None:
            raise WrongUsageError("Say where it is to be written: --out.")
        written = export_labels(app.concept(name), format, out, what=what, copies=copies)
        if as_json:
            dump(written)
            return
        say(f"{written.pictures:,} pictures in {written.out}, for {written.format}.")
        left_out(written.left_out)
        return
    if out is None:
        from concepts.labelling.rows import LABEL_COLUMNS  # brings the database
        from storage.csv_files import escaped_row

        rows = label_rows(app.concept(name))
        if as_json:
            dump(rows)
            return
        writer = csv.DictWriter(sys.stdout, LABEL_COLUMNS)
        writer.writeheader()
        writer.writerows(map(escaped_row, rows))
        return
    count = write_labels(app.concept(name), out)
    show({"rows": count, "out": str(out)}, as_json, f"{count:,} labels in {out}")
