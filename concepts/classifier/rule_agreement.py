"""How often a rule says of answered pictures what the answers say."""

from __future__ import annotations

from collections.abc import Collection as Ids
from collections.abc import Mapping, Sequence

import numpy as np

from concepts.bundle.rules import Expression
from concepts.classifier.rule_probability import Bools, holds
from concepts.classifier.rule_scores import LibraryRule
from concepts.classifier.rule_views import Agreed, RuleAgreement
from concepts.labelling.consensus import Decision
from concepts.labelling.dataset import ConceptDataset
from concepts.learning.intervals import clopper_pearson
from concepts.library.collection import Collection
from concepts.library.search import with_look_alikes

ERROR = 0.05


def agreement(
    rule: LibraryRule,
    expression: Expression,
    threshold: float,
    answers: Sequence[Mapping[str, Decision]],
    learned: Sequence[Ids[str]],
) -> RuleAgreement | None:
    """`answers` of each concept by picture, and the pictures it may have `learned` from. None where no
    picture has a yes or no for every concept."""
    decided = [{i for i, decision in of.items() if decision.decided} for of in answers]
    common = sorted(set.intersection(*decided))
    places = rule.ids.places(common)
    ids = [i for i, place in zip(common, places, strict=True) if place >= 0]
    if not ids:
        return None
    yes = np.array([[of[i].value == "yes" for of in answers] for i in ids])
    flagged = rule.probability[places[places >= 0]] >= np.float32(threshold)
    should = holds(expression, yes)
    fresh = np.array([not any(i in of for of in learned) for i in ids])
    unlearned = _agreed(flagged[fresh], should[fresh]) if fresh.any() else None
    return RuleAgreement(all=_agreed(flagged, should), unlearned=unlearned)


def learned_from(dataset: ConceptDataset, label_sequence: int, collection: Collection) -> set[str]:
    """Pictures that a version may have learned from, with all that look like them: answered before it and
    not kept apart, labelled by a machine, or examples of the definition."""
    definition = dataset.revision.definition
    taught = dataset.at(label_sequence).answers.keys() | {rating.picture_id for rating in dataset.ratings}
    taught |= {*definition.examples, *definition.counterexamples}
    return with_look_alikes(taught, collection.library) - dataset.reserved


def _agreed(flagged: Bools, should: Bools) -> Agreed:
    n, right = len(flagged), int((flagged == should).sum())
    low, high = clopper_pearson(right, n, ERROR)
    return Agreed(
        n=n,
        right=right,
        flagged=int(flagged.sum()),
        should=int(should.sum()),
        low=float(np.ravel(low)[0]),
        high=float(np.ravel(high)[0]),
    )
