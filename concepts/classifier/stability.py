"""Whether more labels would change what a classifier decides: what the last ones changed, and what is open.

The rule was chosen on the tuning lists of the study (`docs/decisions/labels-enough.md`).
"""

from __future__ import annotations

import numpy as np
from pydantic import computed_field

from concepts.labelling.dataset import ConceptDataset
from concepts.labelling.ranking import decisions
from concepts.view import View

LAST = 40  # labels whose effect is looked at
FEW_CHANGED = 0.05  # of the pictures flagged before or after them
FEW_OPEN = 0.25  # of the pictures flagged


class Settling(View):
    """Decisions on the library by all labels, and by all but the last `LAST`, each at its own threshold."""

    answers: int  # all that stood then
    last: int
    pictures: int  # of the library
    flagged: int  # now
    either: int  # flagged before or now
    changed: int
    hesitates: int  # pictures with a probability that leaves it open

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property
    @property
    def settled(self) -> bool:
        """Whether more labels of the same kind would change little."""
        return self._stable and self.hesitates <= FEW_OPEN * self.flagged

    @computed_field  # type: ignore[prop-decorator]
    @property
    def reason(self) -> str:
        """The figures behind `settled`."""
        return (
            f"The last {self.last} of {self.answers:,} labels changed {self.changed:,} of {self.pictures:,} "
            f"decisions; {self.hesitates:,} are uncertain."
        )

    @property
    def sentence(self) -> str:
        """Such as: Almost stable; 38 uncertain."""
        if self.settled:
            return "Done: more labels would change little."
        return f"{'Almost stable' if self._stable else 'Not stable yet'}; {self.hesitates:,} uncertain."

    @property
    def _stable(self) -> bool:
        return self.flagged > 0 and self.changed <= FEW_CHANGED * self.either


def settling(dataset: ConceptDataset, way: str) -> Settling | None:
    """By heads trained in the same `way`. None where the answers before the last ones hold no yes or no no,
    or none of the last ones teaches anything."""
    first = dataset.first_answered
    order = sorted(dataset.decisions, key=lambda picture: first[picture])
    late = set(order[-LAST:])
    training = dataset.training
    before = np.flatnonzero([picture not in late for picture in training.ids])
    learned = training.data.at(before)
    if len(before) == len(training.ids) or not (learned.positives and learned.negatives):
        return None
    then, _ = decisions(dataset, way, before)
    now, hesitates = decisions(dataset, way, np.arange(len(training.ids)))
    return Settling(
        answers=len(order),
        last=LAST,
        pictures=len(now),
        flagged=int(now.sum()),
        either=int((now | then).sum()),
        changed=int((now != then).sum()),
        hesitates=int(hesitates.sum()),
    )
