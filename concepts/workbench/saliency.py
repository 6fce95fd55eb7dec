"""Use case of asking where in a picture a version's score comes from."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from concepts.classifier.training import check_fingerprint
from concepts.encoders.saliency import Box, compared, locate
from concepts.errors import DiscernError, NotAnsweredError
from concepts.library.ingest_worker import short_side
from concepts.library.originals import original
from concepts.view import View
from concepts.workbench.context import Context
from storage.tables import ConceptRow

SPREAD = 1 / 3  # of the grid: what is over more has no place
SAMPLE = 512  # pictures whose parts a part is compared with
DOWN, ACROSS = ("top", "middle", "bottom"), ("left", "centre", "right")


class Heat(View):
    """What each cell of a grid adds to the score, a log-odds; with `rest`, what no cell has, they add up to
    it where `exact`. A part above 0 raised it more than one of any picture of the library does on average;
    where not `exact`, the score falls by so much when the cell is covered. `box`: left, top, right and bottom
    of the grid, as shares of the picture."""

    concept: str
    version: int
    picture: str
    score: float
    probability: float
    threshold: float
    flagged: bool
    parts: list[list[float]]
    rest: float
    exact: bool
    box: Box
    words: str  # where most of it comes from, and how rough that is


class HeatMaps:
    """Where scores come from."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def of(self, name: str, picture_id: str, *, version: int | None = None, author: str) -> Heat:
        """Of one picture of the library under a version; loads the encoder where it isn't.

        Raises `NotAnsweredError` for a picture that measures before this person has answered of it, and
        `DiscernError` where no file has it any more or the encoder can't tell.
        """
        concept, head = self._context.version(name, version)
        collection = self._context.collection
        picture = collection.library.picture(picture_id)
        if self._is_blind(concept, picture_id, author):
            raise NotAnsweredError(concept.name)
        check_fingerprint(head, collection)
        encoder = collection.encoder()
        decoded = original(picture, short_side(encoder))
        if decoded is None:
            raise DiscernError("None of the files of this picture can be read any more.")
        weights = np.frombuffer(head.weights, dtype="<f8")
        _, sample = next(iter(collection.index().batches(SAMPLE)))  # ids are hashes: by chance
        found = compared(locate(encoder, decoded.image, weights), weights, sample.astype(np.float32))
        score = float(found.parts.sum()) + found.rest + head.bias
        probability = 1 / (1 + math.exp(-max(-60.0, min(60.0, score))))
        return Heat(
            concept=concept.name,
            version=head.number,
            picture=picture_id,
            score=round(score, 5),
            probability=round(probability, 5),
            threshold=head.threshold,
            flagged=probability >= head.threshold,
            parts=[[round(float(part), 5) for part in row] for row in found.parts],
            rest=round(found.rest + head.bias, 5),
            exact=found.exact,
            box=found.box,
            words=f"{said(found.parts)} {roughly(found.parts.shape[1], found.exact)}",
        )

    def concepts(self) -> list[str]:
        """Names of the concepts that have a version to ask."""
        trained = self._context.heads.concepts()
        return sorted((row.name for row in self._context.store.all() if row.id in trained), key=str.casefold)

    def _is_blind(self, concept: ConceptRow, picture_id: str, author: str) -> bool:
        if picture_id not in self._context.store.kept_apart(concept.id):
            return False
        standing = self._context.log.standing(concept.id, ("person", "simulated"), [picture_id])
        own = [e for e in standing if e.author.kind == "simulated" or e.author.name == author]
        return all(e.value == "skip" for e in own)


def said(parts: NDArray[np.float64]) -> str:
    """Where the strongest of what raised the score lies: the parts of at least half of the strongest one."""
    raised = np.maximum(parts, 0)
    if raised.sum() <= 0:
        return "No part of it raised the score more than parts of other pictures do."
    strong = np.where(raised >= raised.max() / 2, raised, 0)
    much = "Most" if strong.sum() > raised.sum() / 2 else "The strongest"
    if np.count_nonzero(strong) > parts.size * SPREAD:
        return f"{much} of what raised the score is spread over the picture."
    row, column = (
        min(2, int(3 * (np.arange(n) + 0.5) @ strong.sum(axis=1 - axis) / strong.sum() / n))
        for axis, n in enumerate(parts.shape)
    )
    where = "in the middle" if row == column == 1 else f"at the {DOWN[row]} {ACROSS[column]}"
    return f"{much} of what raised the score is {where}."


def roughly(columns: int, exact: bool) -> str:
    size = f"each square is about 1/{columns} of the picture, and what lies next to it shows in it too"
    return f"Rough: {size}." if exact else f"Rough: {size}; found by covering one square after the other."
