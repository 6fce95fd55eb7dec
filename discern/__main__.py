"""The command `discern`, also `python -m discern`: the command line, and the app."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import discern.laboratory  # noqa: F401  # for the commands it adds
from concepts.cli import app, main
from concepts.cli.parameters import Author, must_exist


@app.command("run")
def run() -> None:
    """Serve the app at http://127.0.0.1:7860, or where DISCERN_HOST and DISCERN_PORT say."""
    from app import main as serve  # Gradio takes seconds to import, which no other command needs

    serve()


@app.command("serve")
def serve_bundles(
    bundles: Annotated[list[Path], typer.Argument(metavar="BUNDLE", help="Exported folders or zips.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 7862,
    host: Annotated[
        str, typer.Option(help="Others than this computer's need DISCERN_SCORER_TOKEN.")
    ] = "127.0.0.1",
    host_name: Annotated[
        list[str] | None, typer.Option(help="A name it may be called by; may be repeated.")
    ] = None,
    digest: Annotated[
        list[str] | None,
        typer.Option(metavar="D", help="Serve only bundles with these digests, one each."),
    ] = None,
) -> None:
    """Answer for exported classifiers over HTTP: pictures in, JSON out, without a library."""
    for bundle in bundles:
        must_exist(bundle)
    from web.scorer.app import serve

    serve(bundles, host=host, port=port, names=host_name or [], digests=digest or [])


@app.command("mcp")
def mcp(
    http: Annotated[
        bool, typer.Option("--http", help="Over HTTP, behind the same login as the app, not standard input.")
    ] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of HTTP; the host is DISCERN_HOST.")] = 7861,
    author: Author = "me",
    role: Annotated[
        str, typer.Option(help="What it may do, not over HTTP: owner, labeller or viewer.")
    ] = "owner",
) -> None:
    """Serve the tools for assistants (Model Context Protocol) on standard input and output, or over HTTP."""
    from discern.assistants import over_http, over_stdio  # the whole app

    if http:
        over_http(port)
    else:
        over_stdio(author, role)


if __name__ == "__main__":
    main()
