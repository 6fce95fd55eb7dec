"""What you want to recognise: definitions, revisions, what to search for, and the machine's labels."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Discriminator, Field, Tag

from concepts.collaborator import ANNOTATORS, AUTO
from concepts.collaborator.setups import Setup
from concepts.definition.document import Change, Definition
from concepts.definition.questions import DefinitionQuestion
from concepts.installation.activity import JobView
from concepts.learning.scale import FEWEST_GRADES, MOST_GRADES, Scale
from concepts.workbench import POOL_SIZE, Workbench
from concepts.workbench.concept_views import (
    ConceptSummary,
    ConceptView,
    RenamedConcept,
    RevisionView,
)
from web.api.shared import LONG, Accepted, AuthorName, Body, ConceptName, Limit, Offset, PictureId

Number = Annotated[int, Query(ge=1, le=2**31 - 1)]


NewName = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^/\\]*[^/\\\s][^/\\]*$")]


class Answered(Body):
    """What a concept is answered by. `yes or no`; `graded`: 1 to `grades`, of which those from `counts_from`
    on (without it the middle one) count as a yes, and `grade_names` are what the lowest and the highest, or
    all of them, are called; `classes`: one of these 2 to 9, or none of them."""

    kind: Literal["yes or no", "graded", "classes"] = "yes or no"
    grades: int = Field(5, ge=FEWEST_GRADES, le=MOST_GRADES)
    counts_from: int | None = Field(None, ge=2, le=MOST_GRADES)
    grade_names: list[str] = Field(default=[], max_length=MOST_GRADES)
    classes: list[str] = Field(default=[], max_length=9)

    def scale(self) -> Scale | None:
        if self.kind == "classes":
            return Scale.of_classes(self.classes)
        if self.kind == "graded":
            return Scale.graded(self.grades, self.counts_from, self.grade_names)
        return None


class NewConcept(Answered):
    """`name`: at most 120 characters without slashes and control characters. `description`: one sentence,
    what counts. `excluding`: what doesn't, a kind of picture each. `examples`: ids of pictures that count.
    `kind`: what it is answered by, with `grades` or `classes`."""

    name: NewName
    description: str = Field(min_length=1, max_length=2000, pattern=r"\S")
    excluding: list[Annotated[str, Field(max_length=300)]] = Field(default=[], max_length=50)
    examples: list[PictureId] = Field(default=[], max_length=50)


class ConceptFromAnother(Body):
    """`from`: the concept whose definition and history the new one gets; its labels too with `with_labels`.
    It has no versions, and test pictures of its own."""

    name: NewName
    source: str = Field(alias="from", min_length=1, max_length=120)
    with_labels: bool = False


# Which of the two a body is, so that what is said of a wrong one is about that one alone.
Beginning = Annotated[
    Annotated[NewConcept, Tag("new")] | Annotated[ConceptFromAnother, Tag("copy")],
    Discriminator(lambda body: "copy" if isinstance(body, dict) and "from" in body else "new"),
]


class Rename(Body):
    """`name`: as for a new concept."""

    name: NewName


class NewRevision(Body):
    """The whole definition as it shall be, but for the name: that is the concept's own. With `after`, the
    newest revision must be that one."""

    definition: Definition
    note: str = Field("", max_length=500)
    after: int | None = Field(None, ge=1, le=2**31 - 1)


class Run(BaseModel):
    """Words that stayed, were added or were removed."""

    change: Change
    text: str


class AnswerToQuestion(Body):
    """`said`: an offered answer, or words of one's own; empty skips the question. The newest revision must be
    `after`."""

    question: str = Field(min_length=1, max_length=300)
    said: str = Field("", max_length=300)
    after: int = Field(ge=1, le=2**31 - 1)


class MoreKinds(Body):
    """`signal`: the text of a necessary criterion; empty for the concept as a whole."""

    signal: str = Field("", max_length=300)


class Mine(Body):
    """`size`: how many pictures the pool shall hold."""

    size: int = Field(POOL_SIZE, ge=1, le=100_000)


class Annotate(Body):
    """`limit` in pictures, `budget` in US dollars. `auto` takes what was chosen for this concept, else the
    model that sees where one is set. `large`: by the model for doubtful pictures. `examples`: it is shown,
    beside each picture, similar ones that people answered. `repeats`: asked three times, which costs three
    times as much, where the endpoint doesn't tell how sure it is. `rounds`: after each the classifier chooses
    what is asked next, in the pool and beyond, until that changes little; 1: the pool, all at once; none: 5
    where a model is asked and there are more pictures than are asked about. `cascade`: the pool by the model,
    then the large one, each only where at least this share of what it decides is right; the rest is left to
    people. Pictures are drawn that people answer first."""

    limit: int | None = Field(None, ge=1, le=10_000_000)
    budget: float | None = Field(None, ge=0, le=1e9, allow_inf_nan=False)
    rounds: int | None = Field(None, ge=1, le=100)
    cascade: float | None = Field(None, ge=0.5, le=0.999)
    annotator: str = Field(AUTO, max_length=60, json_schema_extra={"enum": [AUTO, *ANNOTATORS]})
    large: bool = False
    examples: bool = False
    repeats: bool = False


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter()
    accepted = Accepted(workbench)

    @router.get("/concepts")
    def list_concepts(limit: Limit = 50, offset: Offset = 0) -> list[ConceptSummary]:
        """All concepts and how far they are, the first begun first."""
        return workbench.definitions.concepts(limit, offset)

    @router.post("/concepts", status_code=201)
    def create_concept(body: Beginning, author: AuthorName) -> ConceptView:
        """Begins a concept from a name and a sentence, or from another concept. Pictures to measure with are
        set aside meanwhile."""
        if isinstance(body, ConceptFromAnother):
            copy = workbench.catalogue.duplicate(
                body.source, body.name, labels=body.with_labels, author=author
            )
            return workbench.definitions.concept(copy)
        return workbench.definitions.begin_concept(
            body.name,
            body.description,
            excluding=body.excluding,
            examples=body.examples,
            author=author,
            scale=body.scale(),
        )

    @router.put("/concepts/{name}/scale")
    def set_scale(name: ConceptName, body: Answered) -> ConceptView:
        """Has a concept answered by grades, classes, or yes and no: as long as nobody has answered."""
        return workbench.definitions.set_scale(name, body.scale())

    @router.get("/concepts/{name}")
    def get_concept(name: ConceptName, revision: Number | None = None) -> ConceptView:
        """The definition, the answers so far and every trained version."""
        return workbench.definitions.concept(name, revision=revision)

    @router.post("/concepts/{name}/rename")
    def rename_concept(name: ConceptName, body: Rename, author: AuthorName) -> RenamedConcept:
        """Gives a concept another name. The old one leads to it until another concept gets that."""
        return workbench.catalogue.rename(name, body.name, author=author)

    @router.get("/concepts/{name}/revisions")
    def list_revisions(name: ConceptName, limit: Limit = 50, offset: Offset = 0) -> list[RevisionView]:
        """Every definition this concept had, the oldest first."""
        return workbench.definitions.revisions(name, limit, offset)

    @router.post("/concepts/{name}/revisions", status_code=201)
    def revise_concept(name: ConceptName, body: NewRevision, author: AuthorName) -> RevisionView:
        """Keeps an edited definition as the next revision. Older ones stay."""
        return workbench.definitions.revise(
            name, body.definition, author=author, note=body.note, after=body.after
        )

    @router.get("/concepts/{name}/diff")
    def diff_revisions(name: ConceptName, before: Number, after: Number) -> list[Run]:
        """What changed between two revisions, word by word."""
        return [
            Run(change=change, text=text) for change, text in workbench.definitions.diff(name, before, after)
        ]

    @router.post("/concepts/{name}/expand", **LONG)
    def expand_concept(name: ConceptName, response: Response) -> JobView:
        """Proposes criteria, kinds of pictures and searches; kept as a new revision."""
        return accepted(workbench.definitions.submit_expand(name), response)

    @router.post("/concepts/{name}/questions", **LONG)
    def ask_questions(name: ConceptName, response: Response) -> JobView:
        """Thinks of at most three questions to the person."""
        return accepted(workbench.scoping.submit_ask(name), response)

    @router.get("/concepts/{name}/questions")
    def list_questions(name: ConceptName) -> list[DefinitionQuestion]:
        """Those that were asked last and are open."""
        return workbench.scoping.questions(name)

    @router.post("/concepts/{name}/questions/answer", status_code=201)
    def answer_question(name: ConceptName, body: AnswerToQuestion, author: AuthorName) -> RevisionView:
        """Answers an open question, or skips it; what it means is kept as the next revision."""
        return workbench.scoping.answer(name, body.question, body.said, author=author, after=body.after)

    @router.post("/concepts/{name}/kinds", **LONG)
    def propose_kinds(name: ConceptName, body: MoreKinds, response: Response) -> JobView:
        """Proposes up to three more kinds of pictures; kept as a new revision."""
        return accepted(workbench.scoping.submit_more_kinds(name, body.signal), response)

    @router.post("/concepts/{name}/mine", **LONG)
    def mine_concept(name: ConceptName, body: Mine, response: Response) -> JobView:
        """Searches the library for pictures worth looking at."""
        return accepted(workbench.definitions.submit_mine(name, size=body.size), response)

    @router.post("/concepts/{name}/annotate", **LONG)
    def annotate_concept(name: ConceptName, body: Annotate, response: Response) -> JobView:
        """Has the machine label the pool, with a reason for each picture."""
        job_id = workbench.annotations.submit(
            name,
            limit=body.limit,
            budget=body.budget,
            rounds=body.rounds,
            cascade=body.cascade,
            setup=Setup(body.annotator, body.large, body.examples, body.repeats),
        )
        return accepted(job_id, response)

    return router
