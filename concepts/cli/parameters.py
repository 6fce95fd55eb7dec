"""The parameters that many commands share, and the data folder that they open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from concepts.errors import DiscernError

if TYPE_CHECKING:
    from concepts.use_cases import App

Json = Annotated[bool, typer.Option("--json", help="Print one JSON value, for programs.")]
Name = Annotated[str, typer.Argument(help="The concept's name.", metavar="NAME")]
Version = Annotated[int | None, typer.Option(min=1, help="An older trained version; without it, the newest.")]
Author = Annotated[str, typer.Option(help="Who says so.")]
Most = Annotated[int, typer.Option("--n", min=1, help="At most how many.")]
Skip = Annotated[int, typer.Option(min=0, help="How many to pass over first.")]


Format = Annotated[
    str, typer.Option("--format", help="Which one it is, where that can't be seen: {formats}.")
]
Simulated = Annotated[
    bool, typer.Option("--simulated", help="No person gave these labels: say so wherever they appear.")
]
Budget = Annotated[float | None, typer.Option(min=0, help="Stop before this many US dollars.")]


def with_methods(help: str) -> str:
    """A help text with the names of what is registered in place of {formats} and {written}."""
    if "{" not in help:
        return help
    from concepts.labelling.formats import FORMATS, written_formats  # brings numpy and the database

    return help.format(
        formats=", ".join(FORMATS),
        written=", ".join(written_formats()),
    )


class ChoosingAMethod(TyperCommand):
    """A command whose help names what is registered, found out when somebody asks for it."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        for param in self.params:
            param.help = with_methods(getattr(param, "help", None) or "")  # type: ignore[attr-defined]
        super().format_options(ctx, formatter)


def must_exist(file: Path) -> None:
    """Raises `DiscernError` before anything that takes long is begun."""
    if not file.exists():
        raise DiscernError(f"There is no file or folder {file}. Check the spelling.")


def must_not_exist(file: Path | None) -> None:
    """Raises `DiscernError` before anything that takes long is begun."""
    if file and file.exists():
        raise DiscernError(f"{file} is there already. Import what is in it first, or choose another name.")


def opened(*, repair: bool = False) -> App:
    """Opens the data folder that the environment names; for a `repair` after the newest copy was put in the
    place of a damaged database."""
    from concepts.installation.jobs import keep_log
    from concepts.rooms import open_app
    from concepts.settings import load_settings

    settings = load_settings()
    if repair:
        from storage.restoring import restore  # with SQLAlchemy

        if restored := restore(settings.database):
            copied = f"the copy of {restored.copied:%Y-%m-%d %H:%M}" if restored.copied else "a new database"
            said = [
                f"The database was damaged. {copied.capitalize()} is in its place, with {restored.labels:,} "
                "labels from the journal.",
                "Add pictures that came since again, and train again.",
                f"The damaged file was kept as {restored.kept}.",
            ]
            if restored.unreadable:
                said.append(f"{restored.unreadable:,} lines of the journal can't be read.")
            typer.echo(" ".join(said), err=True)
    app = open_app(settings)
    keep_log(app)
    app.database.keep_daily_copy()
    return app
