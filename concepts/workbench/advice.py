"""How many more answers help, in one sentence: the same on every screen."""

from __future__ import annotations

from concepts.labels.answer_count import AnswerCount

ENOUGH_LABELS = 100  # answers after which labelling counts as done (Modeling Collaborator's figure)


def advice(count: AnswerCount) -> str:
    """What more answers would bring."""
    if not count.teach_yes or not count.teach_no:
        missing = "one that doesn’t count" if count.teach_yes else "one that counts"
        both = missing if count.teach_yes or count.teach_no else "one that counts and one that doesn’t"
        return f"It takes at least {both} to learn from."
    more = ENOUGH_LABELS - count.given
    if more > 0:
        return f"About {'1 more helps' if more == 1 else f'{more:,} more help'}."
    return "More may still help."
