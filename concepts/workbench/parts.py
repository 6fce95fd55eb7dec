"""A concept about a part of pictures: what people framed, and looking for it in every picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from concepts.classifier.versions import PartOfPicture
from concepts.errors import DiscernError
from concepts.installation.users import Role
from concepts.jobs import Progress, Started
from concepts.view import View
from concepts.workbench.jobs import LookAtParts, PartsSeen
from concepts.workbench.operation import AuthorName, PictureId, operation
from storage.parts import Box

if TYPE_CHECKING:
    from concepts.workbench import Workbench
    from concepts.workbench.concept import Concept

SMALLEST = 0.02  # of a side: less is a slip of the hand

Across = Annotated[float, Field(ge=0, le=1, description="From the left edge of the picture, 0 to 1.")]
Down = Annotated[float, Field(ge=0, le=1, description="From its top, 0 to 1.")]


class FramedView(View):
    """A framed picture. left, top, right, bottom from 0 to 1."""

    picture: str
    box: Box


class PartState(View):
    """`is_part`: the concept looks at one part of each picture. `newer`: frames that this doesn't know of
    yet. `missing`: pictures that have not been looked at in parts."""

    is_part: bool
    framed: list[FramedView]
    newer: bool
    missing: int


class ConceptParts:
    """What counts may be a small part of a picture. Who frames it in a few has it looked for in all."""

    def __init__(self, concept: Concept) -> None:
        self._concept, self._context = concept, concept.context
        self._parts = concept.context.collection.parts

    @operation("GET /parts")
    def read(self) -> PartState:
        """What is framed, and whether the concept looks at parts of pictures or at whole ones."""
        framed, focus = self._parts.store.framed(self._concept.id), self._parts.focus(self._concept.id)
        collection = self._context.collection
        seen = len(collection.vectors_for(self._concept.id).ids) if focus else 0
        return PartState(
            is_part=focus is not None,
            framed=[FramedView(picture=picture, box=box) for picture, box in framed.items()],
            newer=bool(focus and focus.framed < self._parts.store.last_framed(self._concept.id)),
            missing=collection.count_for(self._concept.id) - seen if focus else 0,
        )

    @operation("PUT /parts/{picture}", command="frame", role=Role.LABELLER)
    def frame(
        self,
        picture: PictureId,
        left: Across = 0.0,
        top: Down = 0.0,
        right: Across = 0.0,
        bottom: Down = 0.0,
        *,
        author: AuthorName,
    ) -> None:
        """Frame the part that counts in a picture. Without edges the frame is taken away."""
        self._context.collection.library.picture(picture)
        if picture in self._context.dataset(self._concept.row).reserved:
            raise DiscernError("This is a test picture, which nothing learns from. Frame another one.")
        box = (left, top, right, bottom)
        if any(box) and (right - left < SMALLEST or bottom - top < SMALLEST):
            raise DiscernError(
                "A frame needs left < right and top < bottom, and 2 % of the picture either way."
            )
        self._parts.store.frame(self._concept.id, picture, box if any(box) else None, author)

    @operation("POST /part", command="part", audit="chose which part counts")
    def look(
        self,
        whole: Annotated[bool, Field(description="Look at whole pictures again.")] = False,
    ) -> Started[PartsSeen]:
        """Have the concept look at one part of each picture: the part that is most like what was framed. The
        first time, every picture is looked at once more, at three times the size. Then train again."""
        return self._context.jobs.begin(LookAtParts(self._concept.id, whole))

    def boxes(self, pictures: Sequence[str]) -> dict[str, Box]:
        """Picture id → the part that the concept looks at; of none where it looks at whole pictures."""
        return self._parts.boxes(self._concept.id, pictures)

    def outlines(self, pictures: Sequence[str]) -> dict[str, PartOfPicture]:
        """The same with the size of the picture."""
        boxes = self.boxes(pictures)
        found = self._context.collection.library.pictures(list(boxes)) if boxes else []
        return {one.id: PartOfPicture(width=one.width, height=one.height, box=boxes[one.id]) for one in found}

    # The work

    def _look(self, job: LookAtParts, progress: Progress) -> PartsSeen:
        if job.whole:
            self._parts.look_at_whole(self._concept.id)
            return PartsSeen(pictures=0)
        self._parts.look(self._concept.id, progress.report)
        return PartsSeen(pictures=len(self._context.collection.vectors_for(self._concept.id).ids))


def register_work(bench: Workbench) -> None:
    bench.register(LookAtParts, lambda concept, job, told: concept.parts._look(job, told))
