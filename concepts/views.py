"""What the Workbench hands to the screens, REST and the command line: plain values that serialise."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from concepts.definition import Definition


class View(BaseModel):
    model_config = ConfigDict(frozen=True)


class LibraryInfo(View):
    pictures: int
    sources: int
    bytes: int
    exact_duplicates: int
    near_duplicates: int
    bad_files: int
    pending: int
    encoder: str | None
    fingerprint: str | None
    encoder_note: str  # what the encoder is, and what would improve on it
    home: str


class PictureView(View):
    """A picture of the library; width and height in upright pixels of the original."""

    id: str
    path: str
    width: int
    height: int


class BadFile(View):
    path: str
    reason: str
    message: str


class Hit(View):
    """A picture found by a search. `score` orders (a cosine, or standard deviations where words and a
    picture are combined); it is no probability."""

    id: str
    path: str
    score: float


class ConceptSummary(View):
    name: str
    created: datetime
    revision: int
    description: str
    candidates: int
    labels_by_people: int
    evaluation_labelled: int
    heads: int
    cover: list[str]  # ids of up to three pictures that count, or that were found first
    quality: str  # newest figures in words, empty where there are none
    next_screen: str  # where the journey goes on


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


class HeadView(View):
    number: int
    kind: str
    definition: int
    threshold: float
    created: datetime
    details: dict[str, Any]
    report: dict[str, Any] | None  # newest evaluation


class ConceptView(View):
    name: str
    created: datetime
    revision: RevisionView
    revisions: int
    candidates: int
    labels: LabelCounts
    conflicts: list[str]  # picture ids
    heads: list[HeadView]


class NextPicture(View):
    id: str
    path: str
    purpose: Literal["train", "evaluation"]
    reason: str
    probability: float | None
    brought_by: list[str]


class MineResult(View):
    added: int
    candidates: int
    per_query: dict[str, int]


class AnnotateResult(View):
    annotator: str
    annotated: int
    failed: list[dict[str, str]]
    ratings: dict[str, int]
    calls: int
    cost_usd: float | None
    stopped: str  # why it ended before the end of the work, in words; empty where it did not


class TrainResult(View):
    number: int
    kind: str
    threshold: float
    details: dict[str, Any]
    notes: list[str]


class ScoreResult(View):
    out: str
    rows: int
    yes: int
    skipped: int


class ExportResult(View):
    folder: str
    archive: str
    head: int
