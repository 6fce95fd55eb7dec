"""The frame around every screen: the rail that says where you are, and the page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import gradio as gr

from concepts.workbench import Workbench
from web.live import author_of, concept_of, live
from web.render import render

PLACE = "the rail of whoever opens it"


@dataclass(frozen=True)
class Screen:
    """A page of the app. `step` numbers the journey of a concept; screens without one stand apart."""

    title: str
    path: str  # "/" or "/label"
    icon: str
    build: Callable[[Workbench, gr.Blocks], None]
    step: int | None = None
    of_concept: bool = False  # beside the journey: shown where there is a concept
    of_several: bool = False  # about all concepts together: shown once there is one
    aside: bool = False  # at the rail's foot
    part_of: str = ""  # where it is no step, the path of the one that leads to it


@contextmanager
def frame() -> Iterator[None]:
    """Each page comes with its rail already: `with_rail`."""
    with gr.Row(elem_classes="workbench"):
        with gr.Column(elem_classes="rail-column", scale=0):
            live("rail", value=PLACE)
        with gr.Column(elem_classes="page"):
            yield


def with_rail(page: bytes, rail: str) -> bytes:
    """A page as Gradio makes it, which has what is shown first as JSON in a script, with this rail."""
    return page.replace(_in_script(PLACE), _in_script(rail), 1)


def _in_script(text: str) -> bytes:
    said = json.dumps(text)
    for sign in "<>&'":
        said = said.replace(sign, f"\\u{ord(sign):04x}")
    return said.encode()


def rail(workbench: Workbench, screens: Sequence[Screen], current: Screen, request: gr.Request) -> str:
    named = concept_of(request)
    concept = workbench.concepts.name_now(named) or named if named else None
    first = next(i for i, screen in enumerate(screens) if screen.step)
    journey = workbench.concepts.steps(concept) if concept else None
    steps = [s for s in screens if s.step and (s.title in journey.names if journey else not s.part_of)]
    at = current
    if current.part_of and current not in steps:
        at = next(screen for screen in screens if screen.path == current.part_of)
    names = list(workbench.concepts.scales())
    return render(
        "rail.html",
        concept=concept,
        concepts=names if concept or current.path != "/" else [],  # Start has them all
        place_of_others=current.path if current.path != "/" else "/define",
        current=at,
        before=screens[:first],
        steps=steps,
        aside=[s for s in screens if s.aside],
        protection=workbench.protection.on_page(author_of(request), concept),
        after=[s for s in screens if s.of_concept] if concept else [],
        together=[s for s in screens if s.of_several and (names or s is current)],
        done=journey.done if journey else frozenset(),
        pictures=workbench.library.count(),
        here=not workbench.context.settings.store,
        sandbox=request.state.sandbox,
    )
