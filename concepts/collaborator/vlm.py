"""Annotates with a vision-language model, one call a picture: evidence, then a rationale, then a rating."""

from __future__ import annotations

from typing import ClassVar

from concepts.collaborator.annotation_replies import PictureVerdict, conclude, picture_verdict
from concepts.collaborator.base import Annotation, PictureInput
from concepts.collaborator.model_annotator import ByModel
from concepts.collaborator.prompt_parts import (
    EXAMPLE_SIDE,
    criteria_text,
    examples_text,
    side_for,
    topic_text,
)
from concepts.definition.document import Definition
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

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def fingerprint(self) -> str:
        return self._fingerprint("vlm", PROMPTS, PictureVerdict.model_json_schema())

    def _judge(self, definition: Definition, picture: PictureInput) -> Annotation:
        jpeg = self.read_picture(picture, side_for(definition))
        shown = self._shown(picture, lambda example: self.read_picture(example, EXAMPLE_SIDE))
        # One turn with all pictures: some servers take none from earlier turns. The one to judge comes last.
        asked = self.prompts.messages(
            "annotate",
            *(seen for _, seen in shown),
            jpeg,
            definition=topic_text(definition),
            criteria=criteria_text(definition.criteria),
            examples=examples_text([example for example, _ in shown]),
        )
        said, raw = self._rate(asked, picture_verdict(len(definition.criteria), self.scale), PURPOSE)
        return conclude(picture.picture_id, definition.criteria, said.evidence, said, raw)
