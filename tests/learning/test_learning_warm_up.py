"""What is loaded before somebody waits is what training needs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

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
