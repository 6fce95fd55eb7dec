"""Use cases of a line one can rely on: drawing the pictures that certify it, and keeping it as a version."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from concepts.classifier.training import check_fingerprint, check_has_learned
from concepts.classifier.versions import with_guarantee
from concepts.errors import ConflictError, DiscernError, NotEnoughPicturesError
from concepts.labels.waves import draw_certifying
from concepts.learning.certificates import (
    DELTA,
    SPARE_ERRORS,
    Certified,
    NotCertified,
    allowed_error,
    certify,
    needed,
)
from concepts.learning.report import Guarantee
from concepts.view import View
from concepts.workbench.context import Context
from concepts.workbench.kinds import Evaluate
from storage.certifying import CertifyingDraw
from storage.heads import StoredHead
from storage.tables import ConceptRow, now

LOWEST, HIGHEST = 0.5, 0.99  # that can be asked for


class CertificateView(View):
    """How far certifying a line of a version is. Nothing is said of the answers until all are there: who
    could stop when they look good would be wrong more often."""

    attempt: int
    version: int  # that was asked about
    at_least: float  # what share of the pictures above the line is to be right
    confidence: float
    created: datetime
    asked: int
    answered: int
    needed: int  # answers above the line it takes when all are right
    complete: bool
    threshold: float | None  # the line; None where it isn't certified (yet)
    n: int  # answers above the line, or above the strictest one that could be tried
    errors: int  # of them not right, undecided ones among them
    more: int  # right answers above that one that were missing
    kept_as: int | None  # the version with this line
    sure_yes: int | None  # pictures of the library above the line
    look_yourself: int | None  # the others; None until the library was scored
    sentence: str


class Certificates:
    """A certificate belongs to the weights it was drawn for, and each try spends part of one error."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def takes(self, name: str, at_least: float) -> int:
        """Answers above the line that the next try takes when all are right."""
        newest = self._context.certifying.newest(self._context.concept(name).id)
        return needed(at_least, allowed_error(newest.attempt + 1 if newest else 1))

    def begin(
        self, name: str, at_least: float, *, version: int | None = None, author: str
    ) -> CertificateView:
        """Draws the pictures whose blind answers decide. The same wish again, before all are answered or
        where it was granted, draws nothing new.

        Raises `NotEnoughPicturesError`, and `DiscernError` for a share that can't be asked for.
        """
        if not LOWEST <= at_least <= HIGHEST:
            raise DiscernError(f"A line can be certified for {LOWEST:g} to {HIGHEST:g}, not {at_least:g}.")
        concept, head = self._context.version(name, version)
        check_fingerprint(head, self._context.collection)
        check_has_learned(head)
        self._context.draw_evaluation(concept)
        with self._context.drawing:
            newest = self._context.certifying.newest(concept.id)
            if newest is None or not self._is_open(concept, newest, head, at_least):
                self._draw(concept, head, at_least, newest.attempt + 1 if newest else 1, author)
        found = self.state(name)
        assert found is not None
        return found

    def state(self, name: str) -> CertificateView | None:
        """How far the newest try is; None before the first, and after the library has changed its encoder."""
        concept = self._context.concept(name)
        draw = self._context.certifying.newest(concept.id)
        if draw is None:
            return None
        head = self._context.head(concept, draw.head_number)
        if head.fingerprint != self._context.collection.recorded().fingerprint:
            return None
        ids, answered, found = self._tried(concept, draw, head)
        line = found if isinstance(found, Certified) else None
        sure, rest = self._zones(head, line)
        kept = self._kept_as(concept, draw)
        view = CertificateView(
            attempt=draw.attempt,
            version=draw.head_number,
            at_least=draw.at_least,
            confidence=1 - DELTA,
            created=draw.created,
            asked=len(ids),
            answered=answered,
            needed=needed(draw.at_least, allowed_error(draw.attempt)),
            complete=found is not None,
            threshold=line.threshold if line else None,
            n=found.n if found else 0,
            errors=found.errors if found else 0,
            more=found.more if isinstance(found, NotCertified) else 0,
            kept_as=kept,
            sure_yes=sure,
            look_yourself=rest,
            sentence="",
        )
        return view.model_copy(update={"sentence": _sentence(view)})

    def finish(self, name: str, *, author: str, measure: bool = True) -> int:
        """Keeps the certified line as the newest version and returns its number; again, the same number.

        `measure`: in the background, which takes a process that goes on. Raises `DiscernError` where nothing
        is certified.
        """
        concept = self._context.concept(name)
        with self._context.drawing:
            view = self.state(name)
            if view is None or view.threshold is None:
                said = view.sentence if view else "No line was asked for."
                raise ConflictError(f"There is no certified line to keep. {said}")
            if view.kept_as is not None:
                return view.kept_as
            draw = self._context.certifying.newest(concept.id)
            assert draw is not None
            guarantee = Guarantee(
                at_least=view.at_least,
                confidence=view.confidence,
                n=view.n,
                errors=view.errors,
                floor=draw.floor,
                attempt=draw.attempt,
                made_from=draw.head_number,
                day=draw.created.date(),
            )
            head = self._context.head(concept, draw.head_number)
            kept = with_guarantee(head, view.threshold, guarantee, author)
            number = self._context.heads.add(concept.id, kept).number
        if measure:
            self._context.jobs.submit(Evaluate(concept.id, number))
        return number

    def _draw(
        self, concept: ConceptRow, head: StoredHead, at_least: float, attempt: int, author: str
    ) -> None:
        context, error = self._context, allowed_error(attempt)
        material = context.material(concept, head.definition_number)
        scores = context.scores.of(head, material.index).probability
        size, least = needed(at_least, error, SPARE_ERRORS), needed(at_least, error)
        drawn = draw_certifying(material, context.collection, concept.key, attempt, scores, at_least, size)
        if len(drawn.pictures) < least:
            raise NotEnoughPicturesError(least, len(drawn.pictures))
        draw = CertifyingDraw(attempt, head.number, at_least, drawn.floor, drawn.frame, author, now())
        context.certifying.add(concept.id, draw, drawn.pictures)

    def _is_open(self, concept: ConceptRow, draw: CertifyingDraw, head: StoredHead, at_least: float) -> bool:
        """Whether this draw is for the same wish, and not refused."""
        before = self._context.head(concept, draw.head_number)
        if (before.weights, before.bias, draw.at_least) != (head.weights, head.bias, at_least):
            return False
        _, _, found = self._tried(concept, draw, head)
        return not isinstance(found, NotCertified)

    def _tried(
        self, concept: ConceptRow, draw: CertifyingDraw, head: StoredHead
    ) -> tuple[list[str], int, Certified | NotCertified | None]:
        """The pictures of a draw, how many were answered blindly, and what comes of it once all are."""
        material = self._context.material(concept)
        ids = [i for i, drawn in material.certifying.items() if drawn.attempt == draw.attempt]
        answered = sum(i in material.blind for i in ids)
        if answered < len(ids):
            return ids, answered, None
        scored = self._context.scores.of(head, material.index).probability.of(ids)
        probability = np.array([p for _, p in scored], dtype=np.float64)
        right = np.array([material.blind[i].value == "yes" for i, _ in scored], dtype=bool)
        error = allowed_error(draw.attempt)
        return ids, answered, certify(probability, right, draw.at_least, error, draw.floor)

    def _kept_as(self, concept: ConceptRow, draw: CertifyingDraw) -> int | None:
        kept = ((head.number, Guarantee.of(head.details)) for head in self._context.heads.all(concept.id))
        return next((number for number, line in kept if line and line.attempt == draw.attempt), None)

    def _zones(self, head: StoredHead, line: Certified | None) -> tuple[int | None, int | None]:
        """Pictures of the library above the line, and the others."""
        scores = self._context.library_scores(head) if line else None
        if scores is None or line is None:
            return None, None
        sure = scores.flagged(line.threshold)
        return sure, len(scores.probability) - sure


def _sentence(view: CertificateView) -> str:
    wish = f"at least {100 * view.at_least:.3g} of 100"
    if not view.complete:
        return (
            f"{view.answered} of {view.asked} answered. When all are, they decide whether {wish} pictures "
            f"above a line of version {view.version} are right."
        )
    if view.threshold is not None:
        return (
            f"With {100 * view.confidence:.3g} % confidence {wish} pictures above this line are right. For "
            f"pictures like those of this library on {view.created.day} {view.created:%B %Y}."
        )
    were = "1 was" if view.errors == 1 else f"{view.errors} were"
    return (
        f"It can't be said that {wish} are right: of the {view.n} surest pictures asked about {were} not. "
        f"{view.more} more that are right would have been needed."
    )
