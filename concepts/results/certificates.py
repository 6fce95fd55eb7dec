"""Use cases of lines one can rely on: drawing the pictures that certify it, and keeping it as a version."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import numpy as np
from pydantic import Field

from concepts.errors import NOT_ENOUGH_PICTURES, ConflictError, DiscernError
from concepts.jobs import Started
from concepts.labelling.dataset import dataset_of
from concepts.labelling.waves import draw_certifying, draw_test_pictures
from concepts.learning.certificates import (
    DELTA,
    ERROR,
    SPARE_ERRORS,
    Certified,
    NotCertified,
    certify,
    needed,
    of_side,
)
from concepts.learning.intervals import clopper_pearson
from concepts.learning.report import Guarantee
from concepts.learning.target import Side
from concepts.library.collection import collection_of
from concepts.results.heads import head_of, scores_of
from concepts.results.library_scores import score_cache_of, scored_alone
from concepts.results.measuring import measured
from concepts.results.trained import Measured, Version, keep_version, measure_where_possible
from concepts.results.training import check_fingerprint
from concepts.results.versions import with_guarantee, with_sure_no
from concepts.use_cases import Concept, use_case
from concepts.use_cases.parameters import AuthorName
from concepts.view import View
from storage.concepts import CERTIFYING
from storage.frames import Frame
from storage.heads import CertifyingDraw, StoredHead

LOWEST, HIGHEST = 0.5, 0.99  # that can be asked for
AtLeast = Annotated[
    float, Field(ge=LOWEST, le=HIGHEST, description="Share to be right beyond the guaranteed threshold.")
]
WhichSide = Annotated[
    Side, Field(description="yes: above a threshold pictures surely count. no: below one they surely don't.")
]


class CertificateView(View):
    """How far the guarantee of a version is. Nothing is said of the labels until all are there: who
    could stop when they look good would be wrong more often."""

    side: Side  # above the line pictures are surely yes, or below it surely no
    version: int  # that was asked about
    newest: bool  # whether that has the weights of the newest version, which then has had its try
    at_least: float  # what share of the pictures beyond the line is to be right
    confidence: float
    created: datetime
    asked: int
    answered: int
    needed: int  # answers beyond the line it takes when all are right
    complete: bool
    failed: bool  # complete, and nothing can be promised
    threshold: float | None  # the line; None where it isn't certified (yet)
    n: int  # answers beyond the line, or beyond the strictest one that could be tried
    errors: int  # of them not right, undecided ones among them
    more: int  # right answers beyond that one that were missing
    kept_as: int | None  # the newest version with this line
    sure_yes: int | None  # pictures of the library above a line; None without one, or until it was scored
    sure_no: int | None  # below one
    look_yourself: int | None  # the others
    sentence: str


@use_case("POST /concepts/{name}/certificate", command="concept version certify")
def ask_for_guarantee(
    concept: Concept,
    at_least: AtLeast = 0.9,
    side: WhichSide = "yes",
    version: Version = None,
    *,
    author: AuthorName,
) -> CertificateView:
    """Draw the pictures whose blind labels guarantee a threshold. Purpose “evaluation” asks about them
    first. The same wish again draws nothing new.

    Raises `ConflictError` where this version has had its try or there are too few pictures, and
    `DiscernError` for a share that can't be asked for.
    """
    if not LOWEST <= at_least <= HIGHEST:
        raise DiscernError(f"A guarantee can be for {LOWEST:g} to {HIGHEST:g}, not {at_least:g}.")
    head = head_of(concept, version)
    check_fingerprint(head, collection_of(concept.app))
    draw_test_pictures(concept)
    with concept.app.drawing:
        draws = [one for one in concept.app.certifying.all(concept.id) if one.side == side]
        tried = next((one for one in draws if _is_of(concept, one, head)), None)
        if tried is None:
            _draw(concept, head, side, at_least, author)
        elif tried.at_least != at_least or tried is not draws[-1]:
            raise ConflictError(
                f"Version {head.number} was asked for {100 * tried.at_least:.3g} of 100. A version has "
                "one guarantee of either side, so train again, then ask for the new one."
            )
    found = guarantee_state(concept, side)
    assert found is not None
    return found


@use_case("GET /concepts/{name}/certificate", command="concept version guarantee")
def guarantee_state(concept: Concept, side: WhichSide = "yes") -> CertificateView | None:
    """How far the guarantee of this side is; null before anybody asked for one, and after the library
    has changed its encoder."""
    draw = concept.app.certifying.newest(concept.id).get(side)
    if draw is None:
        return None
    head = head_of(concept, draw.head_number)
    if head.fingerprint != collection_of(concept.app).parts.fingerprint(concept.id):
        return None
    ids, answered, found = _tried(concept, draw, head)
    draw_of = Frame.of(draw.looks_in)
    line = found if isinstance(found, Certified) else None
    threshold = of_side(line.threshold, side) if line else None
    kept = [
        facts.number
        for facts in concept.app.heads.all(concept.id)
        if (known := Guarantee.of(facts.details, side)) and known.attempt == draw.attempt
    ]
    view = CertificateView(
        side=side,
        version=draw.head_number,
        newest=head.function == head_of(concept, None).function,
        at_least=draw.at_least,
        confidence=1 - DELTA,
        created=draw.created,
        asked=len(ids),
        answered=answered,
        needed=needed(draw.at_least, ERROR),
        complete=found is not None,
        failed=isinstance(found, NotCertified),
        threshold=threshold,
        n=found.n if found else 0,
        errors=found.errors if found else 0,
        more=found.more if isinstance(found, NotCertified) else 0,
        kept_as=max(kept, default=None),
        **_zones(concept, head, side, threshold),
        sentence="",
    )
    said = _unfinished(view) if threshold is None else _guarantee(concept, draw, view).sentence
    frame = collection_of(concept.app).frames.now(concept.id)
    if draw_of.ids != frame.ids:
        said += f" It was drawn from {draw_of.name}; the concept looks in {frame.name} now."
    return view.model_copy(update={"sentence": said})


@use_case("POST /concepts/{name}/certificate/keep", command="concept version keep-guarantee")
def keep_guarantee(concept: Concept, side: WhichSide = "yes", *, author: AuthorName) -> Started[Measured]:
    """Keep the guaranteed threshold of this side as the newest version, beside one of the other side.
    Kept again it stays the same version.

    Raises `ConflictError` where nothing is guaranteed.
    """
    with concept.app.drawing:
        view = guarantee_state(concept, side)
        if view is None or view.threshold is None:
            said = view.sentence if view else "No guarantee was asked for."
            raise ConflictError(f"There is no guarantee to keep. {said}")
        if view.kept_as is not None:
            return measure_where_possible(concept, view.kept_as)
        draw = concept.app.certifying.newest(concept.id)[side]
        guarantee = _guarantee(concept, draw, view)
        drawn_for = head_of(concept, draw.head_number)
        head = _newest_of(concept, drawn_for)
        if side == "yes":
            kept = with_guarantee(head, view.threshold, guarantee, author)
        else:
            kept = with_sure_no(head if view.threshold < head.threshold else drawn_for, guarantee)
        return keep_version(concept, kept)


def _draw(concept: Concept, head: StoredHead, side: Side, at_least: float, author: str) -> None:
    draws = concept.app.certifying.newest(concept.id)
    attempt = 1 + max((draw.attempt for draw in draws.values()), default=0)
    dataset = dataset_of(concept, head.definition_number)
    scores = score_cache_of(concept.app).of(head, dataset.index).probability
    size, least = needed(at_least, ERROR, SPARE_ERRORS), needed(at_least, ERROR)
    # Of no picture both is to be sure, and of none that the version calls a yes that it is no.
    newest = _newest_of(concept, head)
    no = Guarantee.of(newest.details, "no")
    ends = [no.line if no else None] if side == "yes" else [head.threshold, newest.threshold]
    other = draws.get("no" if side == "yes" else "yes")
    if (
        other
        and _is_of(concept, other, head)
        and not isinstance(_tried(concept, other, head)[2], NotCertified)
    ):
        ends.append(of_side(other.floor, other.side))
    known = [np.float32(end) for end in ends if end is not None]  # as scores are
    lowest = 0.0  # the lowest probability of this side that may be drawn from
    if side == "no":
        lowest = of_side(float(np.nextafter(min(known), np.float32(0))), side)
    elif known:
        lowest = float(np.nextafter(max(known), np.float32(1)))
    drawn = draw_certifying(dataset, attempt, scores, at_least, size, side, lowest)
    if len(drawn.pictures) < least:
        raise NOT_ENOUGH_PICTURES(needed=least, there=len(drawn.pictures))
    draw = CertifyingDraw(
        concept_id=concept.id,
        attempt=attempt,
        head_number=head.number,
        side=side,
        at_least=at_least,
        floor=drawn.floor,
        frame=drawn.frame,
        author=author,
        looks_in=dataset.frame.kept(),
    )
    concept.app.certifying.add(draw, drawn.pictures)


def _is_of(concept: Concept, draw: CertifyingDraw, head: StoredHead) -> bool:
    """Whether this draw is about these weights, and what the concept looks in."""
    if Frame.of(draw.looks_in).ids != collection_of(concept.app).frames.now(concept.id).ids:
        return False
    return head_of(concept, draw.head_number).function == head.function


def _newest_of(concept: Concept, head: StoredHead) -> StoredHead:
    """The newest version with the same weights: it has the lines that were kept of them."""
    for facts in reversed(concept.app.heads.all(concept.id)):
        if facts.number <= head.number:
            break
        if facts.label_sequence == head.label_sequence:
            newer = head_of(concept, facts.number)
            if newer.function == head.function:
                return newer
    return head


def _tried(
    concept: Concept, draw: CertifyingDraw, head: StoredHead
) -> tuple[list[str], int, Certified | NotCertified | None]:
    """The pictures of a draw, how many were answered blindly, and what comes of it once all are."""
    dataset = dataset_of(concept)
    kept = dataset.certifying.items()
    ids = [i for i, drawn in kept if (drawn.drawn, drawn.attempt) == (CERTIFYING, draw.attempt)]
    answered = sum(i in dataset.blind for i in ids)
    if answered < len(ids):
        return ids, answered, None
    if dataset.looks_at(ids) == ids:
        scored = score_cache_of(concept.app).of(head, dataset.index).probability.of(ids)
    else:  # it was drawn where the concept doesn't look any more
        scored = scored_alone(head, collection_of(concept.app).parts.seen(draw.concept_id)[1], ids)
    probability = np.array([p for _, p in scored], dtype=np.float64)
    right = np.array([dataset.blind[i].value == draw.side for i, _ in scored], dtype=bool)
    found = certify(of_side(probability, draw.side), right, draw.at_least, ERROR, draw.floor)
    return ids, answered, found


def _guarantee(concept: Concept, draw: CertifyingDraw, view: CertificateView) -> Guarantee:
    """What a certified line promises."""
    no = draw.side == "no"
    not_at_random = None
    if no:  # the share that doesn't count, as measured with the version, or else with the newest measured
        heads = concept.app.heads
        numbers = [head.number for head in heads.all(concept.id)]
        kept = heads.evaluations(concept.id, numbers)
        found = measured(kept.get(draw.head_number) or (kept[max(kept)] if kept else None))
        base = found.report.metric("base_rate") if found else None
        not_at_random = 1 - base.value if base and base.value is not None else None
    return Guarantee(
        side=draw.side,
        line=view.threshold if no else None,
        at_random=not_at_random,
        at_least=view.at_least,
        confidence=view.confidence,
        n=view.n,
        errors=view.errors,
        floor=draw.floor,
        attempt=draw.attempt,
        made_from=draw.head_number,
        day=draw.created.date(),
        looks_in=Frame.of(draw.looks_in).name if draw.looks_in else "",
    )


def _zones(concept: Concept, head: StoredHead, side: Side, line: float | None) -> dict[str, int | None]:
    """Pictures of the library beyond the line, beyond the one that was kept of the other side, and the
    others."""
    scores = scores_of(concept, head) if line is not None else None
    if scores is None:
        return dict.fromkeys(("sure_yes", "sure_no", "look_yourself"))
    newest = _newest_of(concept, head)
    yes = newest.threshold if Guarantee.of(newest.details) else None
    no = Guarantee.of(newest.details, "no")
    lines = {"yes": yes, "no": no.line if no else None, side: line}
    sure_yes = None if lines["yes"] is None else scores.flagged(lines["yes"])
    sure_no = None if lines["no"] is None else scores.up_to(lines["no"])
    rest = len(scores.probability) - (sure_yes or 0) - (sure_no or 0)
    return {"sure_yes": sure_yes, "sure_no": sure_no, "look_yourself": rest}


def _unfinished(view: CertificateView) -> str:
    """What is said without a line."""
    above, are = ("above", "are right") if view.side == "yes" else ("below", "don't count")
    wish = f"at least {100 * view.at_least:.3g} of 100"
    if not view.complete:
        return (
            f"{view.answered} of {view.asked} labelled. When all are, they decide whether {wish} pictures "
            f"{above} a threshold of version {view.version} {are}."
        )
    surest = "surest" if view.side == "yes" else "least likely"
    wrong = "wrong" if view.side == "yes" else "no clear no"
    were = "was" if view.errors == 1 else "were"
    said = (
        f"The guarantee failed: {view.errors} of the {view.n} {surest} {were} {wrong}, too many to promise "
        f"that {wish} {are}."
    )
    most = clopper_pearson(view.n - view.errors, view.n, 2 * DELTA)[1]
    if most < view.at_least:
        return f"{said} It is out of reach with these labels: train with more, or ask for less."
    return f"{said} With {view.more} more that {are} it would have held."
