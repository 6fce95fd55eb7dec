"""What the Workbench hands to the screens, REST and the command line: plain values that serialise."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from concepts.classifier.quality import HeadView
from concepts.definition.document import CriterionKind, Definition
from concepts.view import View


class CriterionView(View):
    """A criterion with its place in the definition and where it came from, in words."""

    index: int
    kind: CriterionKind
    text: str
    origin: str
    proposed: bool  # and not yet kept: the next proposal replaces it


class DeletedConcept(View):
    id: int
    name: str
    deleted: datetime


class ConceptSummary(View):
    name: str
    created: datetime
    revision: int
    description: str
    candidates: int
    labels_by_people: int
    simulated: int  # of them, by no real person
    evaluation_labelled: int
    heads: int
    cover: list[str]  # ids of up to three pictures that count, or that were found first
    quality: str  # newest figures in words, empty where there are none
    next_screen: str  # where the journey goes on
    next_step: str  # its name
    steps_done: list[str]
    changed: datetime  # the last answer, definition or version


class LabelCounts(View):
    """What people said so far. `train` and `evaluation` hold yes, no, unsure, skip and conflict."""

    train: dict[str, int]
    evaluation: dict[str, int]
    annotated: int
    evaluation_size: int
    simulated: int  # decisions in which no real person had a part


class RevisionView(View):
    number: int
    author: str
    note: str
    created: datetime
    definition: Definition


class ConceptView(View):
    name: str
    created: datetime
    revision: RevisionView
    revisions: int
    candidates: int
    labels: LabelCounts
    conflicts: list[str]  # picture ids
    heads: list[HeadView]


class GivenAnswer(View):
    """An answer that stands. `key` is what it was committed under, and what undoes it alone."""

    id: str
    path: str
    value: str
    key: str
    purpose: Literal["train", "evaluation"]


class JobView(View):
    """Long work. `state`: queued, running, interrupted (goes on by itself), done, failed, cancelled."""

    id: int
    kind: str
    concept: str | None
    state: str
    done: int
    total: int | None
    message: str
    error: str
    result: dict[str, Any] | None
    rate: float | None  # steps a second, once it says something
    seconds: float | None
    seconds_left: float | None
    cancel_requested: bool
    created: datetime
    started: datetime | None
    finished: datetime | None


class CallView(View):
    """A call to a model endpoint, answered or not. `cost_usd` is none where no price is set."""

    created: datetime
    purpose: str
    model: str
    endpoint: str
    outcome: str
    tokens_in: int | None
    tokens_out: int | None
    cost_usd: float | None
    latency_ms: int
    error: str


class CallTotalView(View):
    """All calls for one purpose to one model. `unpriced` were answered without a price being set."""

    purpose: str
    model: str
    calls: int
    answered: int
    tokens_in: int
    tokens_out: int
    cost_usd: float
    unpriced: int


class SettingsView(View):
    """The endpoint as it is set. The key is never told, only whether there is one."""

    openai_base_url: str | None
    has_key: bool
    llm_model: str | None
    vlm_model: str | None
    llm_price: str | None
    vlm_price: str | None
    model_concurrency: int
    fixed: list[str]  # names that the environment decides, which can't be changed here


class ModelReport(View):
    """What one model did with a question whose answer is known. `listed` is none without a list."""

    role: Literal["llm", "vlm"]
    model: str
    works: bool
    listed: bool | None
    correct: bool | None = None
    structured: str = ""  # how it is made to answer in a form: json_schema, json_object, text
    seconds: float | None = None
    problem: str = ""


class EndpointReport(View):
    """What an endpoint can do, found out by asking it."""

    address: str
    models: list[str]
    models_note: str
    answers: list[ModelReport]


class About(View):
    version: str
    home: str
    python: str
    packages: dict[str, str]
    database_bytes: int
    free_bytes: int
