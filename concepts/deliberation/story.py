"""A concept's story: how its words came about, what was met on the way, how agreement and quality went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from concepts.classifier.quality import HeadView
from concepts.definition.document import Change, Revision, word_diff
from concepts.deliberation.views import RewordingView, RoundView
from concepts.labels.consensus import Decision
from concepts.learning.intervals import clopper_pearson
from concepts.learning.report import Metric
from concepts.view import View
from storage.concepts import Rating

ERROR = 0.05


class Chapter(View):
    """A definition, and how its words differ from the one before; of the first one all are new."""

    number: int
    author: str
    note: str
    created: datetime
    difference: list[tuple[Change, str]]


class AgreementPoint(View):
    """On how many of n answers that teach the machine agreed with people, by the words of one definition."""

    definition: int
    agree: int
    n: int
    low: float
    high: float


class QualityPoint(View):
    """The newest figures of a version; None where too few answers measure to say. `definition`: what it was
    trained under."""

    version: int
    definition: int
    created: datetime
    n: int
    precision: Metric | None
    recall: Metric | None


Event = Chapter | RoundView | RewordingView | QualityPoint


class StoryView(View):
    """`text` is the newest definition; everything else has the first one first. `under`: which words the
    newest figures rest on, in sentences; empty where all are the newest."""

    name: str
    text: str
    begun: datetime
    definitions: list[Chapter]
    rounds: list[RoundView]
    rewordings: list[RewordingView]
    agreement: list[AgreementPoint]
    quality: list[QualityPoint]
    under: list[str]

    @property
    def events(self) -> list[tuple[str, Event]]:
        """What happened, in order, each with its kind: definition, round, wordings or version."""
        found: list[tuple[str, Event]] = [("definition", one) for one in self.definitions]
        found += [("round", one) for one in self.rounds]
        found += [("wordings", one) for one in self.rewordings]
        found += [("version", one) for one in self.quality]
        return sorted(found, key=lambda event: event[1].created)


def chapters(revisions: Sequence[Revision]) -> list[Chapter]:
    """The first one first."""
    texts = ["", *(revision.definition.as_text() for revision in revisions)]
    return [
        Chapter(
            number=revision.number,
            author=revision.author,
            note=revision.note,
            created=revision.created,
            difference=word_diff(before, after),
        )
        for revision, (before, after) in zip(revisions, pairwise(texts), strict=True)
    ]


def agreement_by_definition(
    ratings: Iterable[Rating], answers: Mapping[str, Decision]
) -> list[AgreementPoint]:
    """`ratings` oldest first, of which the newest of a picture under a definition counts; `answers` those
    that teach. Where either leaves it open there is nothing to agree on."""
    said: dict[int, dict[str, int]] = {}
    for one in ratings:
        said.setdefault(one.definition_number, {})[one.picture_id] = one.rating
    points = []
    for number, by_picture in sorted(said.items()):
        both = [
            (answers[i].value == "yes") == (rating > 3)
            for i, rating in by_picture.items()
            if rating != 3 and i in answers and answers[i].decided
        ]
        if both:
            low, high = (float(x) for x in clopper_pearson(sum(both), len(both), ERROR))
            points.append(AgreementPoint(definition=number, agree=sum(both), n=len(both), low=low, high=high))
    return points


def quality_of(heads: Iterable[HeadView]) -> list[QualityPoint]:
    return [
        QualityPoint(
            version=head.number,
            definition=head.definition,
            created=head.created,
            n=head.report.n if head.report else 0,
            precision=head.report.metric("precision") if head.report else None,
            recall=head.report.metric("recall") if head.report else None,
        )
        for head in heads
    ]
