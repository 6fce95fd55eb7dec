"""Ranking the person's own library by its neighbour graph."""

from __future__ import annotations

import numpy as np
import pytest
from clouds import labelled
from sklearn.datasets import make_moons
from sklearn.metrics import average_precision_score

from concepts.encoders.base import unit
from concepts.errors import NotEnoughLabelsError
from concepts.learning.base import Pictures
from concepts.learning.heads import HEADS
from concepts.learning.scorers import neighbour_graph
from study.scorers.propagation import Propagation
from study.scorers.transclip import TransCLIP


def half_moons(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two interleaved half-moons on a sphere of 64 dimensions, and which is which."""
    points, moon = make_moons(600, noise=0.05, random_state=seed)
    rng = np.random.default_rng(seed)
    plane = np.linalg.qr(rng.normal(size=(64, 3)))[0].T
    vectors = unit(
        (points - points.mean(axis=0)) @ plane[:2] * 0.5 + plane[2] + rng.normal(0, 0.005, (600, 64))
    )
    return vectors.astype(np.float32), moon == 1


@pytest.mark.parametrize("seed", range(3))
def test_where_what_counts_is_no_half_space_three_answers_of_each_flow_along_the_graph(seed: int) -> None:
    vectors, truth = half_moons(seed)
    rng = np.random.default_rng(seed)
    rows = np.concatenate(
        [rng.choice(np.flatnonzero(truth == side), 3, replace=False) for side in (True, False)]
    )
    data, pictures = labelled(vectors, rows, truth[rows]), Pictures(vectors, labelled=rows)
    others = np.setdiff1d(np.arange(600), rows)
    quality = {
        name: average_precision_score(truth[others], way().score(data, None, pictures, 0)[others])
        for name, way in (("propagation", Propagation), ("steady", HEADS["steady"]))
    }
    assert quality["propagation"] > 0.95
    assert quality["steady"] < quality["propagation"] - 0.03


def test_what_no_answer_reaches_has_no_evidence() -> None:
    vectors = unit(np.repeat(np.eye(4), 5, axis=0) + 0.01 * np.random.default_rng(0).normal(size=(20, 4)))
    rows = np.array([0, 5])
    data = labelled(vectors, rows, np.array([True, False]))
    graph = neighbour_graph(vectors, 3)
    scores = Propagation().score(data, None, Pictures(vectors, graph, rows), 0)
    assert (scores[:5] > 0).all()
    assert (scores[5:10] < 0).all()
    assert np.allclose(scores[10:], 0)


def test_answers_about_other_pictures_are_no_sources() -> None:
    vectors, _ = half_moons(0)
    rows = np.array([0, 1])
    data = labelled(vectors, rows, np.array([True, False]))
    nowhere = Pictures(vectors, labelled=np.array([-1, -1]))
    assert np.allclose(Propagation().score(data, None, nowhere, 0), 0)
    with pytest.raises(NotEnoughLabelsError):
        Propagation().score(data, None, Pictures(vectors), 0)


def test_transduction_moves_a_border_that_few_labels_put_askew_between_the_pictures() -> None:
    """The labelled pictures of two clouds lie to one side of them."""
    gains = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        truth = np.arange(400) % 8 == 0
        points = rng.normal(size=(400, 24))
        points[:, 0] += np.where(truth, 3.0, -3.0)
        points[:, 1] *= 2.0
        askew = points[:, 1] * np.where(truth, 1, -1)
        sides = [np.flatnonzero(truth == side) for side in (True, False)]
        rows = np.concatenate([rows[np.argsort(askew[rows])[-3:]] for rows in sides])
        vectors = unit(points).astype(np.float32)
        data = labelled(vectors, rows, truth[rows])
        pictures = Pictures(vectors, neighbour_graph(vectors), rows)
        others = np.setdiff1d(np.arange(400), rows)
        settled, alone = (
            average_precision_score(truth[others], way.score(data, None, pictures, 0)[others])
            for way in (TransCLIP(), HEADS["auto"]())
        )
        gains.append(settled - alone)
    assert np.mean(gains) > 0.01
    assert min(gains) > -0.01


def test_transduction_needs_labelled_pictures_among_those_it_ranks() -> None:
    vectors, _ = half_moons(0)
    data = labelled(vectors, np.array([0, 1]), np.array([True, False]))
    with pytest.raises(NotEnoughLabelsError):
        TransCLIP().score(data, None, Pictures(vectors, neighbour_graph(vectors)), 0)
