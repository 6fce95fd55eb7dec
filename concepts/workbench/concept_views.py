"""A concept as screens, REST and the command line see it."""

from __future__ import annotations

from datetime import datetime

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
    id: int
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
    id: int
    name: str
    created: datetime
    revision: RevisionView
    revisions: int
    candidates: int
    labels: LabelCounts
    conflicts: list[str]  # picture ids
    heads: list[HeadView]
