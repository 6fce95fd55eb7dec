"""The part of Quality where answers that measure are looked at again, without being told what is wrong."""

from __future__ import annotations

import json

from concepts.classifier.looked_again import LookAgain
from concepts.workbench import Workbench
from web.live import Action, live
from web.render import Button, render, say


class Again:
    def __init__(self, workbench: Workbench) -> None:
        self.area = live("quality-again")
        self._bench = workbench

    def found(self, name: str, author: str) -> LookAgain:
        return self._bench.second_look.again(name, author)

    def shown(self, look: LookAgain, begun: bool = False) -> str:
        return render("quality/again.html", look=look, begun=begun or look.is_going)

    def answer(self, name: str, action: Action, author: str) -> str:
        """Keeps it, and says so."""
        picture, key = json.loads(action.value)
        value = action.fields.get("value", "")
        self._bench.second_look.answer_again(name, picture, value, author=author, key=key)
        return say("Saved beside your first answer.", "good", Button("Undo", "undo", key, "undo-2"))
