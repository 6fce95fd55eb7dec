"""Several people's labels of the same pictures: what each said, who may read it, and how well they agree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import combinations
from typing import Literal

from pydantic import Field

from concepts.labelling.consensus import Decision
from concepts.labelling.reasons import Reason
from concepts.labelling.training_data import TrainingData
from concepts.view import View
from storage.labels import LabelEvent


class LabelWithComments(View):
    """What one person says of a picture, with all they remarked on it."""

    author: str
    value: str
    comments: list[str]
    created: datetime


class Pair(View):
    """How two people agree on the `n` pictures of which both said yes or no."""

    one: str
    other: str
    n: int
    agree: int


def what_people_said(
    standing: Iterable[LabelEvent], remarks: Iterable[LabelEvent]
) -> dict[str, list[LabelWithComments]]:
    """Picture id → what each person says of it, with all they remarked on it."""
    comments: dict[tuple[str, str], list[str]] = defaultdict(list)
    for event in remarks:
        comments[event.picture_id, event.author.name].append(event.comment)
    said: dict[str, list[LabelWithComments]] = defaultdict(list)
    for event in standing:
        said[event.picture_id].append(
            LabelWithComments(
                author=event.author.name,
                value=event.said,
                comments=comments[event.picture_id, event.author.name],
                created=event.created,
            )
        )
    return said


def readable(standing: Sequence[LabelEvent], reader: str | None) -> list[LabelEvent]:
    """Without what other people say of pictures about which a `reader` has not answered themselves; None
    reads everything."""
    if reader is None:
        return list(standing)
    answered = {e.picture_id for e in standing if e.author.name == reader and e.value != "skip"}
    return [
        event
        for event in standing
        if event.author.kind == "annotator" or event.author.name == reader or event.picture_id in answered
    ]


def pairs(decisions: Mapping[str, Decision]) -> list[Pair]:
    """Every two people who said yes or no of the same pictures, those with most in common first."""
    said: dict[str, dict[str, bool]] = defaultdict(dict)
    for picture_id, decision in decisions.items():
        if not decision.simulated:
            for author, value in decision.votes.items():
                if value in ("yes", "no"):
                    said[author][picture_id] = value == "yes"
    found = []
    for one, other in combinations(sorted(said), 2):
        if shared := said[one].keys() & said[other].keys():
            agree = sum(said[one][picture] == said[other][picture] for picture in shared)
            found.append(Pair(one=one, other=other, n=len(shared), agree=agree))
    return sorted(found, key=lambda pair: -pair.n)


class ReviewRow(View):
    """A picture and a reason to look at it again.

    label: what people say of it together, or empty. score: how probable a yes is by heads that don't know
    that label. labels: what each person said; others' only for readers who have labelled it. blind: people
    disagree and the reader has yet to label it, or a test picture is to be labelled anew, so nothing of what
    was said is told.
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
            evidence=f"{said['yes']} yes, {said['no']} no.",
        )
        for one in sorted(found, key=lambda one: (one.decided, one.picture_id))
        for said in [Counter(one.votes.values())]
    ]


def said_both(
    decisions: Mapping[str, Decision], standing: Iterable[LabelEvent], repeats: Iterable[LabelEvent]
) -> list[ReviewRow]:
    """Rows of pictures that one person labelled yes once and no once, under the same description. A row goes
    when that person labels the picture again."""
    stands = {(event.picture_id, event.author): event for event in standing if event.author.kind == "person"}
    found: dict[str, str] = {}
    for again in repeats:
        first = stands.get((again.picture_id, again.author))
        if first is None or again.sequence < first.sequence:
            continue
        if again.definition_number == first.definition_number and {first.value, again.value} == {"yes", "no"}:
            found[again.picture_id] = f"First {first.value}, then {again.value}."
    return [
        ReviewRow(id=i, reason=Reason.SAID_BOTH, label=decisions[i].value, evidence=evidence)
        for i, evidence in found.items()
        if i in decisions
    ]


def for_reader(rows: Iterable[ReviewRow], decisions: Mapping[str, Decision], reader: str) -> list[ReviewRow]:
    """Rows of pictures that people disagree about tell nothing before the reader has labelled them, and there
    are no others of these: who settles it isn't to be swayed. A person's two labels of one picture
    are shown to readers who labelled it."""
    rows = [row for row in rows if row.reason is not Reason.SAID_BOTH or reader in decisions[row.id].votes]
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


def near_duplicates_disagree(training_data: TrainingData) -> list[ReviewRow]:
    """Training labels of pictures that look the same and differ, near-duplicates beside each other."""
    decided = {i: said.value for i, said in training_data.answers.items() if said.decided}
    near_groups = training_data.collection.library.near_groups(list(decided))
    groups: dict[str, list[str]] = defaultdict(list)
    for picture, group in zip(decided, near_groups, strict=True):
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
