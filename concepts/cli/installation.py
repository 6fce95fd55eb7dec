"""The installation: its settings, users, jobs, costs, audit and backup."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from concepts.cli.declared import shows
from concepts.cli.groups import app, users
from concepts.cli.output import dump, say, show, table
from concepts.cli.parameters import Json, opened
from storage.disk import told
from storage.files import open_private

if TYPE_CHECKING:
    from concepts.installation.activity import (
        About,
        CallSum,
        CallTotalView,
        DeedView,
        JobView,
        ModelCosts,
    )
    from concepts.installation.endpoint import EndpointReport


Setting = Annotated[
    Literal[
        "openai_base_url", "openai_api_key", "llm_model", "vlm_model", "large_vlm_model", "critic_model",
        "llm_price", "vlm_price", "large_vlm_price", "critic_price", "prices", "model_concurrency",
        "reasoning_effort", "answer_tokens", "picture_side", "picture_detail", "request_timeout",
        "request_fields",
    ] | None,
    typer.Argument(help="Which setting."),
]  # fmt: skip


@app.command("settings")
def settings(
    name: Setting = None,
    value: Annotated[
        str | None, typer.Argument(help="The new value; an empty one takes the setting away.")
    ] = None,
    as_json: Json = False,
) -> None:
    """How the model endpoint is set. What it can do: discern system test-endpoint.

    With NAME and VALUE one setting changes, from the next call on. VALUE is asked for, unseen, if left out.
    The key itself is never told.
    """
    from concepts.installation.jobs import endpoint_settings, save_endpoint_settings

    app = opened()
    if name is not None:
        if value is None:
            value = typer.prompt(name, default="", hide_input=True, show_default=False, err=True)
        view = save_endpoint_settings(app, {name: value})
    else:
        view = endpoint_settings(app)
    if as_json:
        dump(view)
        return
    values = {**view.model_dump(), "openai_api_key": "set, and never told" if view.has_key else None}
    rows = [
        (name, "" if value is None else value, "set by the environment" if name in view.fixed else "")
        for name, value in values.items()
        if name not in ("fixed", "has_key")
    ]
    table(("", "", ""), rows)


@shows("examine_endpoint")
def _endpoint(report: EndpointReport) -> None:
    from concepts.installation.endpoint import about_endpoint, about_models  # brings the database

    marks = {"good": "+", "note": "·", "bad": "!"}
    for found in about_endpoint(report):
        say(f"{marks[found.mark]} {found.says}")
    for about in about_models(report):
        say(f"\n{about.model} ({about.does})")
        for found in about.findings:
            say(f"{marks[found.mark]} {found.says} {found.follows}".rstrip())
    if not report.answers:
        say("· No model is named yet.")


JOB_COLUMNS = ("job", "what", "concept", "state", "done", "seconds", "cost", "message")


@shows("list_jobs")
def _jobs(jobs: Sequence[JobView]) -> None:
    table(JOB_COLUMNS, map(_job_row, jobs))


@shows("job_state")
@shows("cancel_job")
def _job(one: JobView) -> None:
    table(("", ""), [*zip(JOB_COLUMNS, _job_row(one), strict=True), *(one.result or {}).items()])


def _job_row(job: JobView) -> tuple[Any, ...]:
    done = f"{job.done:,}" + (f" of {job.total:,}" if job.total else "")
    seconds = "" if job.seconds is None else f"{job.seconds:.0f}"
    cost = _dollars(job.cost_usd) or (f"{job.calls:,} calls" if job.calls else "")
    return job.id, job.kind, job.concept, job.state, done, seconds, cost, job.error or job.message


@shows("model_costs")
def _costs(costs: ModelCosts) -> None:
    from concepts.installation.activity import call_sums  # brings the database

    calls = [
        (
            f"{c.created:%Y-%m-%d %H:%M}",
            c.purpose,
            c.model,
            c.outcome,
            (c.tokens_in or 0) + (c.tokens_out or 0),
            _dollars(c.cost_usd),
            c.error,
        )
        for c in costs.calls
    ]
    table(("when", "for", "model", "outcome", "tokens", "cost", "error"), calls)
    say("")
    totals = costs.totals
    rows = [(c.concept or "", c.purpose, c.model, *_figures(c)) for c in totals]
    table(("concept", "for", "model", *FIGURES), rows)
    for by in ("concept", "purpose", "model"):
        say("")
        table((f"by {by}", *FIGURES), [(s.name or "(none)", *_figures(s)) for s in call_sums(totals, by)])
    cost = _cost(sum(c.cost_usd for c in totals), sum(c.unpriced for c in totals))
    say(f"\nIn all {sum(c.calls for c in totals):,} calls, {cost}.")


FIGURES = ("calls", "answered", "unpriced", "tokens", "cost")


def _figures(one: CallTotalView | CallSum) -> tuple[int | str, ...]:
    cost = _cost(one.cost_usd, one.unpriced)
    return one.calls, one.answered, one.unpriced, one.tokens_in + one.tokens_out, cost


def _cost(usd: float, unpriced: int) -> str:
    return "no price set" if unpriced and not usd else _dollars(usd)


@shows("about_installation")
def _about(view: About) -> None:
    size, free = f"{view.database_bytes / 1e6:,.1f} MB", f"{view.free_bytes / 1e9:,.1f} GB free"
    rows = [("Discern", view.version), ("Data folder", f"{view.home} (database {size}, {free})")]
    table(("", ""), [*rows, ("Python", view.python), *view.packages.items()])


@shows("list_deeds")
def _deeds(found: Sequence[DeedView]) -> None:
    rows = [(f"{d.created:%Y-%m-%d %H:%M}", d.who, d.address, d.what, d.about) for d in found]
    table(("when", "who", "from", "what", "about"), rows)


@app.command("backup")
def backup(
    file: Annotated[Path, typer.Argument(help="The zip to write.")],
    thumbnails: Annotated[
        bool, typer.Option("--thumbnails", help="With the small pictures, which can also be made again.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write everything that can't be made again into one zip, also while the app runs. Only you can read it.

    The pictures themselves are not in it, nor keys and passwords. README.txt in the zip says how to restore
    it, and what to enter again.
    """
    from concepts.installation.jobs import backup_of
    from storage.backup import uploads_left_out  # brings the database

    partial = file.with_name(f".{file.name}.partial")
    app = opened()
    pieces = backup_of(app, thumbnails=thumbnails)
    try:
        with told(file):
            partial.unlink(missing_ok=True)
            with open_private(partial) as out:
                for piece in pieces:
                    out.write(piece)
            partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    size = file.stat().st_size
    said = [
        f"{size / 1e6:,.1f} MB in {file}, without the pictures themselves.",
        uploads_left_out(app.settings.home),
    ]
    show({"file": str(file), "bytes": size}, as_json, "\n".join(filter(None, said)))


@users.command("add")
def users_add(
    name: Annotated[str, typer.Argument(help="It is written beside the labels this person gives.")],
    password: Annotated[
        str | None,
        typer.Option(help="Asked for if left out, unless only the role of a known person changes."),
    ] = None,
    role: Annotated[
        Literal["owner", "labeller", "viewer"] | None,
        typer.Option(help="Without it the first is an owner, others are labellers, and who is there stays."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Let someone log in to the app, or give them another password or role. From then on everyone has to log
    in.

    An owner may do everything, a labeller labels and comments, a viewer sees and downloads.
    """
    from concepts.installation.users import ADDED, Users, role_of  # brings the settings
    from concepts.settings import load_settings

    known, wanted = Users(load_settings()), role_of(role) if role else None
    if password is None and wanted is not None and name in known.records():
        known.set_role(name, wanted)
        given = wanted.word
        _note("changed a role", f"{name} ({given})")
    else:
        if password is None:
            password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        given = known.set(name, password, wanted).word
        _note(ADDED, f"{name} ({given})")
    show({"user": name, "role": given}, as_json, f"{name} can log in, as {given}.")


@users.command("list")
def users_list(as_json: Json = False) -> None:
    """Who can log in, and what they may do."""
    from concepts.installation.users import Users  # brings the settings
    from concepts.settings import load_settings

    found = [{"user": n, "role": u.role.word} for n, u in sorted(Users(load_settings()).records().items())]
    show(found, as_json, lambda users: table(("name", "role"), [(u["user"], u["role"]) for u in users]))


@users.command("remove")
def users_remove(
    name: Annotated[str, typer.Argument(help="Whose login ends now. Their labels stay.")],
    as_json: Json = False,
) -> None:
    """Take a login away. Without the last one nobody has to log in any more."""
    from concepts.installation.users import LAST_REMOVED, Users  # brings the settings
    from concepts.settings import load_settings

    known = Users(load_settings())
    known.remove(name)
    left = known.records()
    _note("removed a user" if left else LAST_REMOVED, name)
    last = "" if left else " Nobody has to log in any more: whoever opens Discern is an owner."
    show({"user": name}, as_json, f"{name} can't log in any more.{last}")


def _note(what: str, about: str) -> None:
    opened().audit.add("command line", what, about)


def _dollars(cost: float | None) -> str:
    return "" if cost is None else f"${cost:.4f}"
