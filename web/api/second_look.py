"""A second look at answers: which are worth one, and a blind one at those that measure."""

from __future__ import annotations

import uuid
from typing import Literal

from fastapi import APIRouter, Response

from concepts.classifier.doubts import Doubts, WorthALook
from concepts.classifier.looked_again import Corrected, LookAgain
from concepts.classifier.second_look import Suspect
from concepts.installation.activity import JobView
from concepts.workbench import Workbench
from concepts.workbench.kinds import LookedOver
from web.api.shared import LONG, Accepted, AuthorName, Body, ConceptName, Limit, PictureId


class AnswerAgain(Body):
    picture: PictureId
    value: Literal["yes", "no", "unsure"]


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(prefix="/concepts/{name}")
    accepted = Accepted(workbench)

    @router.get("/suspects")
    def list_suspects(name: ConceptName, limit: Limit = 20) -> list[Suspect]:
        """Answers that may be mistakes, the most doubtful first: all others spoke against them when they were
        last looked over."""
        return workbench.second_look.suspects(name, limit)

    @router.get("/doubts")
    def list_doubts(name: ConceptName) -> Doubts | None:
        """What the newest version would have got wrong of the answers to learn from, by heads that had not
        seen them, and the pictures it could not place, when answers were last looked over. Null before there
        is one. What a version itself gets wrong are its `mistakes`."""
        return workbench.second_look.doubts(name)

    @router.post("/second-look", **LONG)
    def look_over(name: ConceptName, response: Response) -> JobView:
        """Looks over the answers: which are doubtful, what more of them would change, and what figures
        cover."""
        return accepted(workbench.second_look.submit(name), response)

    @router.get("/second-look")
    def newest_second_look(name: ConceptName) -> LookedOver | None:
        """What came of looking over the answers last; null before."""
        return workbench.second_look.newest(name)

    @router.get("/second-look/pictures")
    def list_worth_a_look(name: ConceptName, limit: Limit = 20) -> list[WorthALook]:
        """Pictures that are worth a second look, at most `limit` of each kind, as they were when answers were
        last looked over (`POST …/second-look`), without those that somebody has answered since. Answer them
        like any other (`POST …/labels`), with `in_view`, since what the machine says was seen."""
        return workbench.second_look.worth(name, limit)

    @router.get("/look-again")
    def next_to_look_at_again(name: ConceptName, author: AuthorName) -> LookAgain:
        """The next picture of your blind second look at answers of yours that measure: as many of them the
        newest version has right as wrong, and nothing tells which. What came of it, once all are answered."""
        return workbench.second_look.again(name, author)

    @router.post("/look-again", status_code=201)
    def look_again(name: ConceptName, body: AnswerAgain, author: AuthorName) -> LookAgain:
        """Keeps what you say at your second look beside your first answer, which goes on to measure, and has
        the next picture. The same picture again changes nothing."""
        key = uuid.uuid4().hex
        workbench.second_look.answer_again(name, body.picture, body.value, author=author, key=key)
        return workbench.second_look.again(name, author)

    @router.get("/corrected")
    def list_corrected(name: ConceptName) -> list[Corrected]:
        """Pictures that measure and were answered otherwise since: the first answers measure."""
        return workbench.second_look.corrected(name)

    return router
