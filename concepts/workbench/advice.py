"""How many more answers help, in words: the same on every screen."""

from __future__ import annotations

from dataclasses import dataclass

from concepts.classifier.rarity import Rarity
from concepts.classifier.stability import Settling
from concepts.labelling.dataset import AnswerCount

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
        "not be here at all. One example of it, on Define, finds its like sooner than more questions."
    )
