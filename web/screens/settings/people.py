"""People: who may log in with which role. Commands change it, as whoever has the computer decides it."""

from __future__ import annotations

from typing import Any

import gradio as gr

from concepts.installation.jobs import about_installation
from concepts.installation.users import ELSEWHERE, Users
from concepts.use_cases import App
from web.handlers import PLAIN, author_of, calls
from web.http.roles import OWNER
from web.parts import data_view
from web.screens.settings.head import HERE, head_view, headed

PATH = "/settings/people"


class People:
    def __init__(self, app: App, opened: Any) -> None:
        self._app = app
        head, people = head_view("people"), data_view(HERE / "people.html", "people")
        opened(self.open, None, [head, people], **PLAIN)

    @calls(about_installation)
    def open(self, request: gr.Request) -> list[Any]:
        settings, role = self._app.settings, request.state.role
        users, owner = Users(settings).records(), role >= OWNER
        said = f"You are {author_of(request)}, {'an owner' if owner else f'a {role.word}'}."
        if not users:
            exposed = "Whoever reaches this address is an owner."
            reached = exposed if settings.is_exposed else "Only this computer can open Discern."
            said = f"Nobody has a password yet. {reached}"
        people = [
            {"name": name, "role": user.role.word, "way": _way(user.password)}
            for name, user in sorted(users.items())
        ]
        return [
            headed(PATH, request, said),
            {
                "owner": owner,
                "people": people if owner else [True] * bool(people),  # others only learn that one logs in
                "exposed": settings.is_exposed,
                "whose": "their password" if people else "your own password first, then theirs",
                "address": f"http://THIS-COMPUTER:{settings.port}",
            },
        ]


def _way(password: str) -> str:
    """How somebody logs in, where that isn't a password of their own."""
    if password == ELSEWHERE:
        return "another service"
    return "password from the environment" if password.startswith("plain$") else ""
