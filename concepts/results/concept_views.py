"""A concept as screens, REST and the command line see it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from concepts.collaborator.setups import Setup
from concepts.definition.document import Revision
from concepts.definition.questions import DefinitionQuestion
from concepts.labelling.dataset import AnswerCount
from concepts.labelling.examples import ExampleView
from concepts.learning.scale import Scale
from concepts.results.quality import HeadView
from concepts.view import View


class ScaleView(View):
    """What is answered. `yes or no`; `graded`: `words` are the grades, of which those from `counts_from` on
    count, and `names` what each is called, if any is; `classes`: at most one of `words` is right."""

    kind: Literal["yes or no", "graded", "classes"] = "yes or no"
    words: tuple[str, ...] = ()
    counts_from: int = 0
    names: tuple[str, ...] = ()


class ConceptSummary(View):
    id: int
    name: str
    created: datetime
    revision: int
    description: str
    candidates: int
    answers: AnswerCount
    advice: str  # what more answers would bring
    heads: int
    cover: list[str]  # ids of up to three pictures that count, or look as if they did
    quality: str  # how good the newest version is, in words; empty where that was not measured
    next_screen: str  # where the next step is done
    next_step: str  # the words of its button
    steps: list[str]  # of its journey, in order
    steps_done: list[str]
    changed: datetime  # the last answer, definition or version


class ConceptView(View):
    id: int
    name: str
    created: datetime
    revision: Revision
    revisions: int
    candidates: int
    answers: AnswerCount
    advice: str  # what more answers would bring
    rare: str  # what it takes where few pictures count; empty where they are not known to be few
    annotated: int  # pictures that the machine labelled
    conflicts: list[str]  # picture ids
    heads: list[HeadView]
    scale: ScaleView = ScaleView()
    hint: str = ""  # who understands the description, and what to do, where it doesn't look like English


class ConceptPage(ConceptView):
    """With what takes longer to find out: the annotator that was chosen, examples and open questions."""

    annotator: Setup
    examples: list[ExampleView]
    questions: list[DefinitionQuestion]


def scale_view(scale: Scale | None) -> ScaleView:
    if scale is None:
        return ScaleView()
    return ScaleView(kind=scale.kind, words=scale.words, counts_from=scale.counts_from, names=scale.names)
