"""Annotates with a vision-language model, one call a picture: evidence, then a rationale, then a rating."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import ClassVar

from concepts.collaborator.annotation_replies import PictureVerdict, conclude, picture_verdict, read_evidence
from concepts.collaborator.base import (
    Annotation,
    Example,
    PictureInput,
)
from concepts.collaborator.confidence import rate
from concepts.collaborator.definition_text import criteria_text, topic_text
from concepts.collaborator.examples import SOME_EXAMPLES, examples_text
from concepts.collaborator.model_annotator import ByModel
from concepts.collaborator.prompt_pictures import (
    EXAMPLE_SIDE,
    side_for,
)
from concepts.definition.document import Definition
from concepts.errors import BadPictureError, UnknownPictureError
from concepts.language.base import Message
from concepts.language.prompts import DEFAULTS, PromptFiles
from concepts.registry import Method

PURPOSE = "annotate"
PROMPTS = ("annotate.system", "annotate.user")


class VlmAnnotator(ByModel):
    method: ClassVar[Method] = Method(
        name="vlm",
        what="Shows each picture and the definition to a vision-language model, which reasons, then rates.",
        source="Toubal et al., Modeling Collaborator, CVPR 2024",
        licence="that of the model",
        cost="one call a picture; what that costs is estimated before and kept in the ledger",
    )

    @classmethod
    def asks(
        cls, definition: Definition, *, examples: bool, prompts: PromptFiles = DEFAULTS
    ) -> list[list[Message]]:
        shown = [(example, b"") for example in SOME_EXAMPLES] if examples else []
        return [question(definition, b"", shown, prompts)]

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def fingerprint(self) -> str:
        return self._fingerprint("vlm", PROMPTS, PictureVerdict.model_json_schema())

    def _judge(self, definition: Definition, picture: PictureInput) -> Annotation:
        asked = self.question_about(definition, picture)
        schema = picture_verdict(len(definition.criteria), self._scale)
        said, raw = rate(self._model, asked, schema, purpose=PURPOSE, repeats=self._repeats)
        evidence = read_evidence(definition.criteria, said.evidence)
        return conclude(picture.picture_id, definition.criteria, evidence, said, raw)

    def question_about(self, definition: Definition, picture: PictureInput) -> list[Message]:
        """What it sends. Raises `OSError`, `BadPictureError` or `UnknownPictureError` for a picture that
        can't be read."""
        jpeg = self._read_picture(picture, side_for(definition))
        return self._on_scale(question(definition, jpeg, self._shown(picture), self._prompts))

    def _shown(self, picture: PictureInput) -> list[tuple[Example, bytes]]:
        """The examples that can be read, small."""
        shown = []
        for example in self._examples.like(picture) if self._examples else ():
            with suppress(OSError, BadPictureError, UnknownPictureError):
                shown.append((example, self._read_picture(example.picture, EXAMPLE_SIDE)))
        return shown


def question(
    definition: Definition,
    jpeg: bytes,
    examples: Sequence[tuple[Example, bytes]] = (),
    prompts: PromptFiles = DEFAULTS,
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
