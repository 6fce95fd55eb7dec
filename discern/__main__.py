"""The command `discern`, also `python -m discern`: the command line, and the app."""

from __future__ import annotations

from concepts.cli import app, main


@app.command("run")
def run() -> None:
    """Serve the app at http://127.0.0.1:7860, or where DISCERN_HOST and DISCERN_PORT say."""
    from app import main as serve  # Gradio takes seconds to import, which no other command needs

    serve()


if __name__ == "__main__":
    main()
