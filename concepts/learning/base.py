"""What learning passes around: labelled vectors in, scores or a linear head out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from concepts.encoders.base import Vectors
from concepts.learning.scale import ScaleLabels
from concepts.registry import Method

Found_co = TypeVar("Found_co", covariant=True)
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Rows = NDArray[np.int64]
Votes = NDArray[np.int8]  # 1 yes, -1 no, 0 nothing

FOLDS = 5  # at most
PASSED_OVER = 0.3  # what a picture that was passed over on a wall weighs as a no: people overlook some
FAMILIAR_FROM = "familiar_from"  # the detail of a head, see `LinearHead.familiar_from`


@dataclass(frozen=True)
class TrainingSet:
    """Labelled unit vectors.

    vectors (n, d); positive (n,); weight (n,) is 1 for a person's label and less for a machine's
    (rule 5); group (n,) holds one integer per near-duplicate group, which no split may cut. said: the grades
    or classes, where the concept has a scale; `positive` is then what they come down to.
    """

    vectors: Vectors
    positive: Bools
    weight: Floats
    group: Rows
    said: ScaleLabels | None = None

    @property
    def positives(self) -> int:
        return int(self.positive.sum())

    @property
    def negatives(self) -> int:
        return len(self.positive) - self.positives

    @property
    def balanced(self) -> Floats:
        """(n,) weights with which each side weighs one in all. Needs both."""
        yes = self.positive
        return np.asarray(self.weight / np.where(yes, self.weight[yes].sum(), self.weight[~yes].sum()))

    def at(self, rows: Any) -> TrainingSet:
        """The labels of these rows (indices, a mask or a slice)."""
        said = self.said.at(rows) if self.said else None
        return TrainingSet(self.vectors[rows], self.positive[rows], self.weight[rows], self.group[rows], said)


class Index(Protocol[Found_co]):
    """Vectors that are multiplied where they are kept, as `storage.vectors.reader.VectorReader` does it."""

    def scores(
        self,
        weights: NDArray[np.floating],
        bias: float | NDArray[np.floating] = 0.0,
        allowed: Any = None,
        joined: Callable[[Any], Any] | None = None,
    ) -> Found_co: ...


@dataclass(frozen=True)
class Prototypes:
    """What is typical of the labelled pictures, beside a line between them: yes (k, d), no (m, d). The logit
    of a picture x gets the largest yes · x and loses the largest no · x."""

    yes: Vectors
    no: Vectors

    def kept(self) -> bytes:
        from safetensors.numpy import save

        return bytes(save({"yes": self.yes, "no": self.no}))

    @classmethod
    def read(cls, kept: bytes | None) -> Prototypes | None:
        from safetensors.numpy import load

        return None if kept is None else cls(**load(kept))


@dataclass(frozen=True)
class LinearHead:
    """p(yes | x) = sigmoid(weights · x + bias), calibrated; yes where p ≥ threshold. Where it has prototypes,
    what they say is added. `classes` (k, d + 1): weights and biases of exclusive classes, against none of
    them, where there are some."""

    kind: str
    weights: Floats  # (d,)
    bias: float
    threshold: float = 0.5
    details: dict[str, Any] = field(default_factory=dict)  # how it was trained, JSON-able, for the card
    classes: Floats | None = None
    prototypes: Prototypes | None = None

    @property
    def columns(self) -> Floats:
        """(d, c): what a picture is multiplied with, once for all that it needs; see `joined`."""
        beside = () if self.prototypes is None else (self.prototypes.yes, self.prototypes.no)
        return np.ascontiguousarray(np.vstack([self.weights[None], *beside]).T, dtype=np.float64)

    def joined(self, products: NDArray[np.floating]) -> NDArray[np.floating]:
        """vectors · `columns` (n, c) → their logits (n,)."""
        found = products[:, 0] + products.dtype.type(self.bias)
        if self.prototypes is None:
            return found
        yes = 1 + len(self.prototypes.yes)
        return np.asarray(found + products[:, 1:yes].max(axis=1) - products[:, yes:].max(axis=1))

    def logits(self, vectors: NDArray[np.floating]) -> Floats:
        vectors = np.asarray(vectors, dtype=np.float64)
        if self.prototypes is None:
            return vectors @ self.weights + self.bias
        return np.asarray(self.joined(vectors @ self.columns), np.float64)

    @property
    def familiar_from(self) -> float | None:
        """The cosine with the nearest prototype from which on a picture is like what was labelled; None where
        that isn't known."""
        found = self.details.get(FAMILIAR_FROM)
        return found if isinstance(found, float) and self.prototypes is not None else None

    def nearest(self, products: NDArray[np.floating]) -> NDArray[np.floating]:
        """vectors · `columns` (n, c) → the cosine of each with the nearest prototype (n,); it has some."""
        assert self.prototypes is not None
        length = products.dtype.type(np.linalg.norm(self.prototypes.yes[0]))
        return np.asarray(products[:, 1:].max(axis=1) / length)

    def familiarity(self, vectors: NDArray[np.floating]) -> Floats | None:
        """(n,) by how much each is nearer than `familiar_from`: what is below 0 is unlike anything labelled,
        and its probability says nothing. None where that isn't known."""
        if self.familiar_from is None:
            return None
        products = np.asarray(vectors, np.float64) @ self.columns
        return np.asarray(self.nearest(products) - self.familiar_from, np.float64)

    def scores(self, index: Index[Found_co], allowed: Any = None) -> Found_co:
        """The logits of all pictures of an index, or of those that are allowed."""
        if self.prototypes is None:
            return index.scores(self.weights, self.bias, allowed)
        return index.scores(self.columns, allowed=allowed, joined=self.joined)

    def weights_at(self, vector: NDArray[np.floating]) -> Floats:
        """(d,) the weights of the line that the head is for this picture (d,): its own, and the prototypes
        that this picture is most like."""
        if self.prototypes is None:
            return self.weights
        sides = (self.prototypes.yes, self.prototypes.no)
        yes, no = (np.asarray(side[int((side @ vector).argmax())], np.float64) for side in sides)
        return self.weights + yes - no

    def calibrated(self, a: float, c: float) -> LinearHead:
        """The head whose logits are a · logits + c; a > 0."""
        own = self.prototypes
        moved = own and Prototypes(*(np.asarray(a * side, np.float32) for side in (own.yes, own.no)))
        return replace(self, weights=a * self.weights, bias=a * self.bias + c, prototypes=moved)

    def probabilities(self, vectors: NDArray[np.floating]) -> Floats:
        """(n, d) → (n,) in 0..1."""
        return sigmoid(self.logits(vectors))


@dataclass(frozen=True)
class StackedHeads:
    """Several heads whose pictures are multiplied once for all of them."""

    heads: Sequence[LinearHead]

    @property
    def columns(self) -> Floats:
        """(d, c)"""
        return np.concatenate([head.columns for head in self.heads], axis=1)

    def joined(self, products: NDArray[np.floating]) -> NDArray[np.floating]:
        """vectors · `columns` (n, c) → logits (n, heads)."""
        ends = np.cumsum([head.columns.shape[1] for head in self.heads])
        parts = np.split(products, ends[:-1], axis=1)
        return np.stack([head.joined(part) for head, part in zip(self.heads, parts, strict=True)], axis=1)


@dataclass(frozen=True)
class NeighbourGraph:
    """The k nearest of each of n pictures: rows (n, k) of the same pictures, and their cosines (n, k)."""

    rows: NDArray[np.int64]
    cosine: NDArray[np.float32]


@dataclass(frozen=True)
class Pictures:
    """What a scorer ranks. vectors (n, d); `neighbours` is their graph, where there is one; `labelled` (m,)
    says which of these pictures each row of the training set is, -1 for one that isn't among them."""

    vectors: Vectors
    neighbours: NeighbourGraph | None = None
    labelled: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class SingleTexts:
    """The texts of a definition one by one, as unit vectors of the pictures' space.

    name (d,); prompts (p, d): the name in templates; counts (c, d): what counts, a line each; against (a, d):
    what looks similar and doesn't count, of which there may be none.
    """

    name: Vectors
    prompts: Vectors
    counts: Vectors
    against: Vectors


@dataclass(frozen=True)
class Texts:
    """What a definition says. direction (d,), unit: all of it as one, which is what most ways listen to;
    searches (s, d), unit: those that a person wrote, each of which may be a kind of its own; `each`: text by
    text, read only where it is asked for, because new texts may need an encoder loaded."""

    direction: Vectors
    searches: Vectors
    each: Callable[[], SingleTexts]

    @classmethod
    def one(cls, direction: Vectors) -> Texts:
        """A single text (d,) that is the name and all that counts."""
        alone, none = direction[None], np.empty((0, len(direction)), np.float32)
        return cls(direction, none, lambda: SingleTexts(direction, alone, alone, none))


class Scorer(Protocol):
    """A way to rank pictures by what is labelled. Registered in `concepts.learning.scorers.SCORERS`.

    One that reduces to weights and a bias, so that it can leave the house as a file, is a `Head`. Any other
    ranks only the pictures it is given, the person's own library.
    """

    method: ClassVar[Method]

    def score(self, data: TrainingSet, texts: Texts | None, pictures: Pictures, seed: int) -> Floats:
        """(n,) one finite score a picture, the likelier the higher; on no particular scale.

        Raises `NotEnoughLabelsError` where this way can't work with so few labels.
        """


def sigmoid(logits: ArrayLike) -> Floats:
    """The probabilities of logits."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -60, 60))))


def distinct(rows: Rows, group: Rows, free: Bools, n: int) -> Rows:
    """The first n of `rows` that are free, one a group."""
    rows = rows[free[rows]]
    _, first = np.unique(group[rows], return_index=True)
    return np.asarray(rows[np.sort(first)[: max(n, 0)]], dtype=np.int64)


def grouped_folds(positive: Bools, group: Rows, seed: int) -> list[tuple[Rows, Rows]]:
    """(train rows, test rows) of up to `FOLDS` stratified folds, each training part with both classes.

    Empty where there are fewer than two groups of a class: nothing can then be held out.
    Groups, not pictures, are dealt out (a group counts as yes if most of it is): `StratifiedGroupKFold`
    loops over groups in Python, which takes minutes for a hundred thousand machine labels.
    """
    from sklearn.model_selection import StratifiedKFold

    _, member = np.unique(group, return_inverse=True)
    yes = np.bincount(member, weights=positive) * 2 >= np.bincount(member)
    folds = min(FOLDS, int(yes.sum()), int((~yes).sum()))
    if folds < 2:
        return []
    dealt = StratifiedKFold(folds, shuffle=True, random_state=seed).split(yes, yes)
    held_out = [np.isin(member, test) for _, test in dealt]
    return [(np.flatnonzero(~test), np.flatnonzero(test)) for test in held_out]


def one_blas_thread() -> AbstractContextManager[None]:
    """While anybody has entered it, BLAS uses one thread in the whole process: what takes one thread
    milliseconds takes several a tenth of a second, and on a busy machine a second."""
    import scipy.linalg  # noqa: F401  it brings a BLAS of its own, which has to be there to be found

    from storage.vectors import products  # a bundle needs none of it

    return products.one_blas_thread
