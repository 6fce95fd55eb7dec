import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

from concepts.errors import NotEnoughLabelsError, WrongUsageError
from concepts.learning.base import TrainingSet
from concepts.learning.fitting import train_early, train_head
from concepts.learning.heads import HEADS, LogisticHead


def test_closed_form_lda_points_where_sklearn_lda_does(labels):
    data = labels(10, 15)
    head = HEADS["lda"]().fit(data, None, 0)
    reference = LinearDiscriminantAnalysis(
        solver="lsqr", shrinkage=head.details["shrinkage"], priors=[0.5, 0.5]
    )
    X = data.vectors.astype(np.float64)
    reference.fit(X, data.positive)
    # sklearn averages the covariances of the classes with the priors; give it the pooled one instead.
    means = reference.means_
    residuals = X - means[data.positive.astype(int)]
    covariance = residuals.T @ residuals / len(X)
    s, d = head.details["shrinkage"], X.shape[1]
    shrunk = (1 - s) * covariance + s * np.trace(covariance) / d * np.eye(d)
    assert np.allclose(head.weights, np.linalg.solve(shrunk, means[1] - means[0]))
    assert np.corrcoef(head.logits(X), reference.decision_function(X))[0, 1] > 0.95


def test_logistic_in_the_row_space_is_logistic_regression_on_all_dimensions(labels):
    data = labels(8, 12)
    head = LogisticHead(C=10.0).fit(data, None, 0)
    full = LogisticRegression(C=10.0, class_weight="balanced", max_iter=5000, tol=1e-8)
    full.fit(data.vectors.astype(np.float64), data.positive)
    assert np.allclose(head.weights, full.coef_[0], atol=2e-2 * np.abs(full.coef_).max())


@pytest.mark.parametrize(
    ("counts", "kind"),
    [((0, 0), "text"), ((0, 20), "text"), ((1, 1), "lda"), ((3, 90), "lda"), ((20, 20), "logistic")],
)
def test_labels_decide_the_kind_of_head_and_near_copies_count_as_one(labels, counts, kind):
    def kind_of(data):
        return HEADS["auto"]().fit(data, np.ones(data.vectors.shape[1]), 0).kind

    data = labels(*counts)
    assert kind_of(data) == kind
    copies = replace(data, group=np.where(data.positive, 0, data.group))
    assert kind_of(copies) == kind.replace("logistic", "lda")


def test_without_labels_the_words_rank_or_example_pictures(labels, text_direction):
    head = train_head(labels(0, 0), text_direction, 0)
    unseen = labels(50, 200, seed=9)
    assert head.kind == "text"
    assert head.details["calibration"] is None
    assert average_precision_score(unseen.positive, head.logits(unseen.vectors)) > 0.8
    with pytest.raises(NotEnoughLabelsError):
        train_head(labels(0, 0), None, 0)
    examples = train_head(labels(3, 0), None, 0)
    assert average_precision_score(unseen.positive, examples.logits(unseen.vectors)) > 0.8


def test_a_head_can_be_chosen_by_name_and_the_words_lead_until_there_are_labels_for_it(
    labels, text_direction
):
    data = labels(20, 20)
    names = ["text", "lda", "logistic"]
    assert [train_head(data, text_direction, 0, head=name).kind for name in names] == names
    chosen, suited = train_head(data, None, 0, head="lda"), train_head(data, None, 0)
    assert (chosen.details["head"], suited.details["head"], suited.kind) == ("lda", "auto", "logistic")
    with pytest.raises(WrongUsageError, match=r"no head “forest”.* auto, line, text, lda, logistic"):
        train_head(data, None, 0, head="forest")
    assert train_early(labels(3, 0), text_direction, 0, head="logistic").kind == "text"
    assert train_early(labels(3, 9), text_direction, 0, head="logistic").kind == "logistic"


@pytest.mark.parametrize("counts", [(1, 1), (2, 2), (1, 30), (30, 1), (4, 9), (30, 70)])
def test_a_trained_head_is_calibrated_and_keeps_the_ranking(counts, labels, text_direction):
    data = labels(*counts)
    head = train_head(data, text_direction, 0)
    raw = HEADS["auto"]().fit(data, text_direction, 0)
    unseen = labels(50, 200, seed=9)
    assert np.array_equal(np.argsort(head.logits(unseen.vectors)), np.argsort(raw.logits(unseen.vectors)))
    assert head.details["calibration"]["a"] > 0
    assert 0 < head.threshold < 1
    json.dumps(head.details)


def test_labels_without_meaning_give_probabilities_near_their_share(labels):
    positive = np.random.default_rng(1).permutation(np.arange(80) < 40)
    head = train_head(replace(labels(0, 80, seed=4), positive=positive), None, 0)
    assert np.abs(head.probabilities(labels(20, 20, seed=5).vectors) - 0.5).max() < 0.25


def test_probabilities_mean_what_they_say(labels):
    head = train_head(labels(150, 150, noise=3.0), None, 0)
    unseen = labels(2000, 2000, seed=9, noise=3.0)
    p = head.probabilities(unseen.vectors)
    for low in (0.1, 0.3, 0.5, 0.7):
        band = (p >= low) & (p < low + 0.2)
        assert abs(p[band].mean() - unseen.positive[band].mean()) < 0.1


def beside(one, other, weight):
    """All labels, those of the other with this weight."""
    n = len(one.positive) + len(other.positive)
    sides = zip((one.vectors, one.positive), (other.vectors, other.positive), strict=True)
    vectors, positive = (np.concatenate(both) for both in sides)
    return TrainingSet(
        vectors, positive, np.where(np.arange(n) < len(one.positive), 1.0, weight), np.arange(n)
    )


def test_labels_that_weigh_nothing_change_nothing_and_the_threshold_comes_from_a_persons(
    labels, text_direction
):
    data, lies = labels(10, 20), labels(10, 20, seed=3)
    both = beside(data, replace(lies, positive=~lies.positive), 0.0)
    assert np.array_equal(
        train_head(both, text_direction, 0).weights, train_head(data, text_direction, 0).weights
    )
    details = train_head(beside(labels(20, 20), labels(60, 60, seed=3), 0.4), None, 0).details
    assert (details["threshold_labels"], details["full_weight"], details["reduced_weight"]) == (40, 40, 120)
