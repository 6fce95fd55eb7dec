"""How sure an annotator is: a model's own probabilities or repeated answers, fitted to the person."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TypeVar

import numpy as np

from concepts.annotators.answers import Conclusion, PictureVerdict
from concepts.errors import ModelAnswerError
from concepts.labels.lessons import Lessons
from concepts.language.base import ChatModel, Message
from concepts.learning.calibration import Calibration
from concepts.learning.confidence import chance_by_repeats, chance_by_tokens, fit_to_answers, right
from storage.concepts import Rating

RATING = "rating"  # the field whose token tells how sure a model is
REPEATS = (1, 2)  # samples beside the likeliest answer, where they are asked for: three calls in place of one

Said = TypeVar("Said", PictureVerdict, Conclusion)


def rate(
    model: ChatModel, messages: Sequence[Message], answer: type[Said], *, purpose: str, repeats: bool
) -> tuple[Said, float | None]:
    """The likeliest answer, and how likely a yes is: by the endpoint's own probabilities where it tells them,
    else with `repeats` by asking again. None where neither says."""
    weighed = model.weigh(messages, answer, field=RATING, purpose=purpose)
    if weighed.chances is not None:
        return weighed.answer, chance_by_tokens(weighed.chances)
    if not repeats:
        return weighed.answer, None
    ratings: list[int] = [weighed.answer.rating]
    for sample in REPEATS:
        with suppress(ModelAnswerError):
            ratings.append(model.ask(messages, answer, purpose=purpose, sample=sample).rating)
    return weighed.answer, chance_by_repeats(ratings)


def sure_of(lessons: Lessons) -> dict[str, float]:
    """Picture id → how likely the newest verdict on it is right, where that is known. Each annotator and
    definition is fitted to the answers by itself; no answer that measures plays a part (`Lessons`)."""
    newest = {said.picture_id: said for said in lessons.ratings}
    by_annotator: dict[tuple[str, int], list[Rating]] = {}
    for said in newest.values():
        if said.raw is not None:
            by_annotator.setdefault((said.fingerprint, said.definition_number), []).append(said)
    found: dict[str, float] = {}
    for ratings in by_annotator.values():
        chances = np.array([said.raw for said in ratings], dtype=np.float64)
        values = np.array([said.rating for said in ratings], dtype=np.float64)
        sure = right(chances, values, _fitted(ratings, lessons))
        found |= {said.picture_id: float(p) for said, p in zip(ratings, sure, strict=True) if not np.isnan(p)}
    return found


def _fitted(ratings: Sequence[Rating], lessons: Lessons) -> Calibration:
    answers = {i: d.value == "yes" for i, d in lessons.answers.items() if d.decided}
    shared = [said for said in ratings if said.picture_id in answers]
    return fit_to_answers(
        np.array([said.raw for said in shared], dtype=np.float64),
        np.array([answers[said.picture_id] for said in shared], dtype=bool),
    )
