"""Protection: how pictures are shown to a person, and what a concept asks for."""

from __future__ import annotations

from contextlib import suppress
from typing import get_args

from fastapi import Request
from pydantic import ValidationError

from concepts.errors import DiscernError
from concepts.workbench import Workbench
from concepts.workbench.protection import Key, Protection, ShownAs
from web.advice import in_words
from web.http.guard import author_of
from web.page import Action, Shown, WebPage, concept_of
from web.render import render, say, url

KEYS = get_args(Key)
SHOWN_AS = get_args(ShownAs)


def build(workbench: Workbench, page: WebPage) -> None:
    area = page.area("protection")

    def show(request: Request) -> Shown:
        concept, of_concept = workbench.concepts.name_now(concept_of(request) or ""), ""
        with suppress(DiscernError):  # in the trash, so it has no screens now
            of_concept = workbench.concept(concept).protection.get().shown_as if concept else ""
        return {
            area: render(
                "settings/appearance.html",
                own=workbench.protection.of_person(author_of(request)),
                keys=KEYS,
                concept=concept,
                of_concept=of_concept,
                saved=request.query_params.get("saved") == "1",
            )
        }

    def act(action: Action, request: Request) -> Shown:
        """The page is opened anew where something was saved: what protects is said by its first element."""
        concept = concept_of(request)
        try:
            if action.name == "protect":
                shown_as, key = action.fields.get("shown_as", ""), action.fields.get("key", KEYS[0])
                wanted = Protection.model_validate({"shown_as": shown_as, "key": key})
                workbench.protection.prefer(wanted.shown_as, wanted.key, author=author_of(request))
            elif action.name == "protect-concept" and concept:
                chosen = next(one for one in SHOWN_AS if one == action.fields.get("shown_as", ""))
                workbench.concept(concept).protection.set(chosen)
            else:
                return show(request)
        except (ValidationError, StopIteration):
            return {area: say("Not saved. Choose from the list.", "bad") + show(request)[area]}
        except DiscernError as error:
            return {area: say(in_words(error), "bad") + show(request)[area]}
        return {area: render("concept/go.html", address=url("/settings/appearance", concept, saved=1))}

    page.opens = show
    page.on_action(act, area)
