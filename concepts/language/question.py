"""One question to a model: what is asked, in which form, and by what it is known again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic

from pydantic import BaseModel

from concepts.language.base import Answer, Message
from concepts.language.structured import Form, form_of, schema_of


@dataclass(frozen=True)
class ModelQuestion(Generic[Answer]):
    """`sample` as in `ChatModel.ask`; `field` is the one that is weighed, none where none is."""

    endpoint: str
    model: str
    messages: tuple[Message, ...]
    answer: type[Answer]
    purpose: str
    sample: int = 0
    field: str | None = None

    @cached_property
    def key(self) -> str:
        asked = (self.endpoint, self.model, self.messages, self.answer)
        return question_hash(*asked, sample=self.sample, field=self.field)

    @cached_property
    def form(self) -> Form:
        return form_of(self.answer)

    @property
    def words(self) -> str:
        """All its text."""
        return "\n".join(message.text for message in self.messages)


def question_hash(
    endpoint: str,
    model: str,
    messages: Sequence[Message],
    answer: type[BaseModel],
    *,
    sample: int = 0,
    field: str | None = None,
) -> str:
    """SHA-256 over everything an answer depends on. Pictures enter by the hash of their bytes."""
    turns = [[m.role, m.text, [hashlib.sha256(p).hexdigest() for p in m.pictures]] for m in messages]
    question = [endpoint, model, turns, schema_of(answer)]
    if sample or field:  # the likeliest answer alone keeps the key it always had
        question.append({"sample": sample, "field": field})
    return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()
