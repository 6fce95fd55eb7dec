"""From a reply to the answer that was asked for, and to what the cache keeps of it."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from concepts.language.base import Answer, Weighed
from concepts.language.probabilities import chances
from concepts.language.question import ModelQuestion
from concepts.language.replies import Reply
from concepts.language.scripts import strange_script
from concepts.language.structured import UnfitAnswerError, locate_answer


def read_answer(question: ModelQuestion[Answer], reply: Reply) -> Answer:
    """Raises `UnfitAnswerError`."""
    value, _ = locate_answer(reply.text, question.answer)
    script = strange_script(value.model_dump(mode="json"), question.words)
    if script is not None:
        problem = f"It is in {script.title()} script. Answer in the language of the question."
        raise UnfitAnswerError(problem, "wrong language", ignores_form=False)
    return value


def weighed(question: ModelQuestion[Answer], value: Answer, reply: Reply) -> Weighed[Answer]:
    """The answer with the chances of the question's field; without where it has none."""
    if question.field is None:
        return Weighed(value)
    place = locate_answer(reply.text, question.answer)[1]
    return Weighed(value, chances(reply.text, place, question.field, question.form.limited, reply.tokens))


def to_keep(question: ModelQuestion[Answer], said: Weighed[Answer]) -> dict[str, Any]:
    """What the cache holds under the question's key."""
    answer = said.answer.model_dump(mode="json")
    return answer if question.field is None else {"answer": answer, "chances": said.chances}


def recalled(question: ModelQuestion[Answer], known: dict[str, Any] | None) -> Weighed[Answer] | None:
    """What was kept; None also where an older version kept less than is asked for now."""
    if known is None:
        return None
    answer = known if question.field is None else known.get("answer")
    try:
        value = question.answer.model_validate(answer)
    except ValidationError:
        return None
    return Weighed(value, None if question.field is None else known.get("chances"))
