"""The prompts that judge and propose: reading, editing, and seeing what will be sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from io import BytesIO
from itertools import islice
from typing import Annotated, Any

from PIL import Image
from pydantic import Field

from concepts.collaborator import ambiguities, by_model, writing
from concepts.collaborator.ambiguities import argued
from concepts.collaborator.base import FailedAnnotation, PictureInput
from concepts.collaborator.by_model import DecomposedAnnotator, StandIn, VlmAnnotator
from concepts.collaborator.prompt_parts import LOOKING_SIDE, answered, read_picture
from concepts.collaborator.proposals import nouns_of_examples
from concepts.collaborator.setups import Machines, example_pool, machines_of, picture_inputs, prompts_of
from concepts.collaborator.writing import Differences, Wordings, differences_asked_for, wordings_asked_for
from concepts.definition import tree
from concepts.definition.questions import ask
from concepts.definition.revisions import Run, runs
from concepts.definition.tree import propose_kinds, propose_tree
from concepts.definition.vocabulary import Vocabulary
from concepts.encoders.sentences import SentenceEncoder
from concepts.errors import DiscernError, ModelAnswerError
from concepts.labelling.training_data import TrainingData, training_data_of
from concepts.language import Role, chat_model
from concepts.language.base import ChatModel
from concepts.language.capabilities import CapabilityMemory
from concepts.language.prompts import checked, default, editable
from concepts.use_cases import Concept, use_case
from concepts.use_cases.parameters import AuthorName
from concepts.view import View

# What is known only after the step before it.
CAPTION = "(here: what the step before says that the picture shows)"
SEEN = "(here: what the step before has seen)"
MACHINE = "(here: what the machine says of the picture)"
ANSWERS = "(here: a line for each of up to 30 pictures you labelled, with what the machine says of it)"
TRIED = "(here: the wordings tried so far, with what each would mend and break)"
REASONS = "(here: a line for each picture, with why the machine says so)"
# Prompt → the purpose of the question in which it is sent.
PURPOSES = {
    "annotate": by_model.ANNOTATING,
    "annotate.caption": by_model.CAPTIONING,
    "annotate.question": by_model.LOOKING,
    "annotate.verdict": by_model.CONCLUDING,
    "doubt": ambiguities.PURPOSE,
    "scope.questions": tree.PURPOSE,
    "scope.kinds": tree.PURPOSE,
    "scope.tree": tree.PURPOSE,
    "reword": writing.PURPOSE,
    "differ": writing.PURPOSE,
}
# Purpose → whom it is asked of, where that isn't who annotates.
ROLES: dict[str, Role] = {
    ambiguities.PURPOSE: "annotating",
    tree.PURPOSE: "scoping",
    writing.PURPOSE: "criticising",
}
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


@use_case("GET /concepts/{name}/prompts", command="concept prompts list")
def prompts_in_use(concept: Concept) -> list[PromptView]:
    """Every prompt that can be edited, as it is used for this concept."""
    used = prompts_of(concept)
    own = concept.app.prompt_texts.own(concept.id)
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


@use_case(command="concept prompts show")
def prompt_in_use(concept: Concept, prompt: PromptName) -> PromptView:
    """A prompt as it is used for this concept. Raises `UnknownPromptError`."""
    wanted = default(prompt).name
    return next(view for view in prompts_in_use(concept) if view.name == wanted)


@use_case("PUT /concepts/{name}/prompts/{prompt}", command="concept prompts set", audit="changed a prompt")
def set_prompt(concept: Concept, prompt: PromptName, text: PromptText, *, author: AuthorName) -> PromptView:
    """Give the concept a text of its own. It has to use exactly the variables of the default.

    Raises `UnknownPromptError`, `OtherVariablesError`.
    """
    text = "\n".join(text.strip().splitlines())
    if len(text) > LONGEST:
        raise DiscernError(f"A prompt has at most {LONGEST:,} characters; this one has {len(text):,}.")
    file = default(prompt).text
    kept = "" if text in ("", file) else checked(prompt, text).text
    before = concept.app.prompt_texts.own(concept.id).get(prompt)
    if kept != (before.text if before else ""):
        concept.app.prompt_texts.add(concept.id, prompt, kept, author)
    return prompt_in_use(concept, prompt)


@use_case("GET /concepts/{name}/prompts/{prompt}/diff", command="concept prompts diff")
def prompt_changes(concept: Concept, prompt: PromptName) -> list[Run]:
    """What the concept's own text changes in the default, word by word."""
    return runs(default(prompt).text, prompt_in_use(concept, prompt).text)


def pictures_to_preview(concept: Concept, n: int) -> list[str]:
    """Ids of some pictures that a preview can show."""
    return list(dict.fromkeys(islice(_free(training_data_of(concept)), n)))


@use_case("GET /concepts/{name}/prompts/{prompt}/preview", command="concept prompts preview")
def preview_prompt(concept: Concept, prompt: PromptName, picture: PictureId = None) -> Preview:
    """What a model will be sent with this prompt, and which picture at which size."""
    name = default(prompt).name.rpartition(".")[0]  # both that are sent together are shown
    machines = machines_of(concept)
    purpose = PURPOSES[name]
    role = ROLES.get(purpose, machines.setup.role)
    model = chat_model(machines.settings, role, machines.ledger)
    endpoint, by = (model.endpoint, model.name) if model else ("", "")
    asking = StandIn(CAPTION, SEEN, machines.training_data.revision.definition, by, endpoint)
    ids: dict[bytes, str] = {}  # of the pictures, by how they are sent
    if name.startswith(("annotate", "doubt")):
        _ask_about_a_picture(name, machines, picture, asking, ids)
    else:
        definition, prompts = machines.training_data.revision.definition, machines.prompts
        with suppress(ModelAnswerError):
            if name == "scope.questions":
                ask(definition, asking, prompts)
            elif name == "scope.kinds":
                propose_kinds(definition, asking, "", prompts)
            elif name == "scope.tree":
                vocabulary = Vocabulary(SentenceEncoder().encode)
                hints = nouns_of_examples(concept, vocabulary)
                propose_tree(definition, asking, hints, prompts=prompts)
            elif name == "reword":
                wordings = wordings_asked_for(definition, ANSWERS, TRIED, prompts)
                asking.ask(wordings, Wordings, purpose=writing.PURPOSE)
            else:
                differences = differences_asked_for(definition, REASONS, REASONS, prompts)
                asking.ask(differences, Differences, purpose=writing.PURPOSE)
    question = asking.asked[purpose]
    dialect, _ = CapabilityMemory(machines.settings.cache, endpoint, by).dialect
    sent = dialect.messages(list(question.messages), question)
    parameters = dialect.body(question, sent)
    del parameters["messages"]
    return Preview(
        endpoint=endpoint,
        model=by,
        picture=next((ids[message.pictures[-1]] for message in sent if message.pictures), None),
        messages=[
            SentMessage(
                role=message.role,
                text=message.text,
                pictures=[_sent_picture(ids[jpeg], jpeg) for jpeg in message.pictures],
            )
            for message in sent
        ],
        parameters=parameters,
    )


def _ask_about_a_picture(
    name: str, machines: Machines, picture_id: str | None, model: ChatModel, ids: dict[bytes, str]
) -> None:
    """As the annotators do it. Raises `DiscernError` for a picture that measures, or can't be read."""
    training_data, definition = machines.training_data, machines.training_data.revision.definition
    if picture_id is not None and picture_id in training_data.reserved:
        # Rule 4: no prompt is tuned on a picture that measures.
        raise DiscernError("This picture, or one that looks the same, is a test picture. Choose another one.")
    chosen = picture_id or next(_free(training_data), None)
    found = picture_inputs(training_data, [chosen]) if chosen else []
    if not found:
        raise DiscernError("There is no such picture to show." if chosen else "There is no picture yet.")
    picture = found[0]

    def read(one: PictureInput, side: int) -> bytes:
        jpeg = read_picture(one, side)
        ids[jpeg] = one.picture_id
        return jpeg

    if name == "doubt":
        jpeg = read(picture, model.side or LOOKING_SIDE)
        said = {picture.picture_id: MACHINE}
        argued(definition, [picture.picture_id], lambda i: jpeg, said, model, 1, machines.prompts)
        return
    shows_examples = machines.setup.examples
    annotator = (VlmAnnotator if name == "annotate" else DecomposedAnnotator)(
        model,
        concurrency=1,
        read_picture=read,
        examples=example_pool(answered(training_data), training_data) if shows_examples else None,
        prompts=machines.prompts,
        scale=training_data.scale,
    )
    [result] = annotator.annotate(training_data.revision, [picture])
    if not ids and isinstance(result, FailedAnnotation):
        raise DiscernError(result.reason)


def _free(dataset: TrainingData) -> Iterator[str]:
    """Those that don't measure, nor look like one that does: of the pool first, then of the library."""
    return (i for i in [*dataset.candidates, *dataset.index.ids] if i not in dataset.reserved)


def _sent_picture(picture_id: str, jpeg: bytes) -> SentPicture:
    width, height = Image.open(BytesIO(jpeg)).size
    return SentPicture(id=picture_id, width=width, height=height, bytes=len(jpeg))
