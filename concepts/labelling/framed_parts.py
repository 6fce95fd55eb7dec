"""A concept that is judged by one part of each picture: the one most like what people framed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

from pydantic import Field

from concepts.errors import NO_FRAME, DamagedIndexError, DiscernError
from concepts.jobs import Lane, Progress
from concepts.labelling.dataset import dataset_of
from concepts.labelling.waves import draw_test_pictures
from concepts.library.collection import collection_of
from concepts.use_cases import Concept, use_case
from concepts.use_cases.parameters import AuthorName, PictureId
from concepts.use_cases.roles import Role
from concepts.view import View, count
from storage.parts import Box

SMALLEST = 0.02  # of a side: less is a slip of the hand

Across = Annotated[float, Field(ge=0, le=1, description="From the left edge of the picture, 0 to 1.")]
Down = Annotated[float, Field(ge=0, le=1, description="From its top, 0 to 1.")]


class PartOfPicture(View):
    """What of a picture of width x height pixels is looked at: left, top, right, bottom, from 0 to 1."""

    width: int
    height: int
    box: Box


class PartsFound(View):
    """In how many `pictures` the part was found; 0 where whole pictures are judged again."""

    pictures: int

    def says(self) -> str:
        return f"{count(self.pictures, 'picture')}." if self.pictures else "Whole pictures."


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


@use_case("GET /concepts/{name}/parts")
def framed_parts(concept: Concept) -> PartState:
    """What is framed, and whether the concept is judged by a part of each picture or by all of it."""
    collection, concept_id = collection_of(concept.app), concept.id
    parts = collection.parts
    boxes, focus = parts.store.boxes(concept_id), parts.focus(concept_id)
    missing = 0
    if focus:
        with suppress(DamagedIndexError):
            looks_in = collection.frames.within(collection.index(), collection.frames.now(concept_id))
            missing = parts.missing(concept_id, looks_in.ids)
    return PartState(
        is_part=focus is not None,
        framed=[FramedView(picture=picture, box=box) for picture, box in boxes.items()],
        newer=bool(focus and focus.last_frame < parts.store.last_frame(concept_id)),
        missing=missing,
    )


@use_case("PUT /concepts/{name}/parts/{picture}", command="concept frame", role=Role.LABELLER)
def frame_part(
    concept: Concept,
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
    collection_of(concept.app).library.picture(picture)
    draw_test_pictures(concept, avoid=[picture])
    if picture in dataset_of(concept).reserved:
        raise DiscernError("This is a test picture. Frame another one.")
    if right - left < SMALLEST or bottom - top < SMALLEST:
        raise DiscernError("A frame must be at least 2 % wide and high, with left < right and top < bottom.")
    box = None if remove else (left, top, right, bottom)
    collection_of(concept.app).parts.store.keep(concept.id, picture, box, author)


def require_frames(concept: Concept, whole: bool = False) -> None:
    """Raises `DiscernError` where parts are to be judged and nothing that counts is framed."""
    if not whole and not _usable(concept):
        raise NO_FRAME()


@use_case(
    "POST /concepts/{name}/part",
    command="concept part",
    audit="chose which part counts",
    job="Looking at parts of pictures",
    lane=Lane.LONG,
    before=require_frames,
)
def look_at_parts(
    concept: Concept,
    progress: Progress,
    whole: Annotated[bool, Field(description="Judge whole pictures again.")] = False,
) -> PartsFound:
    """Judge each picture by one part of it: the one most like what was framed. The first time, all
    pictures are embedded again, in parts. Then train again."""
    collection = collection_of(concept.app)
    if whole:
        collection.parts.use_whole(concept.id)
        return PartsFound(pictures=0)
    collection.parts.embed_all(progress.report)
    collection.parts.focus_on(concept.id, _usable(concept))
    return PartsFound(pictures=len(collection.vectors_for(concept.id).ids))


def part_outlines(concept: Concept, pictures: Sequence[str]) -> dict[str, PartOfPicture]:
    """Picture id → the part that is judged; of none where whole pictures are."""
    collection = collection_of(concept.app)
    boxes = collection.parts.boxes(concept.id, pictures)
    found = collection.library.pictures(list(boxes)) if boxes else []
    return {one.id: PartOfPicture(width=one.width, height=one.height, box=boxes[one.id]) for one in found}


def follow_frames(concept: Concept) -> None:
    """Judges by what is framed now, where that is another part than what was framed before."""
    parts = collection_of(concept.app).parts
    focus = parts.focus(concept.id)
    if focus and focus.last_frame < parts.store.last_frame(concept.id) and (boxes := _usable(concept)):
        parts.focus_on(concept.id, boxes)


def _usable(concept: Concept) -> dict[str, Box]:
    """Frames in pictures that count and may be learned from."""
    dataset = dataset_of(concept)
    yes = {i for i, decision in dataset.answers.items() if decision.value == "yes"}
    yes |= {i for i, counts in dataset.shown.items() if counts}
    return {i: box for i, box in collection_of(concept.app).parts.store.boxes(concept.id).items() if i in yes}
