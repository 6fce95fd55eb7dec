"""The library: what is in it, what was skipped, adding pictures, and search."""

from __future__ import annotations

import gradio as gr

from concepts.workbench import Workbench
from web.live import guarded, live, on_event, on_load
from web.markup import chip, empty, file_name, head, pictures

PAGE = 48


def build(workbench: Workbench, blocks: gr.Blocks) -> None:
    top = live("library-head")
    with gr.Row(elem_classes="panel", equal_height=True):
        words = gr.Textbox(
            label="Search by words", placeholder="a ripe tomato", scale=5, elem_id="search-words"
        )
        search = gr.Button("Search", variant="primary", scale=1, elem_classes="btn primary")
    found = live("library-pictures")
    on_load(blocks, lambda request: _head(workbench), top)
    on_load(blocks, lambda request: _newest(workbench), found)
    for event in (words.submit, search.click):
        on_event(event, lambda request, text: _search(workbench, text), [words], found)


def _head(workbench: Workbench) -> str:
    info = workbench.library_info()
    chips = [chip(f"{info.pictures:,} pictures"), chip(f"{info.near_duplicates:,} near-duplicates")]
    if info.bad_files:
        chips.append(chip(f"{info.bad_files:,} files skipped", "maybe"))
    return head("Library", *chips)


def _newest(workbench: Workbench) -> str:
    found = workbench.newest(PAGE)
    if not found:
        return empty("No pictures yet", "Add a folder: python -m concepts library add FOLDER")
    return pictures((p.id, file_name(p.path), "") for p in found)


def _search(workbench: Workbench, text: str) -> str:
    if not text.strip():
        return _newest(workbench)
    return guarded(
        lambda: pictures((h.id, file_name(h.path), f"{h.score:.2f}") for h in workbench.search(text, n=PAGE))
    )
