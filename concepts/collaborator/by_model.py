"""Annotators that ask a vision-language model: in one call a picture, or in steps."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any, ClassVar, Self, TypeVar

from cachetools import LRUCache, cachedmethod

from concepts.collaborator.annotation_replies import (
    LONGEST_CAPTION,
    Caption,
    Conclusion,
    Counted,
    CriterionFinding,
    Findings,
    PictureVerdict,
    by_count,
    conclude,
    conclusion,
    counting,
    findings,
    picture_verdict,
)
from concepts.collaborator.base import (
    Annotation,
    Example,
    ExamplePool,
    FailedAnnotation,
    PictureInput,
    ReadPicture,
    Result,
    Supplies,
)
from concepts.collaborator.prompt_parts import (
    EXAMPLE_SIDE,
    LOOKING_SIDE,
    NO_PICTURE,
    READING_SIDE,
    UNREADABLE,
    VERSION,
    LongestExamples,
    answers_text,
    counts_text,
    criteria_text,
    examples_text,
    read_picture,
    side_for,
    statements_text,
    topic_text,
)
from concepts.definition.document import Definition, Revision, one_line
from concepts.encoders.saliency import WHOLE
from concepts.errors import ModelAnswerError, ModelCallError, no_model
from concepts.language.base import Answer, ChatModel, Message, ModelQuestion, Weighed
from concepts.language.prompts import DEFAULTS, PromptFiles
from concepts.learning.machine_labels import chance_by_repeats, chance_by_tokens
from concepts.learning.scale import Scale
from concepts.registry import Method

# Purposes in the ledger: of the one call, and of each step.
ANNOTATING = "annotate"
CAPTIONING, LOOKING, CONCLUDING = "caption", "annotate.question", "annotate.verdict"
IN_ONE_CALL = ("annotate.system", "annotate.user")  # prompts
IN_STEPS = tuple(
    f"annotate.{step}.{part}" for step in ("caption", "question", "verdict") for part in ("system", "user")
)
PART = "part"  # the prompt of what part of the picture it is about
COUNT = "count"  # the prompt of criteria that are about how many there are
SCALE = "scale"  # the prompt of what is answered by grades or classes
RATING = "rating"  # the field whose token tells how sure a model is
REPEATS = (1, 2)  # samples beside the likeliest answer, where they are asked for: three calls in place of one

CAPTIONS = 1000  # of the pictures asked about last, in memory; all are cached where they are paid for

# No answer, no key, not allowed, no such model, too many calls: the next picture would meet the same.
ALL_MEET_IT = (None, 401, 403, 404, 429)

Read = TypeVar("Read")
Said = TypeVar("Said", PictureVerdict, Conclusion)


@dataclass(eq=False)
class ByModel:
    """The base of those; each judges one picture in its own way. See `Supplies`."""

    model: ChatModel
    _: KW_ONLY
    concurrency: int
    read_picture: ReadPicture = read_picture
    examples: ExamplePool | None = None
    repeats: bool = False
    prompts: PromptFiles = DEFAULTS
    scale: Scale | None = None
    part: str = ""
    counts: bool = False

    @classmethod
    def prepare(cls, supplies: Supplies) -> Self:
        model = supplies.model()
        if model is None:
            raise no_model("annotating")
        return cls(
            model,
            concurrency=supplies.concurrency,
            examples=supplies.examples,
            repeats=supplies.repeats,
            prompts=supplies.prompts,
            scale=supplies.scale,
            part=supplies.part,
            counts=supplies.counts,
        )

    @classmethod
    def asks(
        cls, definition: Definition, *, examples: bool, prompts: PromptFiles = DEFAULTS, part: bool = False
    ) -> list[list[Message]]:
        """See `Annotator.asks`."""
        stand_in = StandIn("x" * LONGEST_CAPTION, "x" * 60, definition)
        annotator = cls(
            stand_in,
            concurrency=1,
            read_picture=lambda picture, side: b"",
            examples=LongestExamples() if examples else None,
            prompts=prompts,
        )
        with suppress(ModelAnswerError):
            annotator._judge(definition, replace(NO_PICTURE, box=WHOLE if part else None))
        return [list(question.messages) for question in stand_in.asked.values()]

    @property
    def batch_size(self) -> int:
        return 4 * self.concurrency

    def annotate(self, revision: Revision, pictures: Sequence[PictureInput]) -> list[Result]:
        """See `Annotator.annotate`. What concerns one picture fails that picture alone.

        `BudgetError`, and `ModelCallError` that the next picture would meet too, end the batch. The answers
        that came in by then are in the cache: the same batch asked again gets them without a call.
        """
        ended: list[BaseException] = []  # by what all meet; a thread that is free must not meet it once more

        def one(picture: PictureInput) -> Result:
            if ended:
                raise ended[0]
            try:
                return self._judge(revision.definition, picture)
            except UNREADABLE as error:
                return FailedAnnotation(picture.picture_id, f"The picture can't be read: {error}")
            except ModelAnswerError as error:
                return FailedAnnotation(picture.picture_id, str(error))
            except BaseException as error:
                if isinstance(error, ModelCallError) and error.status not in ALL_MEET_IT:
                    return FailedAnnotation(picture.picture_id, str(error))
                ended.append(error)
                raise

        with ThreadPoolExecutor(self.concurrency) as threads:
            futures = [threads.submit(one, picture) for picture in pictures]
            try:
                return [future.result() for future in futures]
            except BaseException:
                threads.shutdown(cancel_futures=True)  # those in flight end and are cached
                raise

    def _judge(self, definition: Definition, picture: PictureInput) -> Annotation:
        raise NotImplementedError

    def _shown(
        self, picture: PictureInput, read: Callable[[PictureInput], Read]
    ) -> list[tuple[Example, Read]]:
        """The examples to show beside a picture that can be read, with what was read of each."""
        shown = []
        for example in self.examples.like(picture) if self.examples else ():
            with suppress(*UNREADABLE, ModelAnswerError):
                shown.append((example, read(example.picture)))
        return shown

    def _seen(self, picture: PictureInput, side: int) -> tuple[bytes, ...]:
        """The picture to judge; before it the part alone that the concept is about, if it is about one."""
        if picture.box is None:
            return (self.read_picture(picture, side),)
        return tuple(self.read_picture(replace(picture, shown=how), side) for how in ("alone", "outlined"))

    def _about(self, messages: list[Message], picture: PictureInput, definition: Definition) -> list[Message]:
        """With what is to be known of the part that is framed, and of what is to be counted."""
        *before, last = messages
        needs = ", ".join(map(str, counting(definition.criteria)))
        about = [self.prompts[PART].render()] if picture.box else []
        about += [self.prompts[COUNT].render(numbers=needs)] if needs else []
        return [*before, replace(last, text="\n\n".join([last.text, *about]))]

    def _rate(self, messages: list[Message], answer: type[Said], purpose: str) -> tuple[Said, float | None]:
        """The likeliest answer, and how likely a yes is: by the endpoint's own probabilities where it tells
        them, else with `repeats` by asking again. None where neither says."""
        if self.scale is not None:  # what can be answered is more than yes and no
            *before, last = messages
            answers, counts = answers_text(self.scale), counts_text(self.scale)
            asked = self.prompts[SCALE].render(answers=answers, counts=counts)
            messages = [*before, replace(last, text=f"{last.text}\n\n{asked}")]
        weighed = self.model.weigh(messages, answer, field=RATING, purpose=purpose)
        if weighed.chances is not None:
            return weighed.answer, chance_by_tokens(weighed.chances)
        if not self.repeats:
            return weighed.answer, None
        ratings: list[int] = [weighed.answer.rating]
        for sample in REPEATS:
            with suppress(ModelAnswerError):
                ratings.append(self.model.ask(messages, answer, purpose=purpose, sample=sample).rating)
        return weighed.answer, chance_by_repeats(ratings)

    def _fingerprint(self, method: str, prompts: Sequence[str], schemas: object) -> str:
        """Changes with the model, any of the prompts, how pictures are shown, and what is asked for."""
        parts: list[object] = [
            self.model.endpoint,
            self.model.name,
            [self.prompts[name].version for name in prompts],
            [VERSION, EXAMPLE_SIDE, LOOKING_SIDE, READING_SIDE],
            schemas,
            self.examples.version if self.examples else "",
            self.repeats,
        ]
        if self.scale:
            parts.append([self.prompts[SCALE].version, self.scale.as_document()])
        if self.part:
            parts.append([self.prompts[PART].version, self.part])
        if self.counts:
            parts.append([self.prompts[COUNT].version, Counted.model_json_schema()])
        if self.model.wishes or self.model.side:
            parts.append([self.model.wishes, self.model.side])
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]
        return f"{method}:{self.model.name[:100]}:{digest}"


class VlmAnnotator(ByModel):
    """One call a picture: evidence, then a rationale, then a rating."""

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
        return self._fingerprint("vlm", IN_ONE_CALL, PictureVerdict.model_json_schema())

    def _judge(self, definition: Definition, picture: PictureInput) -> Annotation:
        seen_of_it = self._seen(picture, self.model.side or side_for(definition))
        shown = self._shown(picture, lambda example: self.read_picture(example, EXAMPLE_SIDE))
        # One turn with all pictures: some servers take none from earlier turns. The one to judge comes last.
        asked = self.prompts.messages(
            "annotate",
            *(seen for _, seen in shown),
            *seen_of_it,
            definition=topic_text(definition),
            criteria=criteria_text(definition.criteria),
            examples=examples_text([example for example, _ in shown]),
        )
        asked = self._about(asked, picture, definition)
        criteria = definition.criteria
        verdict = picture_verdict(len(criteria), self.scale, bool(counting(criteria)))
        said, raw = self._rate(asked, verdict, ANNOTATING)
        return conclude(picture.picture_id, definition.criteria, said.evidence, said, raw)


@dataclass(eq=False)
class DecomposedAnnotator(ByModel):
    """In steps: what the picture shows, what it shows of each criterion, and what follows from that.

    Three calls a picture. (1) A caption, which knows nothing of any definition: it is paid for once a
    picture, whatever is defined later. (2) All criteria in one call, as plain statements, without their
    kinds and without the name of the concept, so that no finding is bent towards a verdict. The paper
    asks one question at a time; most of what a call costs is the picture, and ten questions one by one
    would send it ten times. (3) A verdict by words alone, from the definition, the caption and the
    findings; without the picture it costs least.
    """

    method: ClassVar[Method] = Method(
        name="decomposed",
        what="Has a vision-language model describe each picture and check each criterion, then reason.",
        source="Toubal et al., Modeling Collaborator, CVPR 2024",
        licence="that of the model",
        cost="three calls a picture, two of them with the picture; the first is shared by all concepts",
    )

    captions: LRUCache[str, str] = field(default_factory=lambda: LRUCache(CAPTIONS), init=False)
    captioned: threading.Condition = field(default_factory=threading.Condition, init=False)

    @property
    def name(self) -> str:
        return f"{self.model.name}, in steps"

    @property
    def fingerprint(self) -> str:
        schemas = [schema.model_json_schema() for schema in (Caption, Findings, Conclusion)]
        return self._fingerprint("decomposed", IN_STEPS, schemas)

    def _judge(self, definition: Definition, picture: PictureInput) -> Annotation:
        caption = self._caption(picture)
        seen_of_it = self._seen(picture, self.model.side or side_for(definition))
        # What is looked for: the criteria, or where there are none the sentence.
        statements = [criterion.text for criterion in definition.criteria] or [definition.description]
        looking = self.prompts.messages(
            "annotate.question", *seen_of_it, statements=statements_text(statements)
        )
        looking = self._about(looking, picture, definition)
        counts = bool(counting(definition.criteria))
        found = self.model.ask(looking, findings(len(statements), counts), purpose=LOOKING).findings
        settled, _ = by_count(definition.criteria, found)
        shown = self._shown(picture, self._caption)
        concluding = self.prompts.messages(
            "annotate.verdict",
            definition=topic_text(definition),
            criteria=criteria_text(definition.criteria),
            caption=caption,
            findings="\n".join(f"{f.number}. {f.verdict}: {one_line(f.seen)}" for f in settled),
            examples=examples_text([e for e, _ in shown], [seen for _, seen in shown]),
        )
        said, raw = self._rate(concluding, conclusion(self.scale), CONCLUDING)
        return conclude(picture.picture_id, definition.criteria, found, said, raw)

    @cachedmethod(
        lambda self: self.captions,
        lambda _, picture: picture.picture_id,
        condition=lambda self: self.captioned,
    )
    def _caption(self, picture: PictureInput) -> str:
        """What is seen in a picture, asked once where it is judged and is an example of others at the same
        time. The question is the same for every definition, so that its answer is too; unless the concept has
        prompts of its own."""
        asked = self.prompts.messages(
            "annotate.caption", self.read_picture(picture, self.model.side or LOOKING_SIDE)
        )
        said = self.model.ask(asked, Caption, purpose=CAPTIONING)
        writing = f" Writing in the picture: {one_line(said.writing)}" if said.writing.strip() else ""
        return f"{one_line(said.caption)}{writing}"[:LONGEST_CAPTION]


class StandIn(ChatModel):
    """Stands in for a model, for estimates and previews: notes the first question of each purpose. Answers
    with what stands for a caption and for what is `seen` of each criterion; where it is to judge or propose,
    it raises `ModelAnswerError`."""

    def __init__(
        self, caption: str, seen: str, definition: Definition, name: str = "", endpoint: str = ""
    ) -> None:
        self.name = name
        self.endpoint = endpoint
        self.asked: dict[str, ModelQuestion[Any]] = {}
        numbers = range(1, 1 + (len(definition.criteria) or 1))
        found = [CriterionFinding(number=n, seen=seen, verdict="unclear") for n in numbers]
        self._answers: dict[str, dict[str, Any]] = {
            "Caption": {"caption": caption},
            "Findings": {"findings": found},
        }

    def _said(self, question: ModelQuestion[Answer]) -> Weighed[Answer]:
        self.asked.setdefault(question.purpose, question)
        if question.answer.__name__ in self._answers:
            return Weighed(question.answer.model_construct(**self._answers[question.answer.__name__]))
        raise ModelAnswerError("There is no model yet.", outcome="empty")
