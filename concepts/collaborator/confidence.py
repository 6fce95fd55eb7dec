"""How sure an annotator is: a model's own probabilities or repeated answers, fitted to the person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

import numpy as np

from concepts.collaborator.annotation_replies import Conclusion, PictureVerdict
from concepts.errors import ModelAnswerError
from concepts.labelling.consensus import Decision
from concepts.language.base import ChatModel, Message
from concepts.learning.machine_labels import chance_by_repeats, chance_by_tokens, fit_to_answers, right
from storage.concepts import Rating, StoredAnnotation

RATING = "rating"  # the field whose token tells how sure a model is
REPEATS = (1, 2)  # samples beside the likeliest answer, where they are asked for: three calls in place of one

Opinion = StoredAnnotation | Rating
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


def sure_of(newest: Iterable[Opinion], answers: Mapping[str, Decision]) -> dict[str, float]:
    """Picture id → how likely the newest verdict on it is right, where that is known. Each annotator and
    definition is fitted to the answers by itself; `answers` are those of `Lessons`: none measures."""
    by_annotator: dict[tuple[str, int], list[tuple[Opinion, float]]] = {}
    for said in newest:
        if said.raw is not None:
            by_annotator.setdefault((said.fingerprint, said.definition_number), []).append((said, said.raw))
    found: dict[str, float] = {}
    for opinions in by_annotator.values():
        chances = np.array([raw for _, raw in opinions], dtype=np.float64)
        ratings = np.array([said.rating for said, _ in opinions], dtype=np.float64)
        decided = [row for row, (said, _) in enumerate(opinions) if _decided(said, answers)]
        yes = np.array([answers[opinions[r][0].picture_id].value == "yes" for r in decided], dtype=bool)
        sure = right(chances, ratings, fit_to_answers(chances[decided], yes))
        found |= {
            said.picture_id: float(p) for (said, _), p in zip(opinions, sure, strict=True) if not np.isnan(p)
        }
    return found


def _decided(said: Opinion, answers: Mapping[str, Decision]) -> bool:
    return said.picture_id in answers and answers[said.picture_id].decided
