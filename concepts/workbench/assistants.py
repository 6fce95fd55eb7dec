"""Use cases of assistants: programs that look at pictures and judge them, annotators from outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from concepts.collaborator.annotating import keep
from concepts.collaborator.base import Annotation
from concepts.errors import DiscernError
from concepts.labelling.selection import NextPicture
from concepts.view import View
from concepts.workbench.answers import Answers
from concepts.workbench.context import Context

LONGEST = 200  # characters of a fingerprint, as the column has them
RATINGS = {"yes": 5, "unsure": 3, "no": 1}  # from 1, surely not, to 5, surely yes


class Judgement(View):
    """What an assistant says of a picture: `picture` is its id, `reason` one sentence on what is seen."""

    picture: str = Field(pattern=r"^[0-9a-f]{64}$")
    value: Literal["yes", "no", "unsure"]
    reason: str = Field("", max_length=1000)


class Assistants:
    """An assistant's labels are a machine's: they count by how well they agree with people's answers, and
    never measure."""

    def __init__(self, context: Context, answers: Answers) -> None:
        self._context = context
        self._answers = answers

    def next_pictures(self, name: str, n: int, *, assistant: str) -> list[NextPicture]:
        """The n pictures to learn from whose labels help most, without those that it has judged by the newest
        definition."""
        concept = self._context.concept(name)
        number = self._context.revision(concept).number
        seen = self._context.store.ratings(
            concept.id, fingerprint=fingerprint_of(assistant), definition_number=number
        )
        waiting = [said.picture_id for said in seen]
        return self._answers.next_pictures(name, n, waiting=waiting)

    def judge(self, name: str, judgements: Sequence[Judgement], *, assistant: str, recorded_by: str) -> int:
        """Keeps what an assistant says, brought by the person `recorded_by`; says how many are new. What it
        said before of a picture by the same definition stands.

        Raises `UnknownPictureError`, and `DiscernError` where one of the pictures measures or looks like one
        that does; then nothing is taken.
        """
        concept = self._context.concept(name)
        ids = [one.picture for one in judgements]
        self._context.collection.library.require(ids)
        self._context.draw_evaluation(concept)
        dataset = self._context.dataset(concept)
        apart = next((picture for picture in ids if picture in dataset.reserved), None)
        if apart is not None:
            raise DiscernError(f"Picture {apart[:12]} measures, so only people answer it. Nothing was taken.")
        said = [Annotation(one.picture, RATINGS[one.value], (), one.reason) for one in judgements]
        return keep(
            list({one.picture_id: one for one in said}.values()),
            fingerprint_of(assistant),
            dataset,
            self._context.store,
            self._context.log,
            recorded_by,
        )


def fingerprint_of(assistant: str) -> str:
    """What an assistant's labels are kept as: its name as it gave it, told apart from our own annotators."""
    return f"assistant:{assistant.strip() or 'unnamed'}"[:LONGEST]
