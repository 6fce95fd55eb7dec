"""What is typical of labelled pictures, beside a line between them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from clouds import kinds
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from concepts.encoders.base import unit
from concepts.learning.base import FAMILIAR_FROM, LinearHead, Prototypes, StackedHeads, TrainingSet
from concepts.learning.fitting import train_head
from concepts.learning.nearness import (
    MOST,
    MOST_NO,
    MOST_YES,
    UNFAMILIAR,
    familiar_from,
    oddness,
    others_in_logits,
    prototypes,
)
from concepts.learning.target import Target

BLIND = LinearHead("lda", np.full(16, 0.25), 0.0)  # no line tells the kinds apart that count from the others


def labelled(vectors: np.ndarray, positive: np.ndarray) -> TrainingSet:
    return TrainingSet(vectors, positive, np.ones(len(positive)), np.arange(len(positive)))


def test_a_picture_is_worth_more_the_nearer_what_counts_is_than_what_does_not() -> None:
    vectors, kind = kinds([4] * 6, 16)
    labels = labelled(vectors[::2], np.isin(kind[::2], (0, 3)))
    added = LinearHead("", np.zeros(16), 0.0, prototypes=prototypes(BLIND, labels)).logits(vectors)
    assert added[np.isin(kind, (0, 3))].min() > 0 > added[~np.isin(kind, (0, 3))].max()


def test_kinds_with_nothing_in_common_are_told_apart_better_than_by_a_line() -> None:
    vectors, kind = kinds([20] * 24, 8, 0.1)
    counts, learned = kind < 6, np.arange(480) % 2 == 0
    data, unseen = labelled(vectors[learned], counts[learned]), ~learned
    right = {}
    for name in ("line", "auto"):
        head = train_head(data, None, 0, head=name)
        right[name] = ((head.probabilities(vectors[unseen]) >= head.threshold) == counts[unseen]).mean()
    assert right["auto"] > right["line"] + 0.05


def test_there_are_some_from_both_sides_on_until_a_line_knows_enough_and_never_too_many_to_wait_for() -> None:
    vectors, kind = kinds([1] * 6, 16)
    assert prototypes(BLIND, labelled(vectors, kind > 9)) is None
    vectors, kind = kinds([MOST // 6] * 6, 16)
    most = prototypes(BLIND, labelled(vectors, np.isin(kind, (0, 3))))
    assert (len(most.yes), len(most.no)) == (MOST_YES, MOST_NO)
    vectors, kind = kinds([MOST // 6 + 1] * 6, 16)
    assert prototypes(BLIND, labelled(vectors, np.isin(kind, (0, 3)))) is None


def test_none_is_the_vector_of_a_picture_where_a_side_has_two_that_differ() -> None:
    vectors, kind = kinds([4] * 6, 16)
    vectors[1] = vectors[0]  # near-copies are no pair
    data = replace(labelled(vectors, np.isin(kind, (0, 3))), group=np.maximum(np.arange(len(kind)), 1))
    found = prototypes(BLIND, data)
    for side, counts in ((found.yes, data.positive), (found.no, ~data.positive)):
        assert (unit(side.astype(np.float64)) @ vectors[counts].T).max() < 1 - 1e-4


def test_what_a_machine_says_beside_a_person_is_no_example() -> None:
    vectors, kind = kinds([4] * 6, 16)
    people = np.arange(len(kind)) % 2 == 0
    said = np.where(people, np.isin(kind, (0, 3)), np.isin(kind, (1, 2)))  # the machine is wrong
    both = TrainingSet(vectors, said, np.where(people, 1.0, 0.05), np.arange(len(kind)))
    assert prototypes(BLIND, both).kept() == prototypes(BLIND, both.at(people)).kept()


def test_a_picture_and_its_near_duplicates_do_not_speak_for_themselves() -> None:
    vectors, kind = kinds([4] * 6, 16)
    positive = np.isin(kind, (0, 3))
    positive[4:8] = True  # all of a kind that doesn't count, which lie in one group
    group = np.where(kind == 1, 100, np.arange(len(kind)))
    apart = others_in_logits(BLIND, TrainingSet(vectors, positive, np.ones(len(kind)), group))
    alone = others_in_logits(BLIND, labelled(vectors, positive))
    assert np.all(apart[4:8] < alone[4:8])


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_however_it_is_asked_a_head_says_the_same(yes: int, no: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = unit(rng.normal(size=(9, 5))).astype(np.float32)
    some = Prototypes(*(rng.normal(size=(n, 5)).astype(np.float32) for n in (yes, no)))
    head = LinearHead("", rng.normal(size=5), 0.3, prototypes=Prototypes.read(some.kept()))
    plain = LinearHead("", rng.normal(size=5), -0.2)
    logits = head.logits(vectors)
    assert logits == pytest.approx([head.weights_at(x) @ x + head.bias for x in vectors], abs=1e-6)
    assert head.calibrated(2.0, 1.0).logits(vectors) == pytest.approx(2 * logits + 1, abs=1e-5)
    both = StackedHeads([plain, head])
    found = both.joined(vectors.astype(np.float64) @ both.columns)
    assert found == pytest.approx(np.stack([plain.logits(vectors), logits], axis=1))


def test_what_is_like_none_of_a_set_is_odd_and_a_kind_of_ten_is_not() -> None:
    vectors, _ = kinds([10] * 6, 16)
    odd = oddness(np.concatenate([vectors, unit(np.random.default_rng(1).normal(size=(3, 16)))]))
    assert set(np.argsort(-odd)[:3]) == {60, 61, 62}


D = 32


# A head knows which pictures are like what it has learned from, and refuses few that are.


def of_kinds(rng: np.random.Generator, n: int, centres: Any) -> Any:
    return unit(centres[rng.integers(len(centres), size=n)] + 0.5 * unit(rng.normal(size=(n, D))))


def taught(seed: int, n: int = 60) -> tuple[LinearHead, Any, Any]:
    """A head of two kinds that count and four that don't, their centres, and those of six other kinds."""
    rng = np.random.default_rng(seed)
    centres = unit(rng.normal(size=(12, D)))
    yes, no = of_kinds(rng, n // 3, centres[:2]), of_kinds(rng, n - n // 3, centres[2:6])
    vectors, row = np.concatenate([yes, no]).astype(np.float32), np.arange(n)
    data = TrainingSet(vectors, row < len(yes), np.ones(n), row)
    return train_head(data, None, 0, Target.parse("f1")), centres[:6], centres[6:]


def knowing(head: LinearHead, pictures: Any) -> LinearHead:
    return replace(head, details=head.details | {FAMILIAR_FROM: familiar_from(head, pictures)})


@pytest.mark.slow
@given(seed=st.integers(0, 2**31 - 1))
def test_other_kinds_of_pictures_are_told_from_those_of_the_library(seed: int) -> None:
    rng, (head, known, other) = np.random.default_rng(seed), taught(seed)
    head = knowing(head, of_kinds(rng, 500, known))
    near, far = (head.familiarity(of_kinds(rng, 300, centres)) for centres in (known, other))
    assert roc_auc_score(np.arange(600) < 300, np.concatenate([near, far])) >= 0.9
    assert (near < 0).mean() <= 0.08  # of 500 that set the limit and 300 that are tested


def test_of_pictures_like_the_librarys_few_are_refused_however_many_set_the_limit() -> None:
    rng, (head, known, _) = np.random.default_rng(1), taught(1)
    refused = []
    for n in (49, 60, 99, 130):
        for _ in range(100):
            limited = knowing(head, of_kinds(rng, n, known))
            refused.append((limited.familiarity(of_kinds(rng, 50, known)) < 0).mean())
    assert np.mean(refused) <= UNFAMILIAR + 3 * np.std(refused) / np.sqrt(len(refused))


@pytest.mark.parametrize("n", [0, 1, 48])
def test_of_too_few_pictures_nothing_is_known(n: int) -> None:
    head, known, _ = taught(0)
    assert familiar_from(head, of_kinds(np.random.default_rng(0), n, known)) is None
    assert knowing(head, known[:1]).familiarity(known) is None
    assert (
        familiar_from(replace(head, prototypes=None), of_kinds(np.random.default_rng(0), 200, known)) is None
    )


@given(a=st.floats(0.01, 100), c=st.floats(-5, 5))
def test_calibrating_a_head_leaves_what_it_is_familiar_with(a: float, c: float) -> None:
    rng, (head, known, other) = np.random.default_rng(2), taught(2)
    head, some = knowing(head, of_kinds(rng, 200, known)), of_kinds(rng, 20, np.concatenate([known, other]))
    assert head.calibrated(a, c).familiarity(some) == pytest.approx(head.familiarity(some), abs=1e-4)
