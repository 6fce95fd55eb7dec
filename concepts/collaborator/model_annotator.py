"""What annotators that ask a model have in common: what they are made from, batches, fingerprints."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Self

from concepts.collaborator.asking import each
from concepts.collaborator.base import (
    Annotation,
    ExamplePool,
    FailedAnnotation,
    PictureInput,
    ReadPicture,
    Supplies,
)
from concepts.collaborator.definition_text import answers_text, counts_text
from concepts.collaborator.examples import version_of
from concepts.collaborator.prompt_pictures import (
    EXAMPLE_SIDE,
    LOOKING_SIDE,
    READING_SIDE,
    VERSION,
    read_picture,
)
from concepts.definition.document import Definition, Revision
from concepts.errors import NoModelError
from concepts.language.base import ChatModel, Message
from concepts.language.prompts import DEFAULTS, PromptFiles
from concepts.learning.scale import Scale

SCALE = "scale"  # the prompt of what is answered by grades or classes


class ByModel:
    """The base of those; each judges one picture in its own way."""

    def __init__(
        self,
        model: ChatModel,
        *,
        concurrency: int,
        read_picture: ReadPicture = read_picture,
        examples: ExamplePool | None = None,
        repeats: bool = False,
        prompts: PromptFiles = DEFAULTS,
        scale: Scale | None = None,
    ) -> None:
        self._model = model
        self._concurrency = concurrency
        self._read_picture = read_picture
        self._examples = examples
        self._repeats = repeats
        self._prompts = prompts
        self._scale = scale

    @classmethod
    def prepare(cls, supplies: Supplies) -> Self:
        model = supplies.model()
        if model is None:
            raise NoModelError("annotating")
        return cls(
            model,
            concurrency=supplies.concurrency,
            read_picture=supplies.read_picture,
            examples=supplies.examples,
            repeats=supplies.repeats,
            prompts=supplies.prompts,
            scale=supplies.scale,
        )

    @property
    def batch_size(self) -> int:
        return 4 * self._concurrency

    def annotate(
        self, revision: Revision, pictures: Sequence[PictureInput]
    ) -> list[Annotation | FailedAnnotation]:
        """See `Annotator.annotate`, and `each` for what ends the batch."""
        definition = revision.definition
        return each(pictures, lambda picture: self._judge(definition, picture), self._concurrency)

    def _on_scale(self, messages: list[Message]) -> list[Message]:
        """The question, and what it can be answered by where that is more than yes and no."""
        if self._scale is None:
            return messages
        last = messages[-1]
        answers, counts = answers_text(self._scale), counts_text(self._scale)
        asked = self._prompts[SCALE].render(answers=answers, counts=counts)
        return [*messages[:-1], replace(last, text=f"{last.text}\n\n{asked}")]

    def _judge(self, definition: Definition, picture: PictureInput) -> Annotation:
        raise NotImplementedError

    def _fingerprint(self, method: str, prompts: Sequence[str], schemas: object) -> str:
        """Changes with the model, any of the prompts, how pictures are shown, and what is asked for."""
        versions = [self._prompts[name].version for name in prompts]
        shown = [VERSION, EXAMPLE_SIDE, LOOKING_SIDE, READING_SIDE]
        more: list[object] = [schemas, version_of(self._examples), self._repeats]
        if self._scale:
            more.append([self._prompts[SCALE].version, self._scale.as_document()])
        parts = [self._model.endpoint, self._model.name, versions, shown, *more]
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]
        return f"{method}:{self._model.name[:100]}:{digest}"
