"""The app in a notebook: `discern.show("data")`."""

from __future__ import annotations

from pathlib import Path

from concepts.settings import load_settings

# Pages that may show the app in a frame: Jupyter's on this computer, at whatever port, and an editor's.
NOTEBOOKS = "http://localhost:* http://127.0.0.1:* vscode-webview:"


def show(home: str | Path | None = None, *, height: int = 900) -> str:
    """Shows the app over a data folder below the cell, and returns its address. It ends with the notebook.

    `home`: without it the usual data folder. Raises `DiscernError`.
    """
    from app import page

    named = {} if home is None else {"home": Path(home).expanduser().absolute()}
    shown = page(load_settings(framed_by=NOTEBOOKS, **named))
    _, address, _ = shown.launch(inline=True, height=height, prevent_thread_lock=True, quiet=True)
    return str(address)
