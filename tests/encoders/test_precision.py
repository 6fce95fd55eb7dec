"""Which precision a machine gets, by a clock that a network moves."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from concepts.encoders import precision
from concepts.encoders.precision import BATCH, HOPELESS, resolve_precision


class Network(torch.nn.Module):
    """Takes a second a picture in float32, and `half` seconds in bfloat16."""

    def __init__(self, half: float, clock: Clock) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.eye(3))
        self.half, self.clock = half, clock

    def __deepcopy__(self, memory: object) -> Network:
        return Network(self.half, self.clock)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        is_half = pixels.dtype == torch.bfloat16
        self.clock.now += len(pixels) * (self.half if is_half else 1.0)
        self.clock.most = max(self.clock.most, len(pixels) if is_half else 0)
        return pixels.mean((2, 3)) @ self.weight


class Clock:
    now, most = 0.0, 0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(precision.time, "thread_time", lambda: clock.now)
    return clock


def resolved(network: Network, folder: Path) -> str:
    return resolve_precision(
        "auto",
        network,
        lambda given, pixels: given(pixels),
        (8, 8),
        architecture="a",
        cache=folder,
    )


@pytest.mark.parametrize(("half", "expected"), [(0.5, "bfloat16"), (0.9, "float32"), (2.0, "float32")])
def test_bfloat16_is_taken_where_it_is_quicker_by_a_fifth(
    clock: Clock, tmp_path: Path, half: float, expected: str
) -> None:
    assert resolved(Network(half, clock), tmp_path) == expected
    assert clock.most == BATCH


def test_a_processor_that_only_imitates_bfloat16_is_not_asked_for_whole_batches(
    clock: Clock, tmp_path: Path
) -> None:
    assert resolved(Network(2.0 * HOPELESS, clock), tmp_path) == "float32"
    assert clock.most == 1
