"""The library: what is in it, and search by words."""

from __future__ import annotations

from html import escape
from pathlib import PurePath

import gradio as gr

from concepts.errors import DiscernError
from concepts.workbench import Workbench

PAGE = 48


def build(workbench: Workbench) -> None:
    """Adds the screen to the Blocks it is called in."""
    gr.HTML(lambda: _summary(workbench), elem_id="library-summary")
    with gr.Row(equal_height=True):
        words = gr.Textbox(
            label="Search by words",
            placeholder="for example: a ripe tomato",
            scale=5,
            elem_id="search-words",
        )
        button = gr.Button("Search", variant="primary", scale=1)
    found = gr.HTML(lambda: _newest(workbench), elem_id="search-results")
    for event in (words.submit, button.click):
        event(lambda text: _search(workbench, text), words, found, api_visibility="private", queue=False)


def _summary(workbench: Workbench) -> str:
    info = workbench.library_info()
    if not info.pictures:
        return (
            "<h1>Library</h1><p>There are no pictures yet. Add a folder from the command line: "
            "<code>python -m concepts library add FOLDER</code>, then reload this page.</p>"
        )
    skipped = f", {info.bad_files:,} files skipped" if info.bad_files else ""
    return (
        f"<h1>Library</h1><p>{info.pictures:,} pictures, "
        f"{info.near_duplicates:,} near-duplicates{skipped}.</p>"
        f"<p>{escape(info.encoder_note)}</p>"
    )


def _newest(workbench: Workbench) -> str:
    pictures = workbench.newest(PAGE)
    return _grid([(picture.id, _name(picture.path)) for picture in pictures])


def _search(workbench: Workbench, text: str) -> str:
    if not text.strip():
        return _newest(workbench)
    try:
        hits = workbench.search(text, n=PAGE)
    except DiscernError as error:
        return f'<p role="alert">{escape(str(error))}</p>'
    return _grid([(hit.id, f"{_name(hit.path)} ({hit.score:.2f})") for hit in hits])


def _grid(pictures: list[tuple[str, str]]) -> str:
    tiles = "".join(
        f'<li><img loading="lazy" src="/media/thumbnail/{picture_id}" alt="{escape(name)}">'
        f"<span>{escape(name)}</span></li>"
        for picture_id, name in pictures
    )
    return f'<ul class="picture-grid" aria-label="Pictures">{tiles}</ul>'


def _name(path: str) -> str:
    return PurePath(path).name
