"""The command line: `discern`, or `python -m concepts`. Every command calls one method of the Workbench."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from concepts import errors
from concepts.annotators import ANNOTATORS, AUTO
from concepts.errors import DiscernError, UnknownMethodError
from concepts.learning.heads import HEADS
from concepts.learning.report import EvaluationReport, Metric
from concepts.settings import load_settings
from concepts.workbench import Workbench

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="From a sentence to an image classifier that runs anywhere.\n\n"
    "The usual order: library add, concept new, concept expand, concept mine, concept annotate, then "
    "concept next and concept labels import until it is good enough, concept train, concept evaluate, "
    "concept export, score. Everything is kept in the folder DISCERN_HOME (default ~/.discern).",
)
library = typer.Typer(no_args_is_help=True, help="Your pictures: add, look, search.")
concept = typer.Typer(no_args_is_help=True, help="What you want to recognise, from a sentence to a file.")
labels = typer.Typer(no_args_is_help=True, help="Answers about pictures, in and out of files.")
users = typer.Typer(no_args_is_help=True, help="Who may log in to the app from other computers.")
app.add_typer(library, name="library")
app.add_typer(concept, name="concept")
concept.add_typer(labels, name="labels")
app.add_typer(users, name="users")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON value, for programs.")]
Name = Annotated[str, typer.Argument(help="The concept's name.", metavar="NAME")]
log = logging.getLogger(__name__)
Out = Console()
Err = Console(stderr=True)


def main() -> None:
    """Exit codes: 0 done, 1 failed with a one-line reason, 2 wrong usage."""
    try:
        app()
    except DiscernError as error:
        said = " ".join(filter(None, (str(error), what_to_do(error))))
        Err.print(f"discern: {said}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2 if isinstance(error, UnknownMethodError) else 1)
    except Exception:
        log.exception("A command failed.")
        raise
    except KeyboardInterrupt:
        Err.print("Stopped. What was done is kept; the same command goes on from there.")
        sys.exit(1)


# What to do about an error here. The most special class of an error decides.
ADVICE: dict[type[errors.DiscernError], str] = {
    errors.EmptyLibraryError: "Add pictures first: discern library add FOLDER.",
    errors.NoConceptError: "Begin one: discern concept new NAME SENTENCE.",
    errors.NoVersionError: "Train one: discern concept train “{error.concept}”.",
    errors.NotEnoughLabelsError: "Answer some: discern concept next, then discern concept labels import.",
    errors.OtherEncoderError: "Leave out the encoder, or change it for all pictures: discern library reembed "
    "{error.asked}.",
    errors.FingerprintMismatchError: "Embed the library with that encoder (discern library reembed), or "
    "train again with this one (discern concept train).",
    errors.DamagedIndexError: "Remove that folder and embed the library again: discern library reembed.",
    errors.NoModelError: "Set OPENAI_BASE_URL or OPENAI_API_KEY, and DISCERN_{role}_MODEL.",
    errors.NoPriceError: "Set DISCERN_LLM_PRICE (words) or DISCERN_VLM_PRICE (pictures) to USD per million "
    "tokens, input/output, for example 0.15/0.60; 0/0 where it costs nothing.",
}


def what_to_do(error: errors.DiscernError) -> str:
    """Advice in the words of the command line; empty where the message says it all."""
    advice = next((ADVICE[kind] for kind in type(error).__mro__ if kind in ADVICE), "")
    if isinstance(error, errors.NotEnoughLabelsError) and error.purpose == "evaluation":
        advice = advice.replace("concept next", "concept next --evaluation")
    return advice.format(error=error, role=getattr(error, "role", "").upper())


def _workbench() -> Workbench:
    bench = Workbench(load_settings())
    bench.installation.start_log()
    return bench


def _print(value: Any, as_json: bool, human: Callable[[], None]) -> None:
    if not as_json:
        human()
        return
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    elif isinstance(value, list):
        value = [item.model_dump(mode="json") if isinstance(item, BaseModel) else item for item in value]
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def _table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    Out.print(table)


class _Bar:
    """A progress bar on stderr with rate and time left; quiet where stderr is no terminal."""

    def __init__(self, what: str) -> None:
        self._progress = Progress(
            TextColumn(what),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=Err,
            disable=not Err.is_terminal,
        )
        self._task = self._progress.add_task(what, total=None, note="")

    def __enter__(self) -> Callable[[int, int | None, str], None]:
        self._progress.start()
        return self._update

    def _update(self, done: int, total: int | None, note: str) -> None:
        self._progress.update(self._task, completed=done, total=total, note=note)

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


# library


@library.command("add")
def library_add(
    paths: Annotated[list[Path], typer.Argument(help="Folders, files, zips, or CSV/Parquet/JSONL lists.")],
    encoder: Annotated[
        str | None,
        typer.Option(
            help="For a new library: auto, embedded, ARCHITECTURE/TAG, hf-hub:NAME or local-dir:FOLDER."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Add pictures where they are. Run it again to take up new ones, or to go on after a stop."""
    bench = _workbench()
    with _Bar("Adding") as listener:
        result = bench.pictures.add_pictures(paths, encoder=encoder, listener=listener)

    def human() -> None:
        Out.print(
            f"{result.added:,} added, {result.duplicates:,} duplicates, "
            f"{result.unchanged:,} unchanged, {sum(result.skipped.values()):,} skipped "
            f"in {result.seconds:.0f} s."
        )
        for reason, count in result.skipped.items():
            Out.print(f"  {count:,} skipped: {reason} (see: library info --bad)")
        Out.print(bench.pictures.library_info().encoder_note)

    _print(result, as_json, human)


@library.command("info")
def library_info(
    bad: Annotated[bool, typer.Option("--bad", help="List the files that were skipped, and why.")] = False,
    as_json: Json = False,
) -> None:
    """What is in the library, which encoder it uses, and what was skipped."""
    bench = _workbench()
    info = bench.pictures.library_info()
    files = bench.pictures.bad_files() if bad else []

    def human() -> None:
        _table(
            ("", ""),
            [
                ("Pictures", f"{info.pictures:,}"),
                ("Files", f"{info.sources:,} ({info.exact_duplicates:,} exact duplicates)"),
                ("Near-duplicates", f"{info.near_duplicates:,}"),
                ("Size", f"{info.bytes / 1e6:,.1f} MB"),
                ("Skipped files", f"{info.bad_files:,}"),
                ("Waiting for vectors", f"{info.pending:,}"),
                ("Encoder", info.fingerprint or "none yet"),
                ("", info.encoder_note),
                ("Data folder", info.home),
            ],
        )
        for file in files:
            Out.print(f"{file.path}: {file.message}", markup=False, soft_wrap=True)

    value = info.model_dump(mode="json")
    if bad:
        value["bad"] = [file.model_dump(mode="json") for file in files]
    _print(value, as_json, human)


@library.command("search")
def library_search(
    text: Annotated[str | None, typer.Argument(help="Words to look for.")] = None,
    like: Annotated[
        list[str] | None, typer.Option(help="A picture of the library (path or id) to look like.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many pictures.")] = 20,
    as_json: Json = False,
) -> None:
    """Find pictures by words, by a picture, or by both together."""
    hits = _workbench().pictures.search(text, like=like or [], n=top)
    _print(
        hits, as_json, lambda: _table(("score", "id", "path"), [(h.score, h.id[:12], h.path) for h in hits])
    )


@library.command("reembed")
def library_reembed(
    encoder: Annotated[str, typer.Argument(help="auto, embedded, ARCHITECTURE/TAG, hf-hub:… or local-dir:…")],
    as_json: Json = False,
) -> None:
    """Embed all pictures with another encoder, then use that one. Heads must be trained again."""
    with _Bar("Embedding") as listener:
        result = _workbench().pictures.reembed(encoder, listener=listener)
    _print(result, as_json, lambda: Out.print(f"{result.embedded:,} pictures embedded."))


# concept


@concept.command("new")
def concept_new(
    name: Name,
    description: Annotated[str, typer.Option(help="One sentence: what counts.")],
    example: Annotated[
        list[str] | None,
        typer.Option(help="A picture that counts (path or id). May be given more than once."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Begin a concept from a name and a sentence."""
    bench = _workbench()
    view = bench.definitions.create_concept(name, description, examples=example or [])
    _print(view, as_json, lambda: Out.print(f"“{view.name}” begun. Next: concept expand, or concept mine."))


@concept.command("list")
def concept_list(as_json: Json = False) -> None:
    """All concepts and how far they are."""
    found = _workbench().definitions.concepts()
    _print(
        found,
        as_json,
        lambda: _table(
            ("concept", "definition", "candidates", "answers", "trained"),
            [(c.name, c.revision, c.candidates, c.labels_by_people, c.heads) for c in found],
        ),
    )


@concept.command("expand")
def concept_expand(name: Name, as_json: Json = False) -> None:
    """Propose what counts, what doesn't, and what to search for; kept as a new revision."""
    revision = _workbench().definitions.expand(name)
    _print(revision, as_json, lambda: Out.print(revision.definition.as_text(), markup=False))


@concept.command("show")
def concept_show(
    name: Name,
    revision: Annotated[int | None, typer.Option(help="An older definition.")] = None,
    diff: Annotated[int | None, typer.Option(help="Show what changed since this revision.")] = None,
    as_json: Json = False,
) -> None:
    """The definition, the answers so far and every trained version."""
    bench = _workbench()
    view = bench.definitions.concept(name, revision=revision)

    def human() -> None:
        if diff is not None:
            marks = {"same": "{}", "added": "[+{}+]", "removed": "[-{}-]"}
            runs = bench.definitions.diff(name, diff, view.revision.number)
            Out.print("".join(marks[change].format(text) for change, text in runs), markup=False)
            return
        Out.print(f"Definition {view.revision.number} of {view.revisions}, by {view.revision.author}")
        Out.print(view.revision.definition.as_text(), markup=False)
        Out.print(f"\n{view.candidates:,} candidates, {view.labels.annotated:,} labelled by the machine")
        Out.print(f"Your answers to train on: {_counts(view.labels.train)}")
        Out.print(f"Your answers to measure with: {_counts(view.labels.evaluation)}")
        if view.conflicts:
            Out.print(f"{len(view.conflicts)} pictures where people disagree: {', '.join(view.conflicts)}")
        for head in view.heads:
            Out.print(f"Version {head.number}: {head.kind}, yes from {head.threshold:.2f}")

    _print(view, as_json, human)


@concept.command("mine")
def concept_mine(
    name: Name,
    size: Annotated[int, typer.Option(min=1, help="How many pictures the pool shall hold.")] = 1000,
    as_json: Json = False,
) -> None:
    """Search the library for pictures worth looking at: likely ones, look-alikes and random ones."""
    result = _workbench().definitions.mine(name, size=size)

    def human() -> None:
        Out.print(f"{result.added:,} pictures added, {result.candidates:,} in the pool.")
        _table(("pictures", "brought by"), [(count, query) for query, count in result.per_query.items()])

    _print(result, as_json, human)


@concept.command("annotate")
def concept_annotate(
    name: Name,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many pictures.")] = None,
    budget: Annotated[float | None, typer.Option(min=0, help="Stop before this many US dollars.")] = None,
    annotator: Annotated[
        str,
        typer.Option(
            help=f"Who labels: {', '.join([AUTO, *ANNOTATORS])}. auto takes the vision-language model where "
            "one is set, else the built-in annotator."
        ),
    ] = AUTO,
    as_json: Json = False,
) -> None:
    """Let the machine label the pool, with a reason for each picture."""
    with _Bar("Annotating") as listener:
        result = _workbench().answers.annotate(
            name, limit=limit, budget=budget, annotator=annotator, listener=listener
        )

    def human() -> None:
        Out.print(f"{result.annotated:,} pictures labelled by {result.annotator}.")
        Out.print("  ".join(f"{rating}: {count:,}" for rating, count in sorted(result.ratings.items())))
        if result.calls:
            cost = "unknown (no price is set)" if result.cost_usd is None else f"${result.cost_usd:.4f}"
            Out.print(f"{result.calls:,} calls, cost {cost}.")
        for failure in result.failed[:10]:
            Out.print(f"  not labelled: {failure['id'][:12]}: {failure['reason']}", markup=False)
        if result.stopped:
            Out.print(result.stopped, markup=False)

    _print(result, as_json, human)


@labels.command("import")
def labels_import(
    name: Name,
    file: Annotated[Path, typer.Argument(help="CSV or JSONL: path or id, label, perhaps author and split.")],
    author: Annotated[str, typer.Option(help="Who answered, where the file does not say.")] = "me",
    simulated: Annotated[
        bool, typer.Option("--simulated", help="No person answered: say so wherever these answers appear.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Take answers from a file. Answers that stand already change nothing."""
    report = _workbench().answers.import_labels(name, file, author=author, simulated=simulated)

    def human() -> None:
        Out.print(f"{report['imported']:,} answers taken, {report['unchanged']:,} were there already.")
        if report["kept_for_evaluation"]:
            Out.print(
                f"{report['kept_for_evaluation']:,} of them are about pictures kept for measuring: "
                "they measure and don't train."
            )
        if report["kept_for_training"]:
            Out.print(
                f"{report['kept_for_training']:,} can't measure, because these pictures or near-duplicates "
                "have been used for training: they train."
            )
        for row in report["bad_rows"][:20]:
            Out.print(f"  row {row['row']} left out: {row['reason']}", markup=False)
        if len(report["bad_rows"]) > 20:
            Out.print(f"  and {len(report['bad_rows']) - 20:,} more rows (--json lists all)")

    _print(report, as_json, human)


@labels.command("export")
def labels_export(
    name: Name,
    out: Annotated[
        Path | None, typer.Option(help="A .csv or .jsonl file; without it, CSV is printed.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write every standing answer: people's and the machine's, with authors and comments."""
    bench = _workbench()
    if out is None:
        rows = bench.answers.label_rows(name)
        _print(rows, True, lambda: None) if as_json else _write_csv(rows)
        return
    count = bench.answers.export_labels(name, out)
    _print({"rows": count, "out": str(out)}, as_json, lambda: Out.print(f"{count:,} answers in {out}"))


@labels.command("undo")
def labels_undo(
    name: Name,
    author: Annotated[str, typer.Option(help="Whose answer.")] = "me",
    count: Annotated[int, typer.Option(min=1, help="How many of the last answers.")] = 1,
    as_json: Json = False,
) -> None:
    """Take back the last answers. They stay in the log; the answer before them counts again."""
    undone = _workbench().answers.undo(name, author=author, count=count)
    _print(undone, as_json, lambda: Out.print(f"{len(undone)} answers taken back."))


@concept.command("next")
def concept_next(
    name: Name,
    n: Annotated[int, typer.Option(min=1, help="How many pictures.")] = 5,
    evaluation: Annotated[
        bool, typer.Option("--evaluation", help="Pictures kept for measuring instead of for training.")
    ] = False,
    as_json: Json = False,
) -> None:
    """The most useful pictures to answer now. Answer them with: concept labels import."""
    pictures = _workbench().answers.next_pictures(name, n, purpose="evaluation" if evaluation else "train")

    def human() -> None:
        _table(
            ("id", "why", "how sure", "path"),
            [
                (p.id[:12], p.reason, "" if p.probability is None else f"{p.probability:.2f}", p.path)
                for p in pictures
            ],
        )

    _print(pictures, as_json, human)


@concept.command("train")
def concept_train(
    name: Name,
    target: Annotated[
        str, typer.Option(help="What the threshold is for: f1, precision=0.9 or recall=0.9.")
    ] = "f1",
    head: Annotated[
        str, typer.Option(help=f"How it learns: {', '.join(HEADS)}. auto takes what suits the answers.")
    ] = "auto",
    as_json: Json = False,
) -> None:
    """Train a new version from all answers. Older versions are kept."""
    result = _workbench().versions.train(name, target=target, head=head)

    def human() -> None:
        Out.print(f"Version {result.number} trained ({result.kind}); yes from {result.threshold:.2f}.")
        for note in result.notes:
            Out.print(f"  {note}", markup=False)

    _print(result, as_json, human)


@concept.command("evaluate")
def concept_evaluate(
    name: Name,
    version: Annotated[int | None, typer.Option(help="An older version; without it, the newest.")] = None,
    plots: Annotated[Path | None, typer.Option(help="A folder for the plots and figures.")] = None,
    as_json: Json = False,
) -> None:
    """Measure a version on the pictures kept for that, beside what simpler ways reach."""
    report = _workbench().versions.evaluate(name, version=version, plots=plots)

    def human() -> None:
        for sentence in report.sentences:
            Out.print(sentence, markup=False)
        _table(("way", "average precision", "95 %", "n"), _comparison(report))
        _table(("figure", "value", "95 %", "n"), [_figure(m) for m in report.metrics])

    _print(report, as_json, human)


@concept.command("export")
def concept_export(
    name: Name,
    out: Annotated[Path, typer.Option(help="The folder to write; a zip is put beside it.")],
    version: Annotated[int | None, typer.Option(help="An older version; without it, the newest.")] = None,
    as_json: Json = False,
) -> None:
    """Write the classifier as files that run anywhere."""
    result = _workbench().versions.export(name, out, version=version)
    _print(result, as_json, lambda: Out.print(f"Version {result.head} is in {result.folder}, and as a zip."))


@app.command("score")
def score(
    bundle: Annotated[Path, typer.Argument(help="An exported folder or zip.")],
    out: Annotated[Path, typer.Option(help="A .csv or .parquet file.")],
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Folders, files, zips or lists; without any, the library.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Score new pictures, or the whole library, with an exported classifier."""
    with _Bar("Scoring") as listener:
        result = _workbench().versions.score(bundle, paths or [], out, listener=listener)
    _print(
        result,
        as_json,
        lambda: Out.print(
            f"{result.rows:,} pictures in {result.out}: {result.yes:,} yes, {result.skipped:,} skipped."
        ),
    )


@app.command("jobs")
def jobs(
    cancel: Annotated[int | None, typer.Option(help="Cancel this job.")] = None,
    retry: Annotated[int | None, typer.Option(help="Run this failed or cancelled job again now.")] = None,
    as_json: Json = False,
) -> None:
    """Long work: what runs, what waits, what happened."""
    bench = _workbench()
    if cancel is not None:
        bench.jobs.store.cancel(cancel)
    if retry is not None:
        with _Bar("Trying again") as listener:
            bench.installation.retry_job(retry, listener=listener)
    found = bench.jobs.store.recent()

    def human() -> None:
        _table(
            ("job", "what", "state", "done", "seconds", "message"),
            [
                (
                    job.id,
                    job.kind,
                    job.state,
                    f"{job.done:,}" + (f" of {job.total:,}" if job.total else ""),
                    "" if job.seconds is None else f"{job.seconds:.0f}",
                    job.error or job.message,
                )
                for job in found
            ],
        )

    _print([vars(job) for job in found], as_json, human)


@app.command("log")
def log_file() -> None:
    """Print what went wrong, to attach to a bug report: JSON lines, without keys and passwords."""
    sys.stdout.buffer.write(_workbench().installation.log())


@app.command("backup")
def backup(
    file: Annotated[Path, typer.Argument(help="The zip to write.")],
    thumbnails: Annotated[
        bool, typer.Option("--thumbnails", help="With the small pictures, which can also be made again.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write everything that can't be made again into one zip, also while the app runs.

    The pictures themselves, keys and passwords are not in it. README.txt in the zip says how to restore.
    """
    partial = file.with_name(f".{file.name}.partial")
    try:
        with partial.open("wb") as out:
            for piece in _workbench().installation.backup(thumbnails=thumbnails):
                out.write(piece)
        partial.replace(file)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise DiscernError(f"{file} can't be written: {error.strerror or error}.") from error
    size = file.stat().st_size
    _print({"file": str(file), "bytes": size}, as_json, lambda: Out.print(f"{size / 1e6:,.1f} MB in {file}"))


@users.command("add")
def users_add(
    name: Annotated[str, typer.Argument(help="It is written beside the answers this person gives.")],
    password: Annotated[
        str,
        typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for if left out."),
    ],
    as_json: Json = False,
) -> None:
    """Let someone log in to the app, or give them a new password. From then on everyone has to log in."""
    from concepts.installation.users import Users

    Users(load_settings()).set(name, password)
    _print({"user": name}, as_json, lambda: Out.print(f"{name} can log in.", markup=False))


@users.command("remove")
def users_remove(
    name: Annotated[str, typer.Argument(help="Whose login ends now. Their answers stay.")],
    as_json: Json = False,
) -> None:
    """Take a login away."""
    from concepts.installation.users import Users

    Users(load_settings()).remove(name)
    _print({"user": name}, as_json, lambda: Out.print(f"{name} can't log in any more.", markup=False))


@app.command("demo")
def demo(
    pictures: Annotated[
        Path | None, typer.Option(help="The sample pictures' folder; without it, they are fetched.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the exported classifier goes.")] = Path("dist/demo"),
    as_json: Json = False,
) -> None:
    """The whole job on the sample pictures, with simulated answers from the folders they are in."""
    from concepts.demo import run_demo

    def say(line: str) -> None:
        if not as_json:
            Out.print(line, markup=False, highlight=False, soft_wrap=True)

    result = run_demo(_workbench(), pictures=pictures, out=out, say=say)
    _print(result, as_json, lambda: None)


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {value}" for value, count in counts.items() if count) or "none yet"


def _figure(metric: Metric) -> tuple[str, str, str, Any]:
    name = metric.name.replace("_", " ")
    if metric.value is None:
        return name, "too few", metric.note, metric.n
    return name, f"{metric.value:.3f}", f"{metric.low:.3f} to {metric.high:.3f}", metric.n


def _comparison(report: EvaluationReport) -> Iterable[tuple[str, str, str, Any]]:
    ways = [("this version", report.metrics)] + [(b.name, b.metrics) for b in report.baselines]
    for name, metrics in ways:
        metric = next((m for m in metrics if m.name == "average_precision"), None)
        if metric:
            yield name, *_figure(metric)[1:]


def _write_csv(rows: Sequence[dict[str, Any]]) -> None:
    import csv

    from concepts.labels.files import LABEL_COLUMNS

    writer = csv.DictWriter(sys.stdout, LABEL_COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
