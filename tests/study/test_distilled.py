"""Pictures made up from what a network's batch norms remember of its training."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from study.distilled import NothingRememberedError, distilled

SIDE = 16
MEAN, DEVIATION = 90.0, 20.0  # noise begins at 127 and 50


def network(mean: float, deviation: float) -> torch.nn.Module:
    """One batch norm right behind the pixels: it has seen them with this mean and deviation."""
    norm = torch.nn.BatchNorm2d(3)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.running_mean.fill_(mean)
    norm.running_var.fill_(deviation**2)
    return torch.nn.Sequential(norm, torch.nn.Flatten()).eval()


def test_they_come_near_the_means_and_deviations_that_it_remembers() -> None:
    pictures = distilled(network(MEAN, DEVIATION), SIDE, SIDE)
    assert pictures.dtype == np.uint8
    assert pictures.shape[1:] == (3, SIDE, SIDE)
    assert pictures.mean((0, 2, 3)) == pytest.approx(MEAN, abs=8)
    assert pictures.std((0, 2, 3)) == pytest.approx(DEVIATION, abs=8)


def test_they_are_the_same_each_time_and_no_two_of_them_are() -> None:
    pictures = distilled(network(MEAN, DEVIATION), SIDE, SIDE)
    assert np.array_equal(pictures, distilled(network(MEAN, DEVIATION), SIDE, SIDE))
    assert len(np.unique(pictures, axis=0)) == len(pictures)


def test_what_has_no_batch_norm_remembers_nothing() -> None:
    with pytest.raises(NothingRememberedError):
        distilled(torch.nn.Conv2d(3, 3, 1), SIDE, SIDE)
