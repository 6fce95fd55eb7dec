"""Whether more labels would change what a classifier decides: what the last ones changed, and what is open.
And whether hardly a picture is left that counts.

The rules were chosen on the tuning lists of the study (`docs/decisions.md`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import computed_field

from concepts.errors import NotEnoughLabelsError
from concepts.labelling.dataset import ConceptDataset
from concepts.labelling.ranking import effect_of
from concepts.learning.base import Floats
from concepts.learning.fitting import SEED
from concepts.learning.heads import HEADS
from concepts.learning.intervals import clopper_pearson
from concepts.view import View

LAST = 40  # labels whose effect is looked at
FEW_CHANGED = 0.05  # of the pictures flagged before or after them
FEW_OPEN = 0.25  # of the pictures flagged
NO_MORE = 30  # labels one after the other of which none said yes, before all may seem found
FEW_FOUND = 8  # kinds of picture that count, below which nothing is said of the others
FEW_LEFT = 4  # pictures that count and are unlabelled at most, so that looking for them may end
AMONG = 500  # of the highest pictures beside those labelled
DOUBT = 0.1  # how often more are left than is said


class Left(View):
    """Of `found` groups of look-alikes that count, `again` would be found by a classifier that had not seen
    them: they score above nearly all unlabelled pictures. So `at_most` are left, if they are like those."""

    found: int
    again: int
    at_most: int


class Settling(View):
    """Decisions on the library by all labels, and by all but the last `LAST`, each at its own threshold."""

    answers: int  # all that stood then
    last: int
    pictures: int  # of the library
    flagged: int  # now
    either: int  # flagged before or now
    changed: int
    hesitates: int  # pictures with a probability that leaves it open
    left: Left | None = None  # pictures that count and are unlabelled, where these are few

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property
    @property
    def settled(self) -> bool:
        """Whether more labels of the same kind would change little."""
        return bool(self.left) or (self._stable and self.hesitates <= FEW_OPEN * self.flagged)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def reason(self) -> str:
        """The figures behind `settled`."""
        if self.left:
            return (
                f"The last {NO_MORE} labels brought nothing that counts. Left out of learning in turn, "
                f"{self.left.again:,} of {self.left.found:,} that count are found again."
            )
        return (
            f"The last {self.last} of {self.answers:,} labels changed {self.changed:,} of {self.pictures:,} "
            f"decisions; {self.hesitates:,} are uncertain."
        )

    @property
    def sentence(self) -> str:
        """Such as: Almost stable; 38 uncertain."""
        if self.left:
            return f"Done: probably no more than {self.left.at_most:,} left that count."
        if self.settled:
            return "Stable: more labels would change little."
        return f"{'Almost stable' if self._stable else 'Not stable yet'}; {self.hesitates:,} uncertain."

    @property
    def _stable(self) -> bool:
        return self.flagged > 0 and self.changed <= FEW_CHANGED * self.either


def settling(dataset: ConceptDataset, way: str) -> Settling | None:
    """By heads trained in the same `way`. None where the answers before the last ones hold no yes or no no,
    or none of the last ones teaches anything."""
    order = sorted(dataset.decisions, key=dataset.first_answered.__getitem__)
    effect = effect_of(dataset, set(order[-LAST:]), way)
    if effect is None:
        return None
    return Settling(answers=len(order), last=LAST, left=_left(dataset, order, way), **vars(effect))


def _left(dataset: ConceptDataset, order: Sequence[str], way: str) -> Left | None:
    """By the scores of what counts from heads that had not seen it. `order`: pictures in the order in which
    they were labelled. None while something was found lately, and unless few are left."""
    training = dataset.training
    counts = np.flatnonzero(training.data.positive & (training.data.weight >= 1))
    group = training.data.group[counts]
    late = [dataset.decisions[picture].value for picture in order[-NO_MORE:]]
    if len(np.unique(group)) < FEW_FOUND or len(order) < 2 * NO_MORE or "yes" in late or dataset.scale:
        return None
    try:
        held_out = HEADS[way]().fit_held_out(training.data, dataset.text_direction, SEED)
    except NotEnoughLabelsError:
        return None
    near_groups = dataset.collection.library.near_groups
    highest = held_out.head.scores(dataset.index).top(len(order) + AMONG)
    seen, groups = set(near_groups(order)), near_groups([picture for picture, _ in highest])
    unlabelled = [score for one, (_, score) in zip(groups, highest, strict=True) if one not in seen]
    own = held_out.scores[counts]
    lowest = np.array([own[group == one].min() for one in np.unique(group)])
    return few_left(lowest, np.array(unlabelled), highest[-1][1])


def few_left(found: Floats, unlabelled: Floats, lowest: float = -np.inf) -> Left | None:
    """How many are left at most, where that is few. found (n,) scores of what counts, unlabelled (m,) those
    of other pictures from `lowest` on.

    Had those left the same scores, a share of them would lie above any line, where all unlabelled ones may
    count. Of what was found a share of q at least does (Clopper & Pearson 1934), so with u unlabelled above
    it at most u + n (1 - q) / q are left. Of all lines the best is taken, so it is no more than probable.
    """
    best: Left | None = None
    for line in np.unique(found[found >= lowest]):
        again, above = int((found >= line).sum()), int((unlabelled >= line).sum())
        share = float(clopper_pearson(again, len(found), 2 * DOUBT)[0])
        at_most = int(above + len(found) * (1 - share) / share)
        if at_most <= FEW_LEFT and (best is None or at_most < best.at_most):
            best = Left(found=len(found), again=again, at_most=at_most)
    return best
