"""Ways to fit a linear head: labels → weights and a bias."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from concepts.encoders.base import Vectors
from concepts.errors import NotEnoughLabelsError
from concepts.learning.base import (
    Bools,
    Floats,
    LinearHead,
    Pictures,
    Rows,
    Scorer,
    Texts,
    TrainingSet,
    grouped_folds,
    one_blas_thread,
)
from concepts.learning.calibration import calibrated_loss
from concepts.learning.nearness import prototypes
from concepts.registry import Method, Registry

REGULARISATION = (1.0, 10.0, 100.0)
GRADIENT = 1e-4  # where the largest slope of the mean loss is below, a solution is taken
STEPS = 1000
RANK = 1e-12  # eigenvalues below this share of the largest are rounding
Folds = list[tuple[Rows, Rows]]
FEW = 5  # with fewer groups of either class, cross-validating C is a lottery


@dataclass(frozen=True)
class HeldOut:
    """A head for all labels, and a raw score (n,) of each by a head like it that had not seen the picture or
    its near-duplicates. folds 0: nothing could be held out, and the scores are the head's own."""

    head: LinearHead
    scores: Floats
    folds: int


class Head(Scorer, Protocol):
    """A scorer that reduces to weights, a bias and perhaps prototypes, and so can be exported. Heads inherit
    from this class.

    Made without arguments when it is looked up by name. What leaves `fit` is neither calibrated nor has it
    a threshold: `concepts.learning.fitting.train_head` sees to both, for every head alike.
    """

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        """Raises `NotEnoughLabelsError` where this way can't work with so few labels."""

    def settled(self, fitted: LinearHead) -> Head:
        """This way with what `fit` chose from the labels held fixed, to be fitted to parts of them."""
        return self

    def fit_held_out(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> HeldOut:
        """Raises `NotEnoughLabelsError` as `fit` does. Needs a label."""
        head = self.fit(data, text_direction, seed)
        folds = grouped_folds(data.positive, data.group, seed)
        if not folds:
            return HeldOut(head, head.logits(data.vectors), 0)
        settled, scores = self.settled(head), np.empty(len(data.positive))
        for train, test in folds:
            scores[test] = settled.fit(data.at(train), text_direction, seed).logits(data.vectors[test])
        return HeldOut(head, scores, len(folds))

    def score(self, data: TrainingSet, texts: Texts | None, pictures: Pictures, seed: int) -> Floats:
        direction = None if texts is None else texts.direction
        return self.fit(data, direction, seed).logits(pictures.vectors)


def require_both(data: TrainingSet) -> None:
    """Raises `NotEnoughLabelsError` unless there is a yes and a no."""
    for what, count in (("yes", data.positives), ("no", data.negatives)):
        if not count:
            raise NotEnoughLabelsError(f"No picture is labelled {what}; a head needs at least one of each.")


class TextHead(Head):
    """The direction of the words, plus the mean of the yes pictures where there are any (Rocchio)."""

    method = Method(
        name="text",
        what="Looks for the words, and for what is like the pictures that count.",
        source="Rocchio, Relevance feedback in information retrieval, 1971",
        cost="nothing; needs no label",
    )

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        if text_direction is None and not data.positives:
            raise NotEnoughLabelsError("There is neither a text direction nor a picture labelled yes.")
        weights = np.zeros(data.vectors.shape[1])
        if text_direction is not None:
            weights += text_direction
        if data.positives:
            weights += np.average(data.vectors[data.positive], axis=0, weights=data.weight[data.positive])
        return LinearHead("text", weights, 0.0)


class LDAHead(Head):
    """Linear discriminant with one shared covariance, shrunk by Ledoit & Wolf (2004); closed form.

    The covariance is (1-s)/n · DᵀD + s·m·I for residuals D (n, d), so with n < d the Woodbury identity solves
    in n × n: with d = 1,664 and a dozen labels that is milliseconds where (d, d) takes half a second.
    """

    method = Method(
        name="lda",
        what="Compares the average picture that counts with the average one that doesn't.",
        source="Ledoit & Wolf, A well-conditioned estimator for large-dimensional covariance matrices, 2004",
        cost="milliseconds for a hundred labels; needs a yes and a no",
    )

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        require_both(data)
        X, yes = np.asarray(data.vectors, dtype=np.float64), data.positive
        mean_yes, mean_no = means_of(data)
        residuals = np.where(yes[:, None], X - mean_yes, X - mean_no)
        residuals *= np.sqrt(data.weight / data.weight.mean())[:, None]
        n, d = residuals.shape
        difference = mean_yes - mean_no
        with one_blas_thread():
            variance = float((residuals**2).sum()) / n / d
            if variance < 1e-12:  # one yes and one no leave no residual
                shrinkage, weights = 1.0, difference
            else:
                square = residuals @ residuals.T if n < d else residuals.T @ residuals
                shrinkage = max(_shrinkage(residuals, square), 1e-3)
                ridge = n * shrinkage * variance / max(1 - shrinkage, 1e-9)
                square[np.diag_indices_from(square)] += ridge
                if n < d:
                    inner = _solved(square, residuals @ difference)
                    weights = (difference - residuals.T @ inner) / (shrinkage * variance)
                else:
                    weights = _solved(square, difference) * ridge / (shrinkage * variance)
        bias = -0.5 * float((mean_yes + mean_no) @ weights)
        return LinearHead("lda", weights, bias, details={"shrinkage": shrinkage})


def means_of(data: TrainingSet) -> tuple[Floats, Floats]:
    """(d,) of the yes and of the no pictures, of which there is one each at least."""
    X, yes = np.asarray(data.vectors, dtype=np.float64), data.positive
    mean_yes, mean_no = (np.average(X[side], axis=0, weights=data.weight[side]) for side in (yes, ~yes))
    return mean_yes, mean_no


def _shrinkage(residuals: Floats, square: Floats) -> float:
    """Ledoit and Wolf's shrinkage of rows (n, d) around zero; square is DDᵀ or DᵀD, whichever is smaller.

    What `sklearn.covariance.ledoit_wolf_shrinkage` sums over (d, d), by the norms of rows and of `square`.
    """
    n, d = residuals.shape
    norms = (residuals**2).sum(axis=1)
    mean = float(norms.sum()) / n / d
    of_all = float((square**2).sum()) / n**2
    noise = (float((norms**2).sum()) / n - of_all) / (d * n)
    distance = of_all / d - mean**2
    noise = min(noise, distance)
    return noise / distance if noise > 0 else 0.0


def _solved(square: Floats, right: Floats) -> Floats:
    # SciPy's linear algebra takes a tenth of a second to load, and most commands don't train
    from scipy.linalg import cho_factor, cho_solve

    return np.asarray(cho_solve(cho_factor(square, overwrite_a=True), right))


@dataclass(frozen=True)
class LogisticHead(Head):
    """L2-regularised logistic regression with both classes weighing the same; C by grouped folds."""

    C: float | None = None

    method = Method(
        name="logistic",
        what="Draws the border that fits the labels best, the simpler the better.",
        source="Cox, The regression analysis of binary sequences, 1958; L-BFGS of SciPy",
        licence="BSD-3-Clause",
        cost="hundredths of a second for a hundred labels; needs a yes and a no",
        defaults={"C": REGULARISATION},
    )

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        require_both(data)
        with one_blas_thread():
            space = Space.of(data.vectors)
            folds = grouped_folds(data.positive, data.group, seed) if self.C is None else []
            return _fitted(space, data, self._choose(space, data, folds)[0])

    def fit_held_out(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> HeldOut:
        """The folds that choose C are those that hold out, so nothing is fitted twice."""
        require_both(data)
        with one_blas_thread():
            space = Space.of(data.vectors)
            folds = grouped_folds(data.positive, data.group, seed)
            C, scores = self._choose(space, data, folds)
            head = _fitted(space, data, C)
            if not folds:
                return HeldOut(head, head.logits(data.vectors), 0)
            return HeldOut(head, _held_out(space, data, folds, C) if scores is None else scores, len(folds))

    def settled(self, fitted: LinearHead) -> Head:
        return LogisticHead(fitted.details["C"])

    def _choose(self, space: Space, data: TrainingSet, folds: Folds) -> tuple[float, Floats | None]:
        if self.C is not None or not folds:
            return self.C or REGULARISATION[0], None
        return least_loss(
            lambda C: _held_out(space, data, folds, C),
            lambda scores: calibrated_loss(scores, data.positive, data.weight),
        )


def least_loss(held_out: Callable[[float], Floats], loss: Callable[[Floats], float]) -> tuple[float, Floats]:
    """The C whose calibrated out-of-fold scores have the least log loss, and these scores."""
    found = [(loss(scores := held_out(C)), C, scores) for C in REGULARISATION]
    _, C, scores = min(found, key=lambda one: one[0])
    return C, scores


@dataclass(frozen=True)
class Space:
    """The rows in coordinates X (n, r) in which they are learned from, and the way back to weights (d,).

    An L2-regularised solution never leaves the span of the rows, so fewer rows than dimensions are learned
    from in their principal axes. Single precision halves what each step reads and is as exact as the vectors
    are: the weights differ by a millionth.
    """

    X: NDArray[np.float32]
    back: Callable[[Floats], Floats]

    @classmethod
    def of(cls, vectors: Vectors) -> Space:
        n, d = vectors.shape
        if n >= d:
            return cls(np.ascontiguousarray(vectors, dtype=np.float32), lambda weights: weights)
        rows = np.asarray(vectors, dtype=np.float64)
        square, axes = np.linalg.eigh(rows @ rows.T)
        real = square > RANK * square[-1]
        length, axes = np.sqrt(square[real]), axes[:, real]
        return cls((axes * length).astype(np.float32), lambda weights: rows.T @ (axes @ (weights / length)))


def _fitted(space: Space, data: TrainingSet, C: float) -> LinearHead:
    weights, bias = _logistic(space.X, data.positive, data.weight, C)
    return LinearHead("logistic", space.back(weights), bias, details={"C": C})


def _held_out(space: Space, data: TrainingSet, folds: Folds, C: float) -> Floats:
    """Scores (n,), each by a head that was fitted without that row's fold."""
    scores = np.empty(len(space.X))
    for train, test in folds:
        weights, bias = _logistic(space.X[train], data.positive[train], data.weight[train], C)
        scores[test] = space.X[test] @ weights + bias
    return scores


def _logistic(X: NDArray[np.float32], positive: Bools, weight: Floats, C: float) -> tuple[Floats, float]:
    """Weights (d,) and bias that minimise the mean loss + |weights|² / 2C·(sum of the weights).

    As scikit-learn's `LogisticRegression` does it, step by step, without its checks and in single precision:
    it stops short of the minimum where C is large, and so does this.
    """
    # SciPy's optimisers take a third of a second to load, and most commands don't train
    from scipy.optimize import minimize
    from scipy.special import expit

    half, total = weight.sum() / 2, weight.sum()
    share = weight / total * np.where(positive, half / weight[positive].sum(), half / weight[~positive].sum())
    sign, ridge = np.where(positive, 1.0, -1.0), 1 / (C * total)

    def loss(theta: Floats) -> tuple[float, Floats]:
        weights = theta[:-1]
        margin = sign * (X @ weights.astype(np.float32) + theta[-1])
        value = share @ np.logaddexp(0, -margin) + ridge / 2 * (weights @ weights)
        slope = -sign * share * expit(-margin)
        return float(value), np.append(slope.astype(np.float32) @ X + ridge * weights, slope.sum())

    options = {"maxiter": STEPS, "maxls": 50, "gtol": GRADIENT, "ftol": 64 * np.finfo(float).eps}
    theta = minimize(loss, np.zeros(X.shape[1] + 1), jac=True, method="L-BFGS-B", options=options).x
    return np.asarray(theta[:-1], dtype=np.float64), float(theta[-1])


SUITED: dict[str, Head] = {"text": TextHead(), "lda": LDAHead(), "logistic": LogisticHead()}


class LineHead(Head):
    """Text without both a yes and a no, LDA with few of either, logistic regression from there."""

    method = Method(
        name="line",
        what="Takes what suits the number of labels: the words, then lda, then logistic.",
        source="this project",
        cost="that of the head it takes",
        defaults={"few": FEW},
    )

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        return self.suited(data).fit(data, text_direction, seed)

    def fit_held_out(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> HeldOut:
        return self.suited(data).fit_held_out(data, text_direction, seed)

    def settled(self, fitted: LinearHead) -> Head:
        return SUITED[fitted.kind].settled(fitted)

    def suited(self, data: TrainingSet) -> Head:
        """The way that these labels are learned from."""
        yes, no = len(np.unique(data.group[data.positive])), len(np.unique(data.group[~data.positive]))
        if not yes or not no:
            return TextHead()
        return LDAHead() if min(yes, no) < FEW else LogisticHead()


@dataclass(frozen=True)
class AutoHead(Head):
    """The line, and beside it prototypes of what is labelled yes and of what is labelled no."""

    line: Head = field(default_factory=LineHead)

    method = Method(
        name="auto",
        what="The line that suits the number of labels, and beside it what is typical of both sides.",
        source="this project; Snell et al., Prototypical networks for few-shot learning, NeurIPS 2017",
        cost="that of the line, and a hundredth of a second",
        defaults={"few": FEW},
    )

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        return _with_prototypes(self.line.fit(data, text_direction, seed), data)

    def fit_held_out(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> HeldOut:
        line = self.line.fit_held_out(data, text_direction, seed)
        head = _with_prototypes(line.head, data)
        if head.prototypes is None:
            return line
        if not line.folds:
            return HeldOut(head, head.logits(data.vectors), 0)
        scores, nothing = line.scores.copy(), replace(head, weights=np.zeros_like(head.weights), bias=0.0)
        for train, test in grouped_folds(data.positive, data.group, seed):  # the same as the line's
            beside = replace(nothing, prototypes=prototypes(line.head, data.at(train)))
            scores[test] += beside.logits(data.vectors[test])  # 0 without prototypes
        return HeldOut(head, scores, line.folds)

    def settled(self, fitted: LinearHead) -> Head:
        return AutoHead(self.line.settled(fitted))


def _with_prototypes(line: LinearHead, data: TrainingSet) -> LinearHead:
    found = prototypes(line, data)
    counts = found and {"yes": len(found.yes), "no": len(found.no)}
    return replace(line, prototypes=found, details=line.details | {"prototypes": counts})


HEADS: Registry[Head] = Registry("head", "discern.heads")
HEADS.register(AutoHead)
HEADS.register(LineHead)
HEADS.register(TextHead)
HEADS.register(LDAHead)
HEADS.register(LogisticHead)
