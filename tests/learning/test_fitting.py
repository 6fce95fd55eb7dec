"""Folds, labels that all others speak against, and what is loaded before somebody waits."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from concepts.encoders.base import unit
from concepts.learning.base import TrainingSet, grouped_folds
from concepts.learning.fitting import PROBABLY, probably_wrong

grouped = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=60)


@given(grouped, st.integers(0, 5))
def test_folds_are_repeated_cut_no_group_hold_out_every_picture_once_and_train_on_both_classes(rows, seed):
    group, positive = np.array([g for g, _ in rows]), np.array([y for _, y in rows])
    folds, again = (grouped_folds(positive, group, seed) for _ in range(2))
    for train, test in folds:
        assert not set(group[train]) & set(group[test])
        assert len(train) + len(test) == len(group)
        assert positive[train].any()
        assert not positive[train].all()
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(folds, again, strict=True))
    if folds:
        assert np.array_equal(np.sort(np.concatenate([test for _, test in folds])), np.arange(len(group)))


def two_kinds(n: int) -> TrainingSet:
    rng = np.random.default_rng(0)
    positive = np.arange(n) % 3 == 0
    vectors = rng.normal(0, 0.3, (n, 16))
    vectors[:, 0] += np.where(positive, 1, -1)
    return TrainingSet(unit(vectors).astype(np.float32), positive, np.ones(n), np.arange(n))


def suspected(labels: TrainingSet) -> set[int]:
    return set(np.flatnonzero(probably_wrong(labels, 0.05, 0) >= PROBABLY).tolist())


def test_labels_turned_over_are_found_and_none_are_where_all_agree() -> None:
    data = two_kinds(90)
    for n in (0, 1, 9, 90):  # few, of one kind, and all
        assert not suspected(data.at(slice(0, n)))
    turned = replace(data, positive=data.positive ^ np.isin(np.arange(90), [4, 30]))
    assert suspected(turned) == {4, 30}
    doubts = [probably_wrong(turned, wrong, 0)[4] for wrong in (0.001, 0.05, 0.3)]
    assert doubts == sorted(doubts)  # the less, the seldomer people err


def test_a_near_duplicate_with_the_same_label_does_not_speak_for_it() -> None:
    data = two_kinds(90)
    positive, group = data.positive.copy(), data.group.copy()
    positive[[4, 5]], group[[4, 5]] = True, 4
    assert {4, 5} <= suspected(replace(data, positive=positive, group=group))


ROOT = Path(__file__).parents[2]
TRAINING = """
import json, sys
import numpy as np
from concepts.learning.fitting import warm_up
warm_up()
warm = set(sys.modules)
from concepts.learning.base import TrainingSet
from concepts.learning.fitting import train_head
for n in (2, 6, 40, 200):
    positive = np.arange(n) % 3 == 0
    vectors = np.random.default_rng(n).normal(size=(n, 32)).astype(np.float32)
    train_head(TrainingSet(vectors, positive, np.ones(n), np.arange(n)), vectors[0], seed=0)
libraries = ("scipy.linalg", "scipy.optimize", "sklearn.model_selection")
print(json.dumps([sorted(set(sys.modules) - warm), [name for name in libraries if name in warm]]))
"""


def test_training_imports_nothing_more_once_it_is_warm() -> None:
    said = subprocess.run(
        [sys.executable, "-c", TRAINING], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    imported, warm = json.loads(said)
    assert imported == []
    assert len(warm) == 3
