"""The annotator that agrees best with the person is believed, the others are not."""

from __future__ import annotations

import numpy as np

from concepts.learning.aggregation.base import Aggregated, Aggregation, Opinions
from concepts.learning.agreement import MOST, measure_agreement
from concepts.registry import Method


class MostAgreeing(Aggregation):
    """Labels of the annotator with the highest earned weight, the newest of equal ones."""

    method = Method(
        name="most_agreeing",
        what="Believes the machine that agreed best with you, as far as it has earned it.",
        source="Newcombe, Interval estimation for the difference between independent proportions, 1998",
        licence="",
        cost="nothing",
        defaults={"most": MOST},
    )

    def aggregate(self, opinions: Opinions) -> Aggregated:
        agreements = [measure_agreement(opinions.person, said) for said in opinions.machines]
        if not agreements:
            nothing = np.full(len(opinions.person), np.nan)
            return Aggregated(nothing, np.zeros(len(nothing)), None)
        weights = [agreement.weight for agreement in agreements]
        best = len(weights) - 1 - int(np.argmax(weights[::-1]))
        said = np.where(opinions.person == 0, opinions.machines[best], 0)
        yes = np.where(said == 0, np.nan, said > 0)
        return Aggregated(yes, np.where(said == 0, 0.0, weights[best]), agreements[best])
