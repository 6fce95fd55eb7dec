"""Having a machine label in rounds, as Modeling Collaborator does (Toubal et al., CVPR 2024): what it said in
one decides what it is asked in the next.

Between rounds the classifier learns anew from the person's answers and the machine's labels. It ends where
the labels of a round changed little, round after round, or where the budget or the number of pictures is
spent. Answers that measure play no part: how much a round changed is read off the decisions on the library.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial

from concepts.collaborator.annotating import AnnotateResult, AnnotationRound, Labelling, left_of
from concepts.labelling.ranking import effect_of
from concepts.labelling.training_data import TrainingData

FEW_CHANGED = 0.05  # of the pictures flagged before or after a round
IN_A_ROW = 2  # rounds that changed so few
ROUNDS = 5  # where nobody says how many
LEAST = 20  # pictures that a round of those has

DataNow = Callable[[], TrainingData]
Choose = Callable[[DataNow, int, Collection[str]], list[str]]  # (…, how many, what was tried)


def annotate_in_rounds(
    labelling: Labelling,
    training_data_now: DataNow,
    choose: Choose,
    rounds: int,
    limit: int | None,
    also: Sequence[str],
) -> AnnotateResult:
    """At most `rounds` rounds of equal size, of `limit` pictures in all, or as many as the pool has left;
    then pictures that the machine is to be measured on, as far as `limit` goes.

    `training_data_now` reads the labels anew. A run that was killed goes on with the rounds as they were
    chosen.
    """
    progress = labelling.progress
    most = int(progress.once("most", len(left_of(labelling.training_data, labelling.seen))))
    most = most if limit is None else limit
    each = -(-most // rounds)
    tried = dict.fromkeys(labelling.seen)
    asked, found = 0, list[AnnotationRound]()
    for number in range(1, rounds + 1):
        n = min(each, most - asked)
        chosen = progress.made_once(f"round {number}", partial(choose, training_data_now, n, tuple(tried)))
        if not chosen:
            break
        asked += len(chosen)
        tried |= dict.fromkeys(chosen)
        labelling.ask(chosen, max(most, asked), f"round {number} of {rounds}")
        if labelling.stopped:
            return labelling.result(found)
        came = progress.made_once(f"after round {number}", partial(_came, training_data_now, chosen))
        found.append(AnnotationRound.model_validate(came))
        if number < rounds and is_settled(found):
            changed = " and ".join(f"{one.changed:,}" for one in found[-IN_A_ROW:])
            labelling.stopped = (
                f"Ended after round {number} of {rounds}: the last ones changed {changed} of about "
                f"{found[-1].flagged:,} decisions for a yes, so more suggestions would change little."
            )
            break
    more = left_of(labelling.training_data, [*labelling.seen, *labelling.training_data.candidates], also)
    room = len(more) if limit is None else max(limit - labelling.done, 0)
    stopped, labelling.stopped = labelling.stopped, ""
    labelling.ask(more[:room], labelling.done + len(more[:room]), "what it is measured on")
    labelling.stopped = labelling.stopped or stopped
    return labelling.result(found)


def suitable_rounds(labelling: Labelling, limit: int | None) -> int:
    """As many as bring something: one where looking costs nothing, or where nothing is left to choose because
    there are no more pictures than may be asked about."""
    training_data, left = labelling.training_data, left_of(labelling.training_data, labelling.seen)
    if not labelling.costs:
        return 1
    most = len(left) if limit is None else limit
    if most >= len(training_data.index.ids) - len(training_data.reserved) - len(labelling.seen):
        return 1
    return max(min(ROUNDS, most // LEAST), 1)


def is_settled(rounds: Sequence[AnnotationRound]) -> bool:
    """Whether the last rounds changed so little that more of the same would change little, too."""
    last = rounds[-IN_A_ROW:]
    return len(last) == IN_A_ROW and all(
        one.changed is not None and one.flagged and one.changed <= FEW_CHANGED * one.flagged for one in last
    )


def _came(training_data_now: DataNow, chosen: Sequence[str]) -> dict[str, int | None]:
    effect = effect_of(training_data_now(), set(chosen))
    return {
        "pictures": len(chosen),
        "changed": effect.changed if effect else None,
        "flagged": effect.flagged if effect else None,
    }
