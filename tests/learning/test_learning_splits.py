import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from concepts.learning.base import grouped_folds

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
