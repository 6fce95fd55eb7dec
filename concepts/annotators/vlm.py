"""Annotates with a vision-language model, one call a picture: evidence, then a rationale, then a rating."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from typing import ClassVar

from concepts.annotators.answers import PictureVerdict, conclude, picture_verdict, read_evidence
from concepts.annotators.asking import each
from concepts.annotators.base import (
    Annotation,
    Example,
    ExamplePool,
    FailedAnnotation,
    PictureInput,
    ReadPicture,
    Supplies,
)
from concepts.annotators.examples import SOME_EXAMPLES, examples_text, version_of
from concepts.annotators.pictures import (
    EXAMPLE_SIDE,
    LOOKING_SIDE,
    READING_SIDE,
    VERSION,
    read_picture,
    side_for,
)
from concepts.annotators.sureness import rate
from concepts.annotators.words import criteria_text, topic_text
from concepts.definition.document import Definition, Revision
from concepts.errors import BadPictureError, NoModelError, UnknownPictureError
from concepts.language.base import ChatModel, Message
from concepts.language.prompts import DEFAULTS, Prompt, Prompts
from concepts.registry import Method

PURPOSE = "annotate"
PROMPTS = ("annotate.system", "annotate.user")


class VlmAnnotator:
    method: ClassVar[Method] = Method(
        name="vlm",
        what="Shows each picture and the definition to a vision-language model, which reasons, then rates.",
        source="Toubal et al., Modeling Collaborator, CVPR 2024",
        licence="that of the model",
        cost="one call a picture; what that costs is estimated before and kept in the ledger",
    )

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
    def prepare(cls, supplies: Supplies) -> VlmAnnotator:
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

    @classmethod
    def asks(
        cls, definition: Definition, *, examples: bool, prompts: Prompts = DEFAULTS
    ) -> list[list[Message]]:
        shown = [(example, b"") for example in SOME_EXAMPLES] if examples else []
        return [question(definition, b"", shown, prompts)]

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def fingerprint(self) -> str:
        schema = PictureVerdict.model_json_schema()
        prompts = [self._prompts[name] for name in PROMPTS]
        return fingerprint("vlm", self._model, prompts, schema, version_of(self._examples), self._repeats)

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
        asked = self.question_about(definition, picture)
        schema = picture_verdict(len(definition.criteria))
        said, raw = rate(self._model, asked, schema, purpose=PURPOSE, repeats=self._repeats)
        evidence = read_evidence(definition.criteria, said.evidence)
        return conclude(picture.picture_id, definition.criteria, evidence, said, raw)

    def question_about(self, definition: Definition, picture: PictureInput) -> list[Message]:
        """What it sends. Raises `OSError`, `BadPictureError` or `UnknownPictureError` for a picture that
        can't be read."""
        jpeg = self._read_picture(picture, side_for(definition))
        return question(definition, jpeg, self._shown(picture), self._prompts)

    def _shown(self, picture: PictureInput) -> list[tuple[Example, bytes]]:
        """The examples that can be read, small."""
        shown = []
        for example in self._examples.like(picture) if self._examples else ():
            with suppress(OSError, BadPictureError, UnknownPictureError):
                shown.append((example, self._read_picture(example.picture, EXAMPLE_SIDE)))
        return shown


def fingerprint(method: str, model: ChatModel, prompts: Sequence[Prompt], *more: object) -> str:
    """Changes with the model, any of the prompts, how pictures are shown, and whatever else is given."""
    versions = [prompt.version for prompt in prompts]
    shown = [VERSION, EXAMPLE_SIDE, LOOKING_SIDE, READING_SIDE]
    parts = [model.endpoint, model.name, versions, shown, *more]
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]
    return f"{method}:{model.name[:100]}:{digest}"


def question(
    definition: Definition,
    jpeg: bytes,
    examples: Sequence[tuple[Example, bytes]] = (),
    prompts: Prompts = DEFAULTS,
) -> list[Message]:
    """One turn with all pictures: some servers take none from earlier turns. The one to judge comes last."""
    asked = prompts["annotate.user"].render(
        definition=topic_text(definition),
        criteria=criteria_text(definition.criteria),
        examples=examples_text([example for example, _ in examples]),
    )
    return [
        Message("system", prompts["annotate.system"].render()),
        Message("user", asked, (*(shown for _, shown in examples), jpeg)),
    ]
