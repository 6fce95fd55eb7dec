"""Work for the tests of engines, in a module that workers of any kind can import."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from concepts.errors import OtherEncoderError

Said = tuple[int, list[int], float]  # process, numbers, their sum of roots


@dataclass(frozen=True)
class Roots:
    """Numbers → the process that did it, and what it found. `slow`: seconds a batch."""

    slow: float = 0.0
    refuses: int = -1  # the number at which it fails
    begun: str = ""  # a file that says how often work was begun

    def begin(self) -> Callable[[list[int]], Said]:
        return self._do

    def _do(self, numbers: list[int]) -> Said:
        if self.begun:
            with Path(self.begun).open("a", encoding="utf-8") as file:
                file.write(f"{numbers[0]}\n")
        if self.refuses in numbers:
            raise OtherEncoderError("this", "that")
        time.sleep(self.slow)
        return os.getpid(), numbers, float(np.sqrt(np.array(numbers, dtype=np.float64)).sum())
