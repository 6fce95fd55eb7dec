"""What will be sent to a model: made by the code that asks, in the dialect that the endpoint takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import Any

from PIL import Image
from pydantic import BaseModel

from concepts.collaborator import decomposed, vlm
from concepts.collaborator.ambiguities import Doubt, doubt_asked_for
from concepts.collaborator.annotation_replies import (
    Caption,
    Conclusion,
    CriterionFinding,
    findings,
    picture_verdict,
)
from concepts.collaborator.base import Example, PictureInput
from concepts.collaborator.confidence import RATING
from concepts.collaborator.examples import answered
from concepts.collaborator.making import example_pool, picture_inputs
from concepts.collaborator.prompt_pictures import EXAMPLE_SIDE, LOOKING_SIDE, read_picture, side_for
from concepts.collaborator.writing import (
    Differences,
    Wordings,
    differences_asked_for,
    wordings_asked_for,
)
from concepts.definition.questions import Questions, questions_asked_for
from concepts.definition.tree import MoreKinds, Proposal, kinds_asked_for, tree_asked_for
from concepts.definition.vocabulary import Vocabulary
from concepts.encoders.sentences import SentenceEncoder
from concepts.errors import DiscernError
from concepts.labelling.dataset import ConceptDataset
from concepts.language import Role, chat_model
from concepts.language.base import Message
from concepts.language.capabilities import CapabilityMemory
from concepts.language.prompts import PromptFiles
from concepts.language.question import ModelQuestion
from concepts.language.wire import body
from concepts.view import View
from concepts.workbench.context import Context
from concepts.workbench.definition import nouns_of_examples
from storage.tables import ConceptRow

# What is known only after the step before it.
CAPTION = "(here: what the step before says that the picture shows)"
SEEN = "(here: what the step before has seen)"
MACHINE = "(here: what the machine says of the picture)"
ANSWERS = "(here: a line for each of up to 30 pictures you answered, with what the machine says of it)"
TRIED = "(here: the wordings tried so far, with what each would mend and break)"
REASONS = "(here: a line for each picture, with why the machine says so)"


class SentPicture(View):
    """A picture as it is sent, in px and bytes of JPEG."""

    id: str
    width: int
    height: int
    bytes: int


class SentMessage(View):
    role: str
    text: str
    pictures: list[SentPicture]


class Preview(View):
    """One request. `parameters` is all of its body but the messages: model, form of the answer, limits.
    `endpoint` is empty where no model is set for this, and the parameters are those of a strict endpoint."""

    endpoint: str
    model: str
    picture: str | None
    messages: list[SentMessage]
    parameters: dict[str, Any]


@dataclass(frozen=True)
class _Step:
    """A question with its form, and the pictures' ids in the order in which they are shown."""

    messages: list[Message]
    answer: type[BaseModel]
    role: Role
    field: str | None = None
    shown: Sequence[str] = ()


class Previews:
    """Of one concept's prompts, as its newest definition fills them in."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def of(self, concept: ConceptRow, prompt: str, picture_id: str | None) -> Preview:
        """`prompt`: the name of one that can be edited; both that are sent together are shown. Raises
        `DiscernError` for a picture that measures, and what reading a picture raises."""
        dataset, prompts = self._context.dataset(concept), self._context.prompts(concept.id)
        name = prompt.rpartition(".")[0]
        if name in _ABOUT_PICTURES:
            picture = self._picture(dataset, picture_id)
            step = _ABOUT_PICTURES[name](self, concept, dataset, picture, prompts)
            return self._sent(step, picture.picture_id if step.shown else None)
        return self._sent(self._about_words(name, concept, dataset, prompts), None)

    def pictures(self, concept: ConceptRow, n: int) -> list[str]:
        """The first of those to choose from."""
        return list(dict.fromkeys(islice(_free(self._context.dataset(concept)), n)))

    def _about_words(
        self, name: str, concept: ConceptRow, dataset: ConceptDataset, prompts: PromptFiles
    ) -> _Step:
        definition = dataset.revision.definition
        if name == "scope.questions":
            return _Step(questions_asked_for(definition, prompts), Questions, "scoping")
        if name == "scope.kinds":
            return _Step(kinds_asked_for(definition, "", prompts), MoreKinds, "scoping")
        if name == "scope.tree":
            vocabulary = Vocabulary(SentenceEncoder().encode)
            hints = nouns_of_examples(self._context, concept, vocabulary)
            return _Step(tree_asked_for(definition, hints, prompts), Proposal, "scoping")
        if name == "reword":
            return _Step(wordings_asked_for(definition, ANSWERS, TRIED, prompts), Wordings, "criticising")
        messages = differences_asked_for(definition, REASONS, REASONS, prompts)
        return _Step(messages, Differences, "criticising")

    def _annotate(
        self, concept: ConceptRow, dataset: ConceptDataset, picture: PictureInput, prompts: PromptFiles
    ) -> _Step:
        setup, definition = self._context.setup(concept.id), dataset.revision.definition
        near: tuple[Example, ...] = ()
        if setup.examples:
            said = answered(dataset, self._context.log)
            near = example_pool(said, dataset, self._context.collection).like(picture)
        shown = [(one, read_picture(one.picture, EXAMPLE_SIDE)) for one in near]
        jpeg = read_picture(picture, side_for(definition))
        messages = vlm.question(definition, jpeg, shown, prompts)
        answer = picture_verdict(len(definition.criteria))
        ids = [*(one.picture.picture_id for one in near), picture.picture_id]
        return _Step(messages, answer, setup.role, RATING, ids)

    def _caption(
        self, concept: ConceptRow, dataset: ConceptDataset, picture: PictureInput, prompts: PromptFiles
    ) -> _Step:
        messages = decomposed.caption_question(read_picture(picture, LOOKING_SIDE), prompts)
        return _Step(messages, Caption, self._context.setup(concept.id).role, shown=[picture.picture_id])

    def _criteria(
        self, concept: ConceptRow, dataset: ConceptDataset, picture: PictureInput, prompts: PromptFiles
    ) -> _Step:
        definition = dataset.revision.definition
        jpeg = read_picture(picture, side_for(definition))
        messages = decomposed.criteria_question(definition, jpeg, prompts)
        answer = findings(len(definition.criteria) or 1)
        return _Step(messages, answer, self._context.setup(concept.id).role, shown=[picture.picture_id])

    def _verdict(
        self, concept: ConceptRow, dataset: ConceptDataset, picture: PictureInput, prompts: PromptFiles
    ) -> _Step:
        definition = dataset.revision.definition
        numbers = range(1, 1 + (len(definition.criteria) or 1))
        found = [CriterionFinding(number=n, seen=SEEN, verdict="unclear") for n in numbers]
        messages = decomposed.verdict_question(definition, CAPTION, found, (), prompts)
        return _Step(messages, Conclusion, self._context.setup(concept.id).role, RATING)

    def _doubt(
        self, concept: ConceptRow, dataset: ConceptDataset, picture: PictureInput, prompts: PromptFiles
    ) -> _Step:
        jpeg = read_picture(picture, LOOKING_SIDE)
        messages = doubt_asked_for(dataset.revision.definition, MACHINE, jpeg, prompts)
        return _Step(messages, Doubt, "annotating", shown=[picture.picture_id])

    def _picture(self, dataset: ConceptDataset, picture_id: str | None) -> PictureInput:
        """Rule 4: no prompt is tuned on a picture that measures."""
        if picture_id is not None and picture_id in dataset.reserved:
            raise DiscernError(
                "This picture, or one that looks the same, is set aside to measure with. Choose another one."
            )
        chosen = picture_id or next(_free(dataset), None)
        found = picture_inputs(dataset, self._context.collection, [chosen]) if chosen else []
        if not found:
            raise DiscernError("There is no such picture to show." if chosen else "There is no picture yet.")
        return found[0]

    def _sent(self, step: _Step, picture_id: str | None) -> Preview:
        settings = self._context.settings
        model = chat_model(settings, step.role, self._context.ledger)
        endpoint, name = (model.endpoint, model.name) if model else ("", "")
        dialect, _ = CapabilityMemory(settings.cache, endpoint, name).dialect
        question = ModelQuestion(endpoint, name, tuple(step.messages), step.answer, "", field=step.field)
        asked = dialect.messages(step.messages, question.form)
        sent = body(question, dialect, asked)
        ids = iter(step.shown)
        return Preview(
            endpoint=endpoint,
            model=name,
            picture=picture_id,
            messages=[
                SentMessage(
                    role=message.role,
                    text=message.text,
                    pictures=[_sent_picture(next(ids), jpeg) for jpeg in message.pictures],
                )
                for message in asked
            ],
            parameters={key: value for key, value in sent.items() if key != "messages"},
        )


_ABOUT_PICTURES: dict[
    str, Callable[[Previews, ConceptRow, ConceptDataset, PictureInput, PromptFiles], _Step]
] = {
    "annotate": Previews._annotate,
    "annotate.caption": Previews._caption,
    "annotate.question": Previews._criteria,
    "annotate.verdict": Previews._verdict,
    "doubt": Previews._doubt,
}


def _free(dataset: ConceptDataset) -> Iterator[str]:
    """Those that don't measure, nor look like one that does: of the pool first, then of the library."""
    return (i for i in [*dataset.candidates, *dataset.index.ids] if i not in dataset.reserved)


def _sent_picture(picture_id: str, jpeg: bytes) -> SentPicture:
    width, height = Image.open(BytesIO(jpeg)).size
    return SentPicture(id=picture_id, width=width, height=height, bytes=len(jpeg))
