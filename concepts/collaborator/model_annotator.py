"""What annotators that ask a model have in common: what they are made from, batches, fingerprints."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, Self, TypeVar

from concepts.collaborator.annotation_replies import (
    LONGEST_CAPTION,
    Conclusion,
    CriterionFinding,
    PictureVerdict,
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
    read_picture,
)
from concepts.definition.document import Definition, Revision
from concepts.errors import ModelAnswerError, ModelCallError, NoModelError
from concepts.language.base import Answer, ChatModel, Message, ModelQuestion, Weighed
from concepts.language.prompts import DEFAULTS, PromptFiles
from concepts.learning.machine_labels import chance_by_repeats, chance_by_tokens
from concepts.learning.scale import Scale

SCALE = "scale"  # the prompt of what is answered by grades or classes
RATING = "rating"  # the field whose token tells how sure a model is
REPEATS = (1, 2)  # samples beside the likeliest answer, where they are asked for: three calls in place of one

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

    @classmethod
    def prepare(cls, supplies: Supplies) -> Self:
        model = supplies.model()
        if model is None:
            raise NoModelError("annotating")
        return cls(
            model,
            concurrency=supplies.concurrency,
            examples=supplies.examples,
            repeats=supplies.repeats,
            prompts=supplies.prompts,
            scale=supplies.scale,
        )

    @classmethod
    def asks(
        cls, definition: Definition, *, examples: bool, prompts: PromptFiles = DEFAULTS
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
            annotator._judge(definition, NO_PICTURE)
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

    def _rate(self, messages: list[Message], answer: type[Said], purpose: str) -> tuple[Said, float | None]:
        """The likeliest answer, and how likely a yes is: by the endpoint's own probabilities where it tells
        them, else with `repeats` by asking again. None where neither says."""
        messages = self._on_scale(messages)
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

    def _on_scale(self, messages: list[Message]) -> list[Message]:
        """The question, and what it can be answered by where that is more than yes and no."""
        if self.scale is None:
            return messages
        *before, last = messages
        asked = self.prompts[SCALE].render(answers=answers_text(self.scale), counts=counts_text(self.scale))
        return [*before, replace(last, text=f"{last.text}\n\n{asked}")]

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
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]
        return f"{method}:{self.model.name[:100]}:{digest}"


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


class InFlight:
    """Of several threads that want the same text at the same time one gets it for all; nothing is kept beyond
    that, since answers are cached where they are paid for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._going: dict[str, Future[str]] = {}

    def once(self, key: str, make: Callable[[], str]) -> str:
        with self._lock:
            going = self._going.get(key)
            mine = Future[str]()
            if going is None:
                self._going[key] = mine
        if going is not None:
            return going.result()
        try:
            mine.set_result(make())
        except BaseException as error:
            mine.set_exception(error)
        finally:
            with self._lock:
                del self._going[key]
        return mine.result()
