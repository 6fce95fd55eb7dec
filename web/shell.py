"""The rail beside every screen, which says where you are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fastapi import Request

from concepts.workbench import Workbench
from concepts.workbench.protection import OnPage
from web.http.roles import ANY_OTHER, rule_of, why_not
from web.page import WebPage, concept_of
from web.render import render


@dataclass(frozen=True)
class Screen:
    """A page of the app. `step` numbers the steps of a concept; screens without one stand apart."""

    title: str
    path: str  # "/" or "/label"
    icon: str
    build: Callable[[Workbench, WebPage], None]
    step: int | None = None
    aside: bool = False  # at the rail's foot
    tab_of: str = ""  # the path of the screen that it is a tab of
    tab: str = ""  # what its tab is called, if not as the screen
    in_tabs: bool = True  # False for a part of it that only its own links lead to


def rail(
    workbench: Workbench, screens: Sequence[Screen], current: Screen, request: Request, protection: OnPage
) -> str:
    named = concept_of(request)
    concept = workbench.concepts.name_now(named) or named if named else None
    names = list(workbench.concepts.scales())
    at = current.tab_of or current.path
    return render(
        "rail.html",
        concept=concept,
        concepts=names if concept or at != "/" else [],  # Home shows them all
        place_of_others=current.path if current.path != "/" else "/describe",
        at=at,
        before=[s for s in screens if not (s.step or s.tab_of or s.aside)],
        steps=[s for s in screens if s.step],
        aside=[s for s in screens if s.aside],
        protection=protection,
        done=workbench.concepts.steps_done(concept) if concept else (),
        pictures=workbench.library.count(),
        here=not workbench.context.settings.store,
        sandbox=request.state.sandbox,
    )


def tabs(screens: Sequence[Screen], current: Screen, request: Request) -> str:
    """Links to the tabs of the screen that this person may open; empty if it has none."""
    at, state = current.tab_of or current.path, request.state
    of_it = [s for s in screens if at in (s.path, s.tab_of) and s.in_tabs]
    found = [s for s in of_it if not why_not(rule_of("GET", s.path) or ANY_OTHER, state.role, state.demo)]
    return render("tabs.html", tabs=found, current=current, concept=concept_of(request)) if found[1:] else ""
