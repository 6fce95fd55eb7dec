"""Labels that are worth a second look: one queue, with a reason a row. Nothing changes by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import Field

from concepts.labelling.consensus import Decision
from concepts.labelling.disagreements import LabelWithComments, Pair
from concepts.labelling.reasons import Reason
from concepts.labelling.training_data import TrainingData
from concepts.view import View
from storage.library import Library


class ReviewRow(View):
    """A picture and a reason to look at it again.

    label: what people say of it together, or empty. score: how probable a yes is by heads that don't know
    that label. labels: what each person said; others' only for readers who have labelled it. blind: people
    disagree and the reader has yet to label it, so nothing of what they said is told.
    """

    id: str
    reason: Reason
    label: Literal["yes", "no", "unsure", "skip", "conflict", ""]
    evidence: str
    score: float | None = None
    purpose: Literal["train", "evaluation"] = "train"
    path: str = ""
    labels: list[LabelWithComments] = Field(default_factory=list)
    blind: bool = False


class ReviewQueue(View):
    """A page of rows and how many there are for each reason. agreement: how well every two people agree.
    counted: how many labels there were when they were last looked over; None before."""

    rows: list[ReviewRow]
    counts: dict[Reason, int]
    agreement: list[Pair]
    counted: int | None


def people_disagree(decisions: Mapping[str, Decision]) -> list[ReviewRow]:
    """Pictures of which some people say yes and some no: what nothing settles first."""
    found = [d for d in decisions.values() if not d.simulated and {"yes", "no"} <= set(d.votes.values())]
    return [
        ReviewRow(
            id=one.picture_id,
            reason=Reason.PEOPLE_DISAGREE,
            label=one.value,
            evidence=f"{_count(one, 'yes')} yes, {_count(one, 'no')} no.",
        )
        for one in sorted(found, key=lambda one: (one.decided, one.picture_id))
    ]


def for_reader(rows: Iterable[ReviewRow], decisions: Mapping[str, Decision], reader: str) -> list[ReviewRow]:
    """Rows of pictures that people disagree about tell nothing before the reader has labelled them, and there
    are no others of these: who settles it isn't to be swayed."""
    rows = list(rows)
    blind = {
        row.id
        for row in rows
        if row.reason is Reason.PEOPLE_DISAGREE and decisions[row.id].votes.get(reader, "skip") == "skip"
    }
    return [
        row.model_copy(update={"label": "", "evidence": "", "blind": True}) if row.id in blind else row
        for row in rows
        if row.id not in blind or row.reason is Reason.PEOPLE_DISAGREE
    ]


def near_duplicates_disagree(training_data: TrainingData, library: Library) -> list[ReviewRow]:
    """Training labels of pictures that look the same and differ, near-duplicates beside each other."""
    decided = {i: said.value for i, said in training_data.answers.items() if said.decided}
    groups: dict[str, list[str]] = defaultdict(list)
    for picture, group in zip(decided, library.near_groups(list(decided)), strict=True):
        groups[group].append(picture)
    return [
        ReviewRow(
            id=picture,
            reason=Reason.NEAR_DUPLICATE_DISAGREES,
            label=decided[picture],
            evidence=f"A near-duplicate is labelled {'no' if decided[picture] == 'yes' else 'yes'}.",
        )
        for alike in groups.values()
        if len({decided[picture] for picture in alike}) > 1
        for picture in alike
    ]


def _count(decision: Decision, value: str) -> int:
    return sum(said == value for said in decision.votes.values())
