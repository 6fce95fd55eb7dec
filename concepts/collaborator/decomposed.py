"""Annotates in steps: what the picture shows, what it shows of each criterion, and what follows from that.

Three calls a picture. (1) A caption, which knows nothing of any definition: it is paid for once a picture,
whatever is defined later. (2) All criteria in one call, as plain statements, without their kinds and
without the name of the concept, so that no finding is bent towards a verdict. The paper asks one question at
a time; most of what a call costs is the picture, and ten questions one by one would send it ten times. (3) A
verdict by words alone, from the definition, the caption and the findings; without the picture it costs
least.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, ClassVar

from concepts.collaborator.annotation_replies import (
    Caption,
    Conclusion,
    CriterionFinding,
    Findings,
    conclude,
    conclusion,
    findings,
    read_evidence,
)
from concepts.collaborator.asking import InFlight
from concepts.collaborator.base import (
    Annotation,
    Example,
    PictureInput,
)
from concepts.collaborator.confidence import rate
from concepts.collaborator.definition_text import criteria_text, one_line, statements_text, topic_text
from concepts.collaborator.examples import SOME_EXAMPLES, examples_text
from concepts.collaborator.model_annotator import ByModel
from concepts.collaborator.prompt_pictures import LOOKING_SIDE, side_for
from concepts.definition.document import Definition
from concepts.errors import BadPictureError, ModelAnswerError, UnknownPictureError
from concepts.language.base import ChatModel, Message
from concepts.language.prompts import DEFAULTS, PromptFiles
from concepts.registry import Method

CAPTIONING, LOOKING, CONCLUDING = "caption", "annotate.question", "annotate.verdict"  # purposes in the ledger
PROMPTS = tuple(
    f"annotate.{step}.{part}" for step in ("caption", "question", "verdict") for part in ("system", "user")
)
LONGEST_CAPTION = 1200  # characters; as long as the estimate counts with


class DecomposedAnnotator(ByModel):
    method: ClassVar[Method] = Method(
        name="decomposed",
        what="Has a vision-language model describe each picture and check each criterion, then reason.",
        source="Toubal et al., Modeling Collaborator, CVPR 2024",
        licence="that of the model",
        cost="three calls a picture, two of them with the picture; the first is shared by all concepts",
    )

    def __init__(self, model: ChatModel, **more: Any) -> None:
        super().__init__(model, **more)
        self._captioning = InFlight[str]()

    @classmethod
    def asks(
        cls, definition: Definition, *, examples: bool, prompts: PromptFiles = DEFAULTS
    ) -> list[list[Message]]:
        unknown = "x" * LONGEST_CAPTION
        shown = [(example, unknown) for example in SOME_EXAMPLES] if examples else []
        found = [CriterionFinding(number=n, seen="x" * 60, verdict="unclear") for n in _numbers(definition)]
        return [
            caption_question(b"", prompts),
            criteria_question(definition, b"", prompts),
            verdict_question(definition, unknown, found, shown, prompts),
        ]

    @property
    def name(self) -> str:
        return f"{self._model.name}, in steps"

    @property
    def fingerprint(self) -> str:
        schemas = [schema.model_json_schema() for schema in (Caption, Findings, Conclusion)]
        return self._fingerprint("decomposed", PROMPTS, schemas)

    def _judge(self, definition: Definition, picture: PictureInput) -> Annotation:
        caption = self._caption(picture)
        asked = criteria_question(
            definition, self._read_picture(picture, side_for(definition)), self._prompts
        )
        found = self._model.ask(asked, findings(len(_statements(definition))), purpose=LOOKING).findings
        verdict = verdict_question(definition, caption, found, self._shown(picture), self._prompts)
        asked, schema = self._on_scale(verdict), conclusion(self._scale)
        said, raw = rate(self._model, asked, schema, purpose=CONCLUDING, repeats=self._repeats)
        # Without criteria the sentence was looked at instead, which is no criterion of the definition.
        evidence = read_evidence(definition.criteria, found if definition.criteria else ())
        return conclude(picture.picture_id, definition.criteria, evidence, said, raw)

    def _shown(self, picture: PictureInput) -> list[tuple[Example, str]]:
        """The examples that can be described, with their captions."""
        shown = []
        for example in self._examples.like(picture) if self._examples else ():
            with suppress(OSError, BadPictureError, UnknownPictureError, ModelAnswerError):
                shown.append((example, self._caption(example.picture)))
        return shown

    def _caption(self, picture: PictureInput) -> str:
        """One picture may be judged and be an example of others at the same time; it is described once."""
        return self._captioning.once(picture.picture_id, lambda: self._described(picture))

    def _described(self, picture: PictureInput) -> str:
        jpeg = self._read_picture(picture, LOOKING_SIDE)
        said = self._model.ask(caption_question(jpeg, self._prompts), Caption, purpose=CAPTIONING)
        writing = f" Writing in the picture: {one_line(said.writing)}" if said.writing.strip() else ""
        return f"{one_line(said.caption)}{writing}"[:LONGEST_CAPTION]


def caption_question(jpeg: bytes, prompts: PromptFiles = DEFAULTS) -> list[Message]:
    """The same for every definition, so that its answer is too; unless the concept has prompts of its own."""
    return [
        Message("system", prompts["annotate.caption.system"].render()),
        Message("user", prompts["annotate.caption.user"].render(), (jpeg,)),
    ]


def criteria_question(definition: Definition, jpeg: bytes, prompts: PromptFiles = DEFAULTS) -> list[Message]:
    asked = prompts["annotate.question.user"].render(statements=statements_text(_statements(definition)))
    return [
        Message("system", prompts["annotate.question.system"].render()),
        Message("user", asked, (jpeg,)),
    ]


def verdict_question(
    definition: Definition,
    caption: str,
    found: Sequence[CriterionFinding],
    examples: Sequence[tuple[Example, str]] = (),
    prompts: PromptFiles = DEFAULTS,
) -> list[Message]:
    asked = prompts["annotate.verdict.user"].render(
        definition=topic_text(definition),
        criteria=criteria_text(definition.criteria),
        caption=caption,
        findings="\n".join(f"{f.number}. {f.verdict}: {one_line(f.seen)}" for f in found),
        examples=examples_text([e for e, _ in examples], [shown for _, shown in examples]),
    )
    return [
        Message("system", prompts["annotate.verdict.system"].render()),
        Message("user", asked),
    ]


def _statements(definition: Definition) -> list[str]:
    """What is looked for: the criteria, or where there are none the sentence."""
    return [criterion.text for criterion in definition.criteria] or [definition.description]


def _numbers(definition: Definition) -> range:
    return range(1, len(_statements(definition)) + 1)
