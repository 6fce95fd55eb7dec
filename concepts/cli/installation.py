"""The installation: `discern settings`, `users`, `calls`, `costs`, `about`, `backup` and `demo`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from concepts.cli.groups import Json, app, users, workbench
from concepts.cli.output import say, show
from concepts.errors import DiscernError


@app.command("log")
def log_file() -> None:
    """Print what went wrong, to attach to a bug report: JSON lines, without keys and passwords."""
    sys.stdout.buffer.write(workbench().installation.log())


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
            for piece in workbench().installation.backup(thumbnails=thumbnails):
                out.write(piece)
        partial.replace(file)
    except OSError as error:
        raise DiscernError(f"{file} can't be written: {error.strerror or error}.") from error
    finally:
        partial.unlink(missing_ok=True)
    size = file.stat().st_size
    show({"file": str(file), "bytes": size}, as_json, lambda: say(f"{size / 1e6:,.1f} MB in {file}"))


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
    from concepts.installation.users import Users  # brings the settings
    from concepts.settings import load_settings

    Users(load_settings()).set(name, password)
    show({"user": name}, as_json, lambda: say(f"{name} can log in."))


@users.command("remove")
def users_remove(
    name: Annotated[str, typer.Argument(help="Whose login ends now. Their answers stay.")],
    as_json: Json = False,
) -> None:
    """Take a login away."""
    from concepts.installation.users import Users  # brings the settings
    from concepts.settings import load_settings

    Users(load_settings()).remove(name)
    show({"user": name}, as_json, lambda: say(f"{name} can't log in any more."))


@app.command("demo")
def demo(
    pictures: Annotated[
        Path | None, typer.Option(help="The sample pictures' folder; without it, they are fetched.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the exported classifier goes.")] = Path("dist/demo"),
    as_json: Json = False,
) -> None:
    """The whole job on the sample pictures, with simulated answers from the folders they are in."""
    from concepts.demo import run_demo  # brings the Workbench

    result = run_demo(workbench(), pictures=pictures, out=out, say=(lambda _: None) if as_json else say)
    show(result, as_json, lambda: None)
