"""Ridge regression in the space of a Gaussian kernel."""

from __future__ import annotations

import numpy as np

from concepts.learning.base import Floats, Pictures, Scorer, Texts, TrainingSet
from concepts.learning.heads import require_both
from concepts.registry import Method

BETA = 1.0  # of exp(-β |x - y|²); narrower kernels see nothing between the answers
STRENGTH = 0.1  # λ, where each side weighs one in all


class KernelRidge(Scorer):
    """k(x, X)(K + λΩ⁻¹)⁻¹y with k = exp(-β|x - y|²) and y = ±1: a border that may bend; both sides weigh one
    in Ω. With a linear kernel it would be the head `anchored` without words."""

    method = Method(
        name="kernel_ridge",
        what="Draws a border that may bend around the pictures you answered.",
        source="Saunders et al., Ridge regression learning algorithm in dual variables, ICML 1998",
        cost="one look at the library an answer; needs a yes and a no",
        defaults={"beta": BETA, "strength": STRENGTH},
    )

    def score(self, data: TrainingSet, texts: Texts | None, pictures: Pictures, seed: int) -> Floats:
        require_both(data)
        X = np.asarray(data.vectors, np.float64)
        near = np.exp(-2 * BETA * (1 - X @ X.T))  # |x - y|² = 2 - 2 cos of unit vectors
        dual = np.linalg.solve(
            near + STRENGTH * np.diag(1 / data.balanced), np.where(data.positive, 1.0, -1.0)
        )
        cosine = pictures.vectors.astype(np.float32) @ X.T.astype(np.float32)
        return np.asarray(np.exp(-2 * BETA * (1 - cosine.astype(np.float64))) @ dual)
