"""The frame around every screen: the rail that says where you are, and the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import gradio as gr

from concepts.workbench import Workbench
from web.live import concept_of, live, on_load
from web.markup import escape, icon, url


@dataclass(frozen=True)
class Screen:
    """A page of the app. `step` numbers the journey of a concept; screens without one stand apart."""

    title: str
    path: str  # "/" or "/label"
    icon: str
    build: Callable[[Workbench, gr.Blocks], None]
    step: int | None = None


@contextmanager
def frame(
    workbench: Workbench, screens: Sequence[Screen], current: Screen, blocks: gr.Blocks
) -> Iterator[None]:
    with gr.Row(elem_classes="workbench"):
        with gr.Column(elem_classes="rail-column", scale=0):
            rail = live("rail")
        with gr.Column(elem_classes="page"):
            yield
    on_load(blocks, lambda request: _rail(workbench, screens, current, request), rail)


def _rail(workbench: Workbench, screens: Sequence[Screen], current: Screen, request: gr.Request) -> str:
    concept = concept_of(request)
    done = workbench.definitions.steps_done(concept) if concept else set()
    info = workbench.pictures.library_info()
    steps = "".join(_step(s, current, concept, s.title in done) for s in screens if s.step)
    first = next(i for i, screen in enumerate(screens) if screen.step)
    before = "".join(_place(s, current, concept) for s in screens[:first])
    after = "".join(_place(s, current, concept) for s in screens[first:] if not s.step)
    name = f'<div class="concept" title="{escape(concept)}">{escape(concept)}</div>' if concept else ""
    return (
        f'<nav class="rail" aria-label="Steps" data-concept="{escape(concept or "")}">'
        f'<div class="brand">Discern</div>{before}{name}<div class="steps">{steps}</div>{after}'
        f'<div class="foot">{info.pictures:,} pictures<br>on this computer</div></nav>'
    )


def _step(screen: Screen, current: Screen, concept: str | None, done: bool) -> str:
    here = ' aria-current="step"' if screen is current else ""
    mark = "✓" if done else str(screen.step)
    state = "done" if done else ""
    said = '<span class="visually-hidden">, done</span>' if done else ""
    return (
        f'<a class="{state}" href="{url(screen.path, concept)}"{here}>'
        f'<span class="n" aria-hidden="true">{mark}</span>{escape(screen.title)}{said}</a>'
    )


def _place(screen: Screen, current: Screen, concept: str | None) -> str:
    here = ' aria-current="page"' if screen is current else ""
    address = url(screen.path, None if screen.path == "/" else concept)
    return f'<a href="{address}"{here}>{icon(screen.icon)}{escape(screen.title)}</a>'
