"""Answers in and out of files: `discern concept labels import` and `export`."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from concepts.cli.groups import ChoosingAMethod, Format, Json, Name, Simulated, labels, must_exist, workbench
from concepts.cli.output import ROWS_SHOWN, left_out, say, show, table
from concepts.errors import WrongUsageError

if TYPE_CHECKING:
    from concepts.workbench.label_exports import ExportView
    from concepts.workbench.label_files import LabelFileView


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

    files = workbench().concept(name).label_files
    meanings, columns = files.meanings(meaning), columns_given(column)
    if preview:
        found = files.preview(file, format=format, meanings=meanings, columns=columns)
        show(found, as_json, _previewed)
        return
    report = files.import_file(
        file,
        format=format,
        meanings=meanings,
        columns=columns,
        author=author,
        simulated=simulated,
        random=random,
    )
    show(report, as_json, _import_report)


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
    bench = workbench()
    if format:
        if out is None:
            raise WrongUsageError("Say where it is to be written: --out.")
        written = bench.concept(name).label_exports.write(format, out, what=what, copies=copies)
        show(written, as_json, _written)
        return
    if out is None:
        rows = bench.concept(name).label_files.rows()
        show(rows, as_json, _write_csv)
        return
    count = bench.concept(name).label_files.export_file(out)
    show({"rows": count, "out": str(out)}, as_json, f"{count:,} labels in {out}")


def _written(written: ExportView) -> None:
    say(f"{written.pictures:,} pictures in {written.out}, for {written.format}.")
    left_out(written.left_out)


def _previewed(found: LabelFileView) -> None:
    say(f"{found.format}: labels of {found.pictures:,} pictures of the library.")
    table(("word", "rows", "means"), [(w.word, f"{w.rows:,}", w.means or "?") for w in found.words])
    if found.unanswered:
        say(f"{found.unanswered:,} rows have no label yet.")
    if found.unknown_pictures:
        say(f"{found.unknown_pictures:,} rows are about no picture of the library.")
    for row in found.bad_rows:
        say(f"  row {row['row']} left out: {row['reason']}")
    if found.bad > len(found.bad_rows):
        say(f"  and {found.bad - len(found.bad_rows):,} more rows")


def _import_report(report: dict[str, Any]) -> None:
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


def _write_csv(rows: list[dict[str, Any]]) -> None:
    from concepts.labelling.rows import LABEL_COLUMNS  # brings the database
    from storage.csv_files import escaped_row

    writer = csv.DictWriter(sys.stdout, LABEL_COLUMNS)
    writer.writeheader()
    writer.writerows(map(escaped_row, rows))
