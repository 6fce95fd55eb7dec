"""The rail beside every screen, which says where you are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fastapi import Request

from concepts.workbench import Workbench
from web.http.guard import author_of
from web.page import WebPage, concept_of
from web.render import render


@dataclass(frozen=True)
class Screen:
    """A page of the app. `step` numbers the journey of a concept; screens without one stand apart."""

    title: str
    path: str  # "/" or "/label"
    icon: str
    build: Callable[[Workbench, WebPage], None]
    step: int | None = None
    of_concept: bool = False  # beside the journey: shown where there is a concept
    of_several: bool = False  # about all concepts together: shown once there is one
    aside: bool = False  # at the rail's foot
    part_of: str = ""  # where it is no step, the path of the one that leads to it


def rail(workbench: Workbench, screens: Sequence[Screen], current: Screen, request: Request) -> str:
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
