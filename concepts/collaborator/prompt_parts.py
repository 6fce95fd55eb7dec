"""What goes into prompts: definitions in words, answered pictures as examples (Alayrac et al. 2022), and the
pictures themselves, small where that will do, larger where something is to be read."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from concepts.collaborator.base import Example, PictureInput
from concepts.definition.document import Criterion, Definition, one_line
from concepts.errors import BadPictureError, UnknownError
from concepts.labelling.training_data import TrainingData
from concepts.learning.scale import NONE, Scale
from storage.pictures import sources
from storage.pictures.decoding import decoded
from storage.pictures.resizing import model_jpeg

EACH = 2  # most that count, and most that don't
CHOSEN_FROM = 100  # of each, the answers given last
LONGEST_COMMENT = 200  # characters

Answered = list[list[Any]]  # [picture id, whether it counts, comment], as JSON keeps it

CLOSER = 4  # times as large is a picture decoded for a part of it
VERSION = "jpeg-85"  # how pictures are made smaller, for fingerprints
EXAMPLE_SIDE = 256  # px; an example shows what kind of picture it is
LOOKING_SIDE = 768  # where OpenAI's tiles and Qwen's patches cost 750 to 800 tokens
READING_SIDE = 1024  # letters of a shelf label are 6 px high at 768 px; 1.8 times the tokens

# What is about writing in a picture. A word too many costs some tokens, one too few costs the verdict.
_READING = re.compile(
    r"\b(text|words?|letters?|letterings?|writing|written|reads?|readable|legible|labels?|labelled|labeled|logos?"
    r"|brands?|prices?|numbers?|digits?|signs?|captions?|titles?|headlines?|says|watermarks?|inscriptions?|dates?"
    r"|handwriting|handwritten|printed|barcodes?)\b",
    re.IGNORECASE,
)

UNREADABLE = (OSError, BadPictureError, UnknownError)  # what reading a picture raises


def topic_text(definition: Definition) -> str:
    """The name and the sentence. Examples and queries don't help to judge; leaving them out keeps cached
    answers when they change."""
    return f"{one_line(definition.name)}\n{one_line(definition.description)}"


def criteria_text(criteria: Sequence[Criterion]) -> str:
    """Numbered, with what each means for the concept. A kind of picture names the criterion it belongs to."""
    numbers = {c.text: number for number, c in enumerate(criteria, 1) if c.kind == "necessary"}
    lines = []
    for number, criterion in enumerate(criteria, 1):
        parent = numbers.get(criterion.of)
        kind = f"{criterion.kind}, of {parent}" if parent else criterion.kind
        lines.append(f"{number}. ({kind}) {one_line(criterion.text)}")
    return "\n".join(lines) or "(none)"


def answers_text(scale: Scale) -> str:
    """What can be answered, each in a line."""
    if not scale.is_graded:
        return "\n".join([*map(one_line, scale.words), f"{NONE} (it is none of these)"])
    names = scale.names or ("",) * len(scale.words)
    called = zip(scale.words, names, strict=True)
    return "\n".join(f"{word}: {one_line(name)}" if name else word for word, name in called)


def counts_text(scale: Scale) -> str:
    """Which answers come down to a yes, as a sentence."""
    if scale.is_graded:
        most, line = scale.words[-1], scale.counts_from
        return f"They are grades of how much it is so, {most} the most. A picture counts from {line} on."
    return f"At most one of them is right. A picture counts if one is; with {NONE} it doesn't."


def statements_text(texts: Sequence[str]) -> str:
    """Numbered, without a word of what follows from them."""
    return "\n".join(f"{number}. {one_line(text)}" for number, text in enumerate(texts, 1))


def answered(training_data: TrainingData) -> Answered:
    """The answers that examples may be chosen from, each with what was remarked last. No picture that
    measures is among them (`TrainingData`), nor one that looks like it."""
    decided = {i: d.value == "yes" for i, d in training_data.answers.items() if d.decided}
    chosen = training_data.with_vectors(
        [i for side in (True, False) for i in [i for i in decided if decided[i] is side][-CHOSEN_FROM:]]
    )
    comments = training_data.log.comments(training_data.concept_id, chosen)
    remarks = {event.picture_id: event.comment for event in comments}
    return [[i, decided[i], one_line(remarks.get(i, ""))[:LONGEST_COMMENT]] for i in chosen]


class PromptExamples:
    """Finds those most like a picture, as many that count as don't: a model says what it has seen more of."""

    def __init__(self, pictures: Sequence[Example]) -> None:
        self._sides = [[e for e in pictures if e.counts is side] for side in (True, False)]
        self._each = min(EACH, *map(len, self._sides))
        self._vectors = [np.stack([e.picture.vector for e in side]) for side in self._sides if side]
        said = sorted([e.picture.picture_id, e.counts, e.comment] for e in pictures)
        self.version = hashlib.sha256(json.dumps(said).encode()).hexdigest()[:12]

    def like(self, picture: PictureInput) -> tuple[Example, ...]:
        """At most four, in turn one that counts and one that doesn't, the most similar ones last. The picture
        itself, or one that looks the same, would give the answer away."""
        if not self._each:
            return ()
        yes, no = (
            [
                side[row]
                for row in np.argsort(vectors @ picture.vector, kind="stable")
                if side[row].picture.group != picture.group
            ]
            for side, vectors in zip(self._sides, self._vectors, strict=True)
        )
        each = min(self._each, len(yes), len(no))
        pairs = zip(yes[len(yes) - each :], no[len(no) - each :], strict=True)
        return tuple(example for pair in pairs for example in pair)


def examples_text(examples: Sequence[Example], captions: Sequence[str] = ()) -> str:
    """A line each, with their captions where the pictures themselves are not shown."""
    lines = []
    for row, example in enumerate(examples):
        answer = "counts." if example.counts else "doesn't count."
        caption = f" What it shows: {captions[row]}" if captions else ""
        remark = f" The person's remark: {one_line(example.comment)}" if example.comment else ""
        lines.append(f"Picture {row + 1}: {answer}{remark}{caption}")
    return "\n".join(lines) or "(none)"


NO_PICTURE = PictureInput("", bytes, np.empty(0, np.float32))


class LongestExamples:
    """As many as there can be and as long as they can get, for estimates."""

    version = ""

    def like(self, picture: PictureInput) -> tuple[Example, ...]:
        return (Example(NO_PICTURE, counts=True, comment="x" * LONGEST_COMMENT),) * (2 * EACH)


def side_for(definition: Definition) -> int:
    """The longest side at which to look at pictures for a definition, in px."""
    texts = [definition.name, definition.description, *(criterion.text for criterion in definition.criteria)]
    return READING_SIDE if any(_READING.search(text) for text in texts) else LOOKING_SIDE


def read_picture(picture: PictureInput, side: int) -> bytes:
    """From the original, where there is one; a model sees details that a thumbnail has lost.

    Raises `OSError`, `BadPictureError` or `UnknownError` where it can't be read.
    """
    data = sources.read(picture.source) if picture.source else picture.thumbnail()
    closer = CLOSER if picture.shown == "alone" else 1
    with decoded(data, short_side=closer * side) as found:
        return model_jpeg(_with_part(found.image, picture), side)


def _with_part(image: Image.Image, picture: PictureInput) -> Image.Image:
    if picture.box is None or picture.shown == "whole":
        return image
    width, height = image.size
    left, top, right, bottom = picture.box
    edges = (round(left * width), round(top * height), round(right * width), round(bottom * height))
    if picture.shown == "alone":
        return image.crop(edges)
    outlined = image.copy()
    line = max(2, round(max(image.size) / 200))
    ImageDraw.Draw(outlined).rectangle((*edges[:2], edges[2] - 1, edges[3] - 1), outline="red", width=line)
    return outlined
