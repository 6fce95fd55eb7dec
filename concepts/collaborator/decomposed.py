"""Annotates in steps: what the picture shows, what it shows of each criterion, and what follows from that.

Three calls a picture. (1) A caption, which knows nothing of any definition: it is paid for once a picture,
whatever is defined later. (2) All criteria in one call, as plain statements, without their kinds and
without the name of the concept, so that no finding is bent towards a verdict. The paper asks one question at
a time; most of what a call costs is the picture, and ten questions one by one would send it ten times. (3) A
verdict by words alone, from the definition, the caption and the findings; without the picture it costs
least.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from concepts.collaborator.annotation_replies import (
    LONGEST_CAPTION,
    Caption,
    Conclusion,
    Findings,
    conclude,
    conclusion,
    findings,
)
from concepts.collaborator.base import Annotation, PictureInput
from concepts.collaborator.model_annotator import ByModel, InFlight
from concepts.collaborator.prompt_parts import (
    LOOKING_SIDE,
    criteria_text,
    examples_text,
    one_line,
    side_for,
    statements_text,
    topic_text,
)
from concepts.definition.document import Definition
from concepts.registry import Method

CAPTIONING, LOOKING, CONCLUDING = "caption", "annotate.question", "annotate.verdict"  # purposes in the ledger
PROMPTS = tuple(
    f"annotate.{step}.{part}" for step in ("caption", "question", "verdict") for part in ("system", "user")
)


@dataclass(eq=False)
class DecomposedAnnotator(ByModel):
    method: ClassVar[Method] = Method(
        name="decomposed",
        what="Has a vision-language model describe each picture and check each criterion, then reason.",
        source="Toubal et al., Modeling Collaborator, CVPR 2024",
        licence="that of the model",
        cost="three calls a picture, two of them with the picture; the first is shared by all concepts",
    )

    captioning: InFlight = field(default_factory=InFlight, init=False)

    @property
    def name(self) -> str:
        return f"{self.model.name}, in steps"

    @property
    def fingerprint(self) -> str:
        schemas = [schema.model_json_schema() for schema in (Caption, Findings, Conclusion)]
        return self._fingerprint("decomposed", PROMPTS, schemas)

    def _judge(self, definition: Definition, picture: PictureInput) -> Annotation:
        caption = self._caption(picture)
        jpeg = self.read_picture(picture, side_for(definition))
        # What is looked for: the criteria, or where there are none the sentence.
        statements = [criterion.text for criterion in definition.criteria] or [definition.description]
        looking = self.prompts.messages("annotate.question", jpeg, statements=statements_text(statements))
        found = self.model.ask(looking, findings(len(statements)), purpose=LOOKING).findings
        shown = self._shown(picture, self._caption)
        concluding = self.prompts.messages(
            "annotate.verdict",
            definition=topic_text(definition),
            criteria=criteria_text(definition.criteria),
            caption=caption,
            findings="\n".join(f"{f.number}. {f.verdict}: {one_line(f.seen)}" for f in found),
            examples=examples_text([e for e, _ in shown], [seen for _, seen in shown]),
        )
        said, raw = self._rate(concluding, conclusion(self.scale), CONCLUDING)
        return conclude(picture.picture_id, definition.criteria, found, said, raw)

    def _caption(self, picture: PictureInput) -> str:
        """One picture may be judged and be an example of others at the same time; it is described once."""
        return self.captioning.once(picture.picture_id, lambda: self._described(picture))

    def _described(self, picture: PictureInput) -> str:
        """The question is the same for every definition, so that its answer is too; unless the concept has
        prompts of its own."""
        asked = self.prompts.messages("annotate.caption", self.read_picture(picture, LOOKING_SIDE))
        said = self.model.ask(asked, Caption, purpose=CAPTIONING)
        writing = f" Writing in the picture: {one_line(said.writing)}" if said.writing.strip() else ""
        return f"{one_line(said.caption)}{writing}"[:LONGEST_CAPTION]
