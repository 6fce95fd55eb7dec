"""The prompts that judge and propose: reading, editing, and seeing what will be sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

from PIL import Image
from pydantic import BaseModel, Field

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
from concepts.collaborator.model_annotator import RATING
from concepts.collaborator.prompt_parts import EXAMPLE_SIDE, LOOKING_SIDE, answered, read_picture, side_for
from concepts.collaborator.setups import example_pool, picture_inputs
from concepts.collaborator.writing import Differences, Wordings, differences_asked_for, wordings_asked_for
from concepts.definition.document import Change, word_diff
from concepts.definition.questions import Questions, questions_asked_for
from concepts.definition.tree import MoreKinds, Proposal, kinds_asked_for, tree_asked_for
from concepts.definition.vocabulary import Vocabulary
from concepts.encoders.sentences import SentenceEncoder
from concepts.errors import DiscernError
from concepts.labelling.dataset import ConceptDataset
from concepts.language import Role, chat_model
from concepts.language.base import Message, ModelQuestion
from concepts.language.capabilities import CapabilityMemory
from concepts.language.dialects import body
from concepts.language.prompts import checked, default, editable
from concepts.view import View
from concepts.workbench.definition import nouns_of_examples
from concepts.workbench.operation import AuthorName, operation

if TYPE_CHECKING:
    from concepts.workbench.concept import Concept

# What is known only after the step before it.
CAPTION = "(here: what the step before says that the picture shows)"
SEEN = "(here: what the step before has seen)"
MACHINE = "(here: what the machine says of the picture)"
ANSWERS = "(here: a line for each of up to 30 pictures you answered, with what the machine says of it)"
TRIED = "(here: the wordings tried so far, with what each would mend and break)"
REASONS = "(here: a line for each picture, with why the machine says so)"
LONGEST = 20_000  # characters: more than fits beside a picture in a small model's context

PromptName = Annotated[str, Field(max_length=60, description="Such as `annotate.user`.")]
PromptText = Annotated[str, Field(description="The whole text; an empty one goes back to the default.")]
PictureId = Annotated[
    str | None,
    Field(pattern=r"^[0-9a-f]{64}$", description="The picture to show; else the first candidate."),
]


class PromptView(View):
    """A prompt as it is used for a concept. `version` is a hash of the text. Where it is the concept's `own`,
    `author` and `created` say whose text it is."""

    name: str
    text: str
    version: str
    variables: list[str]
    own: bool
    author: str = ""
    created: datetime | None = None


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


class Prompts:
    """The prompts of a concept. The files hold until somebody writes another text."""

    def __init__(self, concept: Concept) -> None:
        self._concept, self._context = concept, concept.context

    @operation("GET /prompts")
    def all(self) -> list[PromptView]:
        """Every prompt that can be edited, as it is used for this concept."""
        used = self._context.prompts(self._concept.id)
        own = self._context.prompt_texts.own(self._concept.id)
        views = []
        for one in editable():
            prompt, kept = used[one], own.get(one)
            views.append(
                PromptView(
                    name=one,
                    text=prompt.text,
                    version=prompt.version,
                    variables=sorted(prompt.variables),
                    own=kept is not None,
                    author=kept.author if kept else "",
                    created=kept.created if kept else None,
                )
            )
        return views

    def get(self, prompt: str) -> PromptView:
        """Raises `UnknownPromptError`."""
        wanted = default(prompt).name
        return next(view for view in self.all() if view.name == wanted)

    @operation("PUT /prompts/{prompt}", audit="changed a prompt")
    def set(self, prompt: PromptName, text: PromptText, *, author: AuthorName) -> PromptView:
        """Give the concept a text of its own. It has to use exactly the variables of the default.

        Raises `UnknownPromptError`, `OtherVariablesError`.
        """
        text = "\n".join(text.strip().splitlines())
        if len(text) > LONGEST:
            raise DiscernError(f"A prompt has at most {LONGEST:,} characters; this one has {len(text):,}.")
        file = default(prompt).text
        kept = "" if text in ("", file) else checked(prompt, text).text
        before = self._context.prompt_texts.own(self._concept.id).get(prompt)
        if kept != (before.text if before else ""):
            self._context.prompt_texts.add(self._concept.id, prompt, kept, author)
        return self.get(prompt)

    def diff(self, prompt: str) -> list[tuple[Change, str]]:
        """From the default to the text that is used, word by word."""
        return word_diff(default(prompt).text, self.get(prompt).text)

    def pictures(self, n: int) -> list[str]:
        """Ids of some pictures that a preview can show."""
        return list(dict.fromkeys(islice(_free(self._context.dataset(self._concept.row)), n)))

    @operation("GET /prompts/{prompt}/preview")
    def preview(self, prompt: PromptName, picture: PictureId = None) -> Preview:
        """What a model will be sent with this prompt, and which picture at which size."""
        self.get(prompt)
        return _Steps(self._concept).preview(prompt, picture)


@dataclass(frozen=True)
class _Step:
    """A question with its form, and the pictures' ids in the order in which they are shown."""

    messages: list[Message]
    answer: type[BaseModel]
    role: Role
    field: str | None = None
    shown: Sequence[str] = ()


class _Steps:
    """What a concept's models are asked, made by the code that asks, as its newest definition fills it in."""

    def __init__(self, concept: Concept) -> None:
        self._concept, self._context = concept, concept.context
        self._dataset, self._prompts = self._context.dataset(concept.row), self._context.prompts(concept.id)
        self._definition = self._dataset.revision.definition
        self._setup = self._context.setup(concept.id)

    def preview(self, prompt: str, picture_id: str | None) -> Preview:
        """`prompt`: the name of one that can be edited; both that are sent together are shown. Raises
        `DiscernError` for a picture that measures, and what reading a picture raises."""
        name = prompt.rpartition(".")[0]
        if name in _ABOUT_PICTURES:
            picture = self._picture(picture_id)
            step = _ABOUT_PICTURES[name](self, picture)
            return self._sent(step, picture.picture_id if step.shown else None)
        return self._sent(self._about_words(name), None)

    def _about_words(self, name: str) -> _Step:
        definition, prompts = self._definition, self._prompts
        if name == "scope.questions":
            return _Step(questions_asked_for(definition, prompts), Questions, "scoping")
        if name == "scope.kinds":
            return _Step(kinds_asked_for(definition, "", prompts), MoreKinds, "scoping")
        if name == "scope.tree":
            vocabulary = Vocabulary(SentenceEncoder().encode)
            hints = nouns_of_examples(self._context, self._concept.row, vocabulary)
            return _Step(tree_asked_for(definition, hints, prompts), Proposal, "scoping")
        if name == "reword":
            return _Step(wordings_asked_for(definition, ANSWERS, TRIED, prompts), Wordings, "criticising")
        messages = differences_asked_for(definition, REASONS, REASONS, prompts)
        return _Step(messages, Differences, "criticising")

    def annotate(self, picture: PictureInput) -> _Step:
        near: tuple[Example, ...] = ()
        if self._setup.examples:
            near = example_pool(answered(self._dataset), self._dataset).like(picture)
        shown = [(one, read_picture(one.picture, EXAMPLE_SIDE)) for one in near]
        jpeg = read_picture(picture, side_for(self._definition))
        messages = vlm.question(self._definition, jpeg, shown, self._prompts)
        answer = picture_verdict(len(self._definition.criteria))
        ids = [*(one.picture.picture_id for one in near), picture.picture_id]
        return _Step(messages, answer, self._setup.role, RATING, ids)

    def caption(self, picture: PictureInput) -> _Step:
        messages = decomposed.caption_question(read_picture(picture, LOOKING_SIDE), self._prompts)
        return _Step(messages, Caption, self._setup.role, shown=[picture.picture_id])

    def criteria(self, picture: PictureInput) -> _Step:
        jpeg = read_picture(picture, side_for(self._definition))
        messages = decomposed.criteria_question(self._definition, jpeg, self._prompts)
        answer = findings(len(self._definition.criteria) or 1)
        return _Step(messages, answer, self._setup.role, shown=[picture.picture_id])

    def verdict(self, picture: PictureInput) -> _Step:
        numbers = range(1, 1 + (len(self._definition.criteria) or 1))
        found = [CriterionFinding(number=n, seen=SEEN, verdict="unclear") for n in numbers]
        messages = decomposed.verdict_question(self._definition, CAPTION, found, (), self._prompts)
        return _Step(messages, Conclusion, self._setup.role, RATING)

    def doubt(self, picture: PictureInput) -> _Step:
        jpeg = read_picture(picture, LOOKING_SIDE)
        messages = doubt_asked_for(self._definition, MACHINE, jpeg, self._prompts)
        return _Step(messages, Doubt, "annotating", shown=[picture.picture_id])

    def _picture(self, picture_id: str | None) -> PictureInput:
        """Rule 4: no prompt is tuned on a picture that measures."""
        dataset = self._dataset
        if picture_id is not None and picture_id in dataset.reserved:
            raise DiscernError(
                "This picture, or one that looks the same, is set aside to measure with. Choose another one."
            )
        chosen = picture_id or next(_free(dataset), None)
        found = picture_inputs(dataset, [chosen]) if chosen else []
        if not found:
            raise DiscernError("There is no such picture to show." if chosen else "There is no picture yet.")
        return found[0]

    def _sent(self, step: _Step, picture_id: str | None) -> Preview:
        settings = self._context.settings
        model = chat_model(settings, step.role, self._context.ledger)
        endpoint, name = (model.endpoint, model.name) if model else ("", "")
        dialect, _ = CapabilityMemory(settings.cache, endpoint, name).dialect
        question = ModelQuestion(endpoint, name, tuple(step.messages), step.answer, "", field=step.field)
        asked = dialect.messages(step.messages, question)
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


_ABOUT_PICTURES: dict[str, Callable[[_Steps, PictureInput], _Step]] = {
    "annotate": _Steps.annotate,
    "annotate.caption": _Steps.caption,
    "annotate.question": _Steps.criteria,
    "annotate.verdict": _Steps.verdict,
    "doubt": _Steps.doubt,
}


def _free(dataset: ConceptDataset) -> Iterator[str]:
    """Those that don't measure, nor look like one that does: of the pool first, then of the library."""
    return (i for i in [*dataset.candidates, *dataset.index.ids] if i not in dataset.reserved)


def _sent_picture(picture_id: str, jpeg: bytes) -> SentPicture:
    width, height = Image.open(BytesIO(jpeg)).size
    return SentPicture(id=picture_id, width=width, height=height, bytes=len(jpeg))
