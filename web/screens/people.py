"""People: who may log in with which role. Commands change it."""

from __future__ import annotations

from fastapi import Request

from concepts.installation.users import ELSEWHERE, Users
from concepts.workbench import Workbench
from web.http.guard import author_of
from web.http.roles import OWNER
from web.page import Shown, WebPage
from web.render import render


def build(workbench: Workbench, page: WebPage) -> None:
    area = page.area("people")

    def show(request: Request) -> Shown:
        settings, role = workbench.context.settings, request.state.role
        people = []
        for name, user in sorted(Users(settings).records().items()):
            way = "environment" if user.password.startswith("plain$") else "password"
            way = "service" if user.password == ELSEWHERE else way
            people.append({"name": name, "role": user.role.word, "way": way})
        html = render(
            "settings/people.html",
            people=people,
            me=author_of(request),
            role=role.word,
            owner=role >= OWNER,
            exposed=settings.is_exposed,
            port=settings.port,
        )
        return {area: html}

    page.opens = show
