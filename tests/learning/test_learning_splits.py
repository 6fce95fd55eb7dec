import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from concepts.learning.splits import draw_evaluation, grouped_folds

grouped = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=60)
groups = st.lists(st.integers(0, 15), min_size=1, max_size=60)


def names(n):
    return [f"picture-{i}" for i in range(n)]


@given(grouped, st.integers(0, 5))
def test_folds_cut_no_group_hold_out_every_picture_once_and_train_on_both_classes(rows, seed):
    group, positive = np.array([g for g, _ in rows]), np.array([y for _, y in rows])
    folds = grouped_folds(positive, group, seed)
    for train, test in folds:
        assert not set(group[train]) & set(group[test])
        assert len(train) + len(test) == len(group)
        assert positive[train].any()
        assert not positive[train].all()
    if folds:
        assert np.array_equal(np.sort(np.concatenate([test for _, test in folds])), np.arange(len(group)))


@given(grouped, st.integers(0, 5))
def test_folds_are_the_same_each_time(rows, seed):
    group, positive = np.array([g for g, _ in rows]), np.array([y for _, y in rows])
    first, second = grouped_folds(positive, group, seed), grouped_folds(positive, group, seed)
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(first, second, strict=True))


@given(groups, st.integers(0, 70), st.integers(0, 5))
def test_a_draw_takes_one_picture_of_a_group_and_sets_the_others_aside(group, size, seed):
    group = np.array(group)
    draw = draw_evaluation(names(len(group)), group, size, seed)
    assert len(draw.chosen) == min(size, len(set(group)))
    assert len(set(group[draw.chosen])) == len(draw.chosen)
    rest = np.setdiff1d(np.arange(len(group)), np.concatenate([draw.chosen, draw.set_aside]))
    assert not set(group[rest]) & set(group[draw.chosen])
    assert set(group[draw.set_aside]) <= set(group[draw.chosen])


@given(groups, st.integers(0, 20), st.integers(0, 20), st.integers(0, 5), st.randoms())
def test_a_draw_grows_without_losing_pictures_and_does_not_depend_on_their_order(
    group, size, more, seed, random
):
    ids = names(len(group))
    drawn = {ids[i] for i in draw_evaluation(ids, np.array(group), size, seed).chosen}
    mixed = list(zip(ids, group, strict=True))
    random.shuffle(mixed)
    other_ids, other_group = [m[0] for m in mixed], np.array([m[1] for m in mixed])
    larger = draw_evaluation(other_ids, other_group, size + more, seed)
    assert drawn <= {other_ids[i] for i in larger.chosen}


def test_another_seed_draws_other_pictures():
    ids, group = names(500), np.arange(500)
    first, second = (set(draw_evaluation(ids, group, 50, seed).chosen) for seed in (0, 1))
    assert len(first & second) < 20


def test_every_picture_is_as_likely_as_the_next():
    ids, group = names(40), np.arange(40)
    counts = np.zeros(40)
    for seed in range(400):
        counts[draw_evaluation(ids, group, 10, seed).chosen] += 1
    assert counts.min() > 60
    assert counts.max() < 140
