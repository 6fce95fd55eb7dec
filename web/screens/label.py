"""Label: one picture large or many at once, what counts beside them, and keys. static/label.js fills it."""

from __future__ import annotations

from fastapi import Request

from concepts.errors import DiscernError
from concepts.installation.users import Role
from concepts.workbench import ENOUGH_LABELS, Workbench
from web.advice import in_words
from web.http.answers import opening
from web.http.guard import author_of
from web.page import WebPage, concept_of
from web.render import render, say


def build(workbench: Workbench, page: WebPage) -> None:
    area = page.area("label-area")
    page.opens = lambda request: {area: _render(workbench, request)}


def _render(workbench: Workbench, request: Request) -> str:
    concept = concept_of(request)
    if concept is None:
        return render("which_concept.html", screen="Label", what="A label")
    try:
        view = workbench.concept(concept).definition.read()
        if request.state.role < Role.LABELLER:
            return say("You can look, but not label. An owner can change your role.")
        if not workbench.library.info().pictures:
            return render("label/no_pictures.html", concept=view.name)
        workbench.review.keep_up(view.name)
        state = opening(workbench, view.name, author_of(request))
    except DiscernError as error:
        return say(in_words(error), "bad")
    return render(
        "label/label.html",
        concept=view.name,
        person=author_of(request),
        usual=ENOUGH_LABELS,
        state=state.model_dump_json(),
        single=state.advice.mode == "single",
        definition=view.revision.definition,
        scale=view.scale,
    )
