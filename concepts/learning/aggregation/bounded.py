"""A machine's labels are many and err alike: together they never outweigh the person."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from concepts.learning.aggregation.base import Aggregated, Aggregation, Opinions
from concepts.learning.aggregation.most_agreeing import MostAgreeing
from concepts.learning.agreement import MOST
from concepts.registry import Method

SHARE = 0.3  # of the weight of the person's answers that all of a machine's labels may have
ANSWERS = 25  # of the person from which on that is no longer more: their own say it better


class Bounded(Aggregation):
    """As `most_agreeing`, with all weights scaled so that their sum is at most the earned weight times 0.3
    of the number of the person's answers, of 25 at the most.

    Errors that fill a whole kind of picture don't average out: a thousand more labels know no more. They
    help while the person has said little and are outgrown after. Before the person has said anything there
    is nothing to outweigh.
    """

    method = Method(
        name="bounded",
        what="Believes the machine that agreed best with you; all it says counts less than your answers.",
        source="this project; see most_agreeing",
        licence="",
        cost="nothing",
        defaults={"most": MOST, "share": SHARE, "answers": ANSWERS},
    )

    def aggregate(self, opinions: Opinions) -> Aggregated:
        found = MostAgreeing().aggregate(opinions)
        answers, total = int(np.count_nonzero(opinions.person)), float(found.weight.sum())
        if not answers or found.agreement is None or not total:
            return found
        most = SHARE * found.agreement.weight * min(answers, ANSWERS)
        return replace(found, weight=found.weight * min(1.0, most / total))
