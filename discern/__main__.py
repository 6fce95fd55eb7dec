"""The command `discern`, also `python -m discern`: the command line, and the app."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from concepts.cli import app, main
from concepts.cli.groups import must_exist


@app.command("run")
def run() -> None:
    """Serve the app at http://127.0.0.1:7860, or where DISCERN_HOST and DISCERN_PORT say."""
    from app import main as serve  # Gradio takes seconds to import, which no other command needs

    serve()


@app.command("serve")
def serve_bundles(
    bundles: Annotated[list[Path], typer.Argument(metavar="BUNDLE", help="Exported folders or zips.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 7861,
    host: Annotated[
        str, typer.Option(help="Others than this computer's need DISCERN_SCORER_TOKEN.")
    ] = "127.0.0.1",
    host_name: Annotated[
        list[str] | None, typer.Option(help="A name it may be called by; may be repeated.")
    ] = None,
) -> None:
    """Answer for exported classifiers over HTTP: pictures in, JSON out, without a library."""
    for bundle in bundles:
        must_exist(bundle)
    from web.scorer.serve import serve

    serve(bundles, host=host, port=port, names=host_name or [])


if __name__ == "__main__":
    main()
