"""What more labels of a concept would bring, and whether there are enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from concepts.classifier.rarity import Rarity
from concepts.classifier.stability import Settling
from concepts.labelling.dataset import AnswerCount
from concepts.workbench.jobs import LookOver
from storage.tables import ConceptRow

if TYPE_CHECKING:
    from concepts.workbench.context import Context

EARLY = 2  # walls without a yes after which it may be rare, before anything drawn at random can say so
ENOUGH_LABELS = 100  # answers after which labelling counts as done (Modeling Collaborator's figure)


@dataclass(frozen=True)
class Advice:
    """What there is to say of going on after `count` answers. `rare` is empty where what counts is not rare,
    as far as is known. `enough`: whether labelling counts as done."""

    count: AnswerCount
    more: str
    rare: str
    enough: bool


def is_enough(count: AnswerCount, settling: Settling | None) -> bool:
    """Whether labelling counts as done: the one rule for every step, bar and sentence. Either more answers
    would change little, however few there are, or there are as many as usually do."""
    if not count.teach_yes or not count.teach_no:
        return False
    return bool(settling and settling.settled) or count.given >= ENOUGH_LABELS


def advice(count: AnswerCount, settling: Settling | None) -> str:
    """What more answers would bring, and why that can be said."""
    if not count.teach_yes or not count.teach_no:
        missing = "one that doesn’t count" if count.teach_yes else "one that counts"
        both = missing if count.teach_yes or count.teach_no else "one that counts and one that doesn’t"
        return f"It takes at least {both} to learn from."
    if settling and settling.settled:
        return f"More answers like these would change little. {settling.reason}"
    more = ENOUGH_LABELS - count.given
    enough = is_enough(count, settling)
    helps = "Enough to go on; more still help." if enough else f"About {more:,} more help."
    return f"{helps} {settling.reason}" if settling else helps


def about_rare(count: AnswerCount, rarity: Rarity | None, walls: int) -> str:
    """What is known of how rare it is, or what it looks like before anything is known."""
    if rarity is not None:
        return rarity.sentence
    if count.yes or walls < EARLY:
        return ""
    return (
        f"You looked through {walls:,} walls of every kind of picture and nothing counted: it may be rare or "
        "not be here at all. One example of it, on Describe, finds its like sooner than more questions."
    )


def advise(context: Context, concept: ConceptRow) -> Advice:
    """What more answers would bring, and what a rare concept takes, as far as the last look over the answers
    tells."""
    looked = context.jobs.newest_done(LookOver, concept.id)
    count = context.label_cache.count(concept.id)
    walls = 0 if count.yes else context.walls.count(concept.id)
    settling = looked.settling if looked else None
    return Advice(
        count=count,
        more=advice(count, settling),
        rare=about_rare(count, looked.rarity if looked else None, walls),
        enough=is_enough(count, settling),
    )


def settling_of(context: Context, concept_ids: Sequence[int]) -> dict[int, Settling]:
    """What the last looks over the answers tell of more of them, of the concepts where they tell it."""
    looked = context.jobs.store.newest_done_of(LookOver.kind, concept_ids)
    found = {job.concept_id: (job.result or {}).get("settling") for job in looked}
    return {i: Settling.model_validate(told) for i, told in found.items() if i is not None and told}
