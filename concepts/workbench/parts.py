"""A concept that is judged by one part of each picture: the one most like what people framed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from concepts.errors import NO_FRAME, DamagedIndexError, DiscernError
from concepts.jobs import Progress, Started
from concepts.results.versions import PartOfPicture
from concepts.use_cases.parameters import AuthorName, PictureId
from concepts.use_cases.roles import Role
from concepts.view import View
from concepts.workbench.jobs import LookAtParts, PicturesDone
from concepts.workbench.operation import operation
from storage.parts import Box

if TYPE_CHECKING:
    from concepts.workbench.concept import Concept

SMALLEST = 0.02  # of a side: less is a slip of the hand

Across = Annotated[float, Field(ge=0, le=1, description="From the left edge of the picture, 0 to 1.")]
Down = Annotated[float, Field(ge=0, le=1, description="From its top, 0 to 1.")]


class FramedView(View):
    """A framed picture. left, top, right, bottom from 0 to 1."""

    picture: str
    box: Box


class PartState(View):
    """`is_part`: the concept is judged by one part of each picture. `newer`: frames drawn since that part was
    looked for. `missing`: pictures whose parts could not be embedded yet."""

    is_part: bool
    framed: list[FramedView]
    newer: bool
    missing: int


class ConceptParts:
    """Frames around what counts, and which part of each picture the concept is judged by."""

    def __init__(self, concept: Concept) -> None:
        self._concept, self._context = concept, concept.context
        self._parts = concept.context.collection.parts

    @operation("GET /parts")
    def read(self) -> PartState:
        """What is framed, and whether the concept is judged by a part of each picture or by all of it."""
        collection, concept_id = self._context.collection, self._concept.id
        boxes, focus = self._parts.store.boxes(concept_id), self._parts.focus(concept_id)
        missing = 0
        if focus:
            with suppress(DamagedIndexError):
                looks_in = collection.frames.within(collection.index(), collection.frames.now(concept_id))
                missing = self._parts.missing(concept_id, looks_in.ids)
        return PartState(
            is_part=focus is not None,
            framed=[FramedView(picture=picture, box=box) for picture, box in boxes.items()],
            newer=bool(focus and focus.last_frame < self._parts.store.last_frame(concept_id)),
            missing=missing,
        )

    @operation("PUT /parts/{picture}", command="frame", role=Role.LABELLER)
    def frame(
        self,
        picture: PictureId,
        left: Across = 0.0,
        top: Down = 0.0,
        right: Across = 1.0,
        bottom: Down = 1.0,
        remove: Annotated[bool, Field(description="Take the frame away.")] = False,
        *,
        author: AuthorName,
    ) -> None:
        """Frame the part of a picture that counts. It is used once the picture is labelled yes."""
        self._context.collection.library.picture(picture)
        self._context.draw_evaluation(self._concept.row, avoid=[picture])
        if picture in self._context.dataset(self._concept.row).reserved:
            raise DiscernError("This is a test picture. Frame another one.")
        if right - left < SMALLEST or bottom - top < SMALLEST:
            raise DiscernError(
                "A frame must be at least 2 % wide and high, with left < right and top < bottom."
            )
        box = None if remove else (left, top, right, bottom)
        self._parts.store.keep(self._concept.id, picture, box, author)

    @operation("POST /part", command="part", audit="chose which part counts")
    def look(
        self,
        whole: Annotated[bool, Field(description="Judge whole pictures again.")] = False,
    ) -> Started[PicturesDone]:
        """Judge each picture by one part of it: the one most like what was framed. The first time, all
        pictures are embedded again, in parts. Then train again."""
        if not whole and not self._usable():
            raise NO_FRAME()
        return self._context.jobs.begin(LookAtParts(self._concept.id, whole))

    def outlines(self, pictures: Sequence[str]) -> dict[str, PartOfPicture]:
        """Picture id → the part that is judged; of none where whole pictures are."""
        boxes = self._parts.boxes(self._concept.id, pictures)
        found = self._context.collection.library.pictures(list(boxes)) if boxes else []
        return {one.id: PartOfPicture(width=one.width, height=one.height, box=boxes[one.id]) for one in found}

    def follow_frames(self) -> None:
        """Judges by what is framed now, where that is another part than what was framed before."""
        concept_id = self._concept.id
        focus, newest = self._parts.focus(concept_id), self._parts.store.last_frame(concept_id)
        if focus and focus.last_frame < newest and (boxes := self._usable()):
            self._parts.focus_on(concept_id, boxes)

    def _usable(self) -> dict[str, Box]:
        """Frames in pictures that count and may be learned from."""
        dataset = self._context.dataset(self._concept.row)
        yes = {i for i, decision in dataset.answers.items() if decision.value == "yes"}
        yes |= {i for i, counts in dataset.shown.items() if counts}
        return {i: box for i, box in self._parts.store.boxes(self._concept.id).items() if i in yes}

    # The work

    def look_now(self, job: LookAtParts, progress: Progress) -> PicturesDone:
        if job.whole:
            self._parts.use_whole(self._concept.id)
            return PicturesDone(pictures=0)
        self._parts.embed_all(progress.report)
        self._parts.focus_on(self._concept.id, self._usable())
        return PicturesDone(pictures=len(self._context.collection.vectors_for(self._concept.id).ids))
