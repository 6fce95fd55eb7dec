"""The SIMULATED models without the wire, to measure with: many pictures, by the product's own annotators."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from fake_openai import Reply, Request

from benchmarks.simulated.world import Picture
from concepts.collaborator.base import Annotation, PictureInput
from concepts.collaborator.by_model import ByModel
from concepts.definition.document import Definition, Revision
from concepts.encoders.base import Vectors
from concepts.errors import ModelAnswerError
from concepts.language.base import Answer, ChatModel, Message, ModelQuestion, Weighed

CANT_SAY = 3


class InProcess(ChatModel):
    """A `ChatModel` that is asked by a function call. `calls` counts them; nothing is kept or charged."""

    name = "simulated-vision"
    endpoint = "none"

    def __init__(self, answer: Callable[[Request], Any]) -> None:
        self._answer = answer
        self.calls = 0

    def _said(self, question: ModelQuestion[Answer]) -> Weighed[Answer]:
        self.calls += 1
        form = {"type": "json_schema", "json_schema": {"name": question.answer.__name__}}
        messages = [_wired(message) for message in question.messages]
        said = self._answer(Request({"messages": messages, "response_format": form}, {}))
        if isinstance(said, Reply):
            raise ModelAnswerError("The simulated model refuses.", outcome="refused")
        return Weighed(question.answer.model_validate(said))


def ratings(
    way: type[ByModel],
    answer: Callable[[Request], Any],
    definition: Definition,
    pictures: Sequence[Picture],
    vectors: Vectors,
) -> tuple[list[int], int]:
    """What an annotator says of each picture, 3 where it can't judge it, and how many calls that took."""
    model = InProcess(answer)
    annotator = way(model, concurrency=1, read_picture=lambda picture, side: picture.thumbnail())
    inputs = [PictureInput(p.name, p.file.read_bytes, v) for p, v in zip(pictures, vectors, strict=True)]
    revision = Revision(number=1, definition=definition, author="", note="", created=datetime.now(UTC))
    said = annotator.annotate(revision, inputs)
    return [one.rating if isinstance(one, Annotation) else CANT_SAY for one in said], model.calls


def _wired(message: Message) -> dict[str, Any]:
    pictures = [
        {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{_text(picture)}"}}
        for picture in message.pictures
    ]
    return {"role": message.role, "content": [{"type": "text", "text": message.text}, *pictures]}


def _text(picture: bytes) -> str:
    return base64.b64encode(picture).decode()
