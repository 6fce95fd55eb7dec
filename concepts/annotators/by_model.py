"""What annotators that ask a model have in common: what they are made from, batches, fingerprints."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Self

from concepts.annotators.asking import each
from concepts.annotators.base import (
    Annotation,
    ExamplePool,
    FailedAnnotation,
    PictureInput,
    ReadPicture,
    Supplies,
)
from concepts.annotators.examples import version_of
from concepts.annotators.pictures import EXAMPLE_SIDE, LOOKING_SIDE, READING_SIDE, VERSION, read_picture
from concepts.definition.document import Definition, Revision
from concepts.errors import NoModelError
from concepts.language.base import ChatModel
from concepts.language.prompts import DEFAULTS, Prompts


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
        prompts: Prompts = DEFAULTS,
    ) -> None:
        self._model = model
        self._concurrency = concurrency
        self._read_picture = read_picture
        self._examples = examples
        self._repeats = repeats
        self._prompts = prompts

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

    def _judge(self, definition: Definition, picture: PictureInput) -> Annotation:
        raise NotImplementedError

    def _fingerprint(self, method: str, prompts: Sequence[str], schemas: object) -> str:
        """Changes with the model, any of the prompts, how pictures are shown, and what is asked for."""
        versions = [self._prompts[name].version for name in prompts]
        shown = [VERSION, EXAMPLE_SIDE, LOOKING_SIDE, READING_SIDE]
        more = [schemas, version_of(self._examples), self._repeats]
        parts = [self._model.endpoint, self._model.name, versions, shown, *more]
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]
        return f"{method}:{self._model.name[:100]}:{digest}"
