"""Where a version is weak: its figures on parts of the test set, and which part is surely worse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

import numpy as np

from concepts.encoders.base import Vectors
from concepts.labelling.dataset import ConceptDataset
from concepts.learning.base import Bools
from concepts.learning.intervals import clopper_pearson
from concepts.learning.report import Metric, Slice

FEWEST = 10  # answers in a slice
MOST = 20  # slices of a kind: a table, not a catalogue
SURE = 0.05  # for all slices looked at together

Kind = Literal["folder", "query"]
SAID = {"precision": "of {} it flags, {} are right", "recall": "of {} that count, it finds {}"}
PLACES: Mapping[Kind, str] = {
    "folder": "in the folder “{}”",
    "query": "for pictures nearest to “{}”",
}


@dataclass(frozen=True)
class LibraryPart:
    """Rows of the test set that have something in common."""

    kind: Kind
    name: str
    rows: Bools


@dataclass(frozen=True)
class Slices:
    found: tuple[Slice, ...]
    worst: str  # in words; empty where none is surely worse than the rest


def slices(dataset: ConceptDataset, ids: Sequence[str], truth: Bools, predicted: Bools) -> Slices:
    """Figures by folder and by the definition's query it is nearest to, on evaluation pictures: ids with a
    vector, truth (n,), predicted (n,)."""
    parts = [
        *_by_name("folder", first_folders(dataset.collection.paths(ids), ids)),
        *_by_name("query", nearest_queries(dataset, dataset.vectors(ids))),
    ]
    return measure_parts(parts, truth, predicted)


def measure_parts(parts: Sequence[LibraryPart], truth: Bools, predicted: Bools) -> Slices:
    """Figures of the parts that have `FEWEST` answers, are not everything and where something counts or is
    flagged, and the worst in words.

    A part is worse only where Fisher's exact test says so of it against the rest, with Bonferroni's
    correction for every part and figure looked at.
    """
    said = truth | predicted
    kept = [p for p in parts if FEWEST <= p.rows.sum() < len(truth) and (p.rows & said).any()]
    found = tuple(
        Slice(
            kind=part.kind,
            name=part.name,
            n=int(part.rows.sum()),
            precision=_share("precision", truth, predicted & part.rows),
            recall=_share("recall", predicted, truth & part.rows),
        )
        for part in kept
    )
    return Slices(found, _worst(kept, found, truth, predicted))


def _share(name: str, right: Bools, of: Bools) -> Metric:
    n, k = int(of.sum()), int((right & of).sum())
    if not n:
        return Metric(name=name, value=None, n=0, note="None there to say it of.")
    low, high = map(float, clopper_pearson(k, n, 0.05))
    return Metric(name=name, value=k / n, low=low, high=high, n=n)


def _worst(parts: Sequence[LibraryPart], found: Sequence[Slice], truth: Bools, predicted: Bools) -> str:
    from scipy.stats import fisher_exact  # scipy's statistics take a second to load, and few commands measure

    tests = []
    for part, figures in zip(parts, found, strict=True):
        for right, of, figure in ((truth, predicted, figures.precision), (predicted, truth, figures.recall)):
            inside, outside = (right[of & rows] for rows in (part.rows, ~part.rows))
            if len(inside) and len(outside):
                table = [[(~inside).sum(), inside.sum()], [(~outside).sum(), outside.sum()]]
                p_value = fisher_exact(table, alternative="greater").pvalue
                tests.append((float(p_value), figures, figure, float(outside.mean())))
    if not tests:
        return ""
    p_value, weakest, figure, elsewhere = min(tests, key=lambda test: test[0])
    if p_value * len(tests) > SURE:
        return ""
    said = SAID[figure.name].format(figure.n, round((figure.value or 0) * figure.n))
    low, high = (100 * (bound or 0) for bound in (figure.low, figure.high))
    return (
        f"Weakest {PLACES[weakest.kind].format(weakest.name)}: {said} "
        f"({low:.0f} to {high:.0f} of 100), elsewhere {100 * elsewhere:.0f} of 100."
    )


# What test pictures have in common


def first_folders(paths: Mapping[str, str], ids: Sequence[str]) -> list[str]:
    """The first folder of each below the one that holds all; empty for a picture that lies directly there."""
    places = [PurePath(paths.get(i, "")).parent.parts for i in ids]
    known = [place for place in places if place]
    levels = [set(parts) for parts in zip(*known, strict=False)]
    common = next((depth for depth, parts in enumerate(levels) if len(parts) > 1), len(levels))
    return [place[common] if len(place) > common else "" for place in places]


def nearest_queries(dataset: ConceptDataset, vectors: Vectors) -> list[str]:
    """Which of the definition's queries would bring each picture first; empty where there are no two.

    Cosines with one text are higher throughout than with another, so each query's are compared by how far
    they lie above its mean, in standard deviations.
    """
    queries = list(dict.fromkeys(query.text for query in dataset.revision.definition.queries))
    if len(queries) < 2 or len(vectors) < 2:
        return [""] * len(vectors)
    near = vectors @ dataset.collection.text_vectors(queries).T
    near = (near - near.mean(axis=0)) / np.maximum(near.std(axis=0), 1e-9)
    return [queries[row] for row in near.argmax(axis=1)]


def _by_name(kind: Kind, names: Sequence[str]) -> Iterator[LibraryPart]:
    """The largest first."""
    held = np.array(names, dtype=object)
    for name, _ in Counter(name for name in names if name).most_common(MOST):
        yield LibraryPart(kind, name, held == name)
