"""Use cases of probabilities that fit the library: the pictures they are fitted to, and keeping them."""

from __future__ import annotations

import numpy as np

from concepts.classifier.fitted import fit_of, with_fit
from concepts.classifier.training import check_fingerprint, check_has_learned, linear_head
from concepts.errors import ConflictError, DiscernError, NotEnoughLabelsError, NotEnoughPicturesError
from concepts.labels.waves import draw_fitting
from concepts.learning.average_probability import about_probabilities
from concepts.learning.calibration import refit
from concepts.view import View
from concepts.workbench.context import Context
from concepts.workbench.kinds import Evaluate
from storage.fitting import FittingDraw
from storage.frames import Frame
from storage.tables import ConceptRow, now

FEWEST, MOST = 10, 200  # pictures that can be asked for


class FittingView(View):
    """How far making probabilities fit is. The answers belong to no version: who trains a newer one can fit
    it to the same ones."""

    attempt: int
    asked: int
    answered: int
    complete: bool
    version: int  # the newest
    fits: bool  # whether the newest version was fitted to these answers
    fitted_from: int | None  # the version it was before
    before: str  # how right probabilities were on average before, as measured; empty where they weren't
    now: str  # and now
    sentence: str


class Probabilities:
    """Answers to questions that teach say nothing of how often a picture counts. These do: any picture that
    nobody had answered could be drawn, with a known chance."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def begin(self, name: str, n: int, *, author: str) -> FittingView:
        """Draws n pictures, half of them anywhere, half where the newest version says yes or hesitates.
        Draws nothing as long as some of the last draw have no answer.

        Raises `NotEnoughPicturesError`, and `DiscernError` for a number that can't be asked for.
        """
        if not FEWEST <= n <= MOST:
            raise DiscernError(f"Probabilities can be fitted to {FEWEST} to {MOST} pictures, not {n}.")
        concept, head = self._context.version(name, None)
        check_fingerprint(head, self._context.collection)
        check_has_learned(head)
        self._context.draw_evaluation(concept)
        with self._context.drawing:
            newest = self._context.fitting.newest(concept.id)
            elsewhere = newest is not None and not self._is_here(concept, newest)
            if newest is None or elsewhere or self._answered(concept, newest) == len(newest.chances):
                material, attempt = self._context.material(concept), newest.attempt + 1 if newest else 1
                drawn = draw_fitting(
                    material, self._context.collection, concept.seed, attempt, linear_head(head), n
                )
                if len(drawn) < FEWEST:
                    raise NotEnoughPicturesError(FEWEST, len(drawn))
                looks_in = material.frame.kept()
                draw = FittingDraw(attempt, head.number, drawn, author, now(), looks_in)
                self._context.fitting.add(concept.id, draw)
        found = self.state(name)
        assert found is not None
        return found

    def state(self, name: str) -> FittingView | None:
        """How far the newest draw is; None before the first."""
        concept, head = self._context.version(name, None)
        draw = self._context.fitting.newest(concept.id)
        if draw is None:
            return None
        answered, asked, fit = self._answered(concept, draw), len(draw.chances), fit_of(head.details)
        fits = fit is not None and fit.attempt == draw.attempt
        before = fit.made_from if fit and fits else None
        return FittingView(
            attempt=draw.attempt,
            asked=asked,
            answered=answered,
            complete=answered == asked,
            version=head.number,
            fits=fits,
            fitted_from=before,
            before=self._said(concept, before) if before else "",
            now=self._said(concept, head.number),
            sentence=_sentence(answered, asked, head.number, before) + self._elsewhere(concept, draw),
        )

    def finish(self, name: str, *, author: str, measure: bool = True) -> int:
        """Keeps the newest version with probabilities fitted to the answers and returns its number; again,
        the same number. It says yes to the same pictures.

        `measure`: in the background, which takes a process that goes on. Raises `ConflictError` before all
        are answered, `NotEnoughLabelsError` where too few of them are a yes or a no.
        """
        with self._context.drawing:
            view = self.state(name)
            if view is None or not view.complete:
                raise ConflictError(view.sentence if view else "No pictures were asked for to fit them to.")
            if view.fits:
                return view.version
            concept, head = self._context.version(name, view.version)
            check_fingerprint(head, self._context.collection)
            draw = self._context.fitting.newest(concept.id)
            assert draw is not None
            material = self._context.material(concept)
            answers = material.blind
            ids = material.with_vectors([i for i in draw.chances if i in answers and answers[i].decided])
            if len(ids) < FEWEST:
                raise NotEnoughLabelsError(
                    f"{FEWEST} answers that are a yes or a no are needed; there are {len(ids)}."
                )
            yes = np.array([answers[i].value == "yes" for i in ids], dtype=bool)
            weight = 1 / np.array([draw.chances[i] for i in ids])
            fit = refit(linear_head(head).logits(material.vectors(ids)), yes, weight)
            kept = with_fit(head, fit, draw.attempt, len(ids), int(yes.sum()), author)
            number = self._context.heads.add(concept.id, kept).number
        if measure:
            self._context.jobs.submit(Evaluate(concept.id, number))
        return number

    def _is_here(self, concept: ConceptRow, draw: FittingDraw) -> bool:
        """Whether it was drawn from what the concept looks in."""
        return Frame.of(draw.looks_in).ids == self._context.collection.frames.now(concept.id).ids

    def _elsewhere(self, concept: ConceptRow, draw: FittingDraw) -> str:
        if self._is_here(concept, draw):
            return ""
        was, now = Frame.of(draw.looks_in).name, self._context.collection.frames.now(concept.id).name
        return f" They were drawn from {was}; the concept looks in {now} now."

    def _answered(self, concept: ConceptRow, draw: FittingDraw) -> int:
        blind = self._context.material(concept).blind
        return sum(i in blind for i in draw.chances)

    def _said(self, concept: ConceptRow, number: int) -> str:
        """How right the probabilities of a version are on average, as measured."""
        found = self._context.measured(concept, number)
        return " ".join(about_probabilities(found.report.metrics)) if found else ""


def _sentence(answered: int, asked: int, version: int, before: int | None) -> str:
    if answered < asked:
        return f"{answered} of {asked} answered. When all are, probabilities can be fitted to them."
    if before is None:
        return f"All {asked} are answered: the probabilities of version {version} can be fitted to them."
    return (
        f"Version {version} is version {before} with probabilities fitted to the library by {asked} answers "
        "kept apart. It says yes to the same pictures."
    )
