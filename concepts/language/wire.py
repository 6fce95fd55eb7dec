"""What goes over the wire: the body of a request for a chat completion."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from concepts.language.base import Message
from concepts.language.dialects import EndpointDialect
from concepts.language.question import ModelQuestion


def body(question: ModelQuestion[Any], dialect: EndpointDialect, asked: Sequence[Message]) -> dict[str, Any]:
    """`asked` are the messages as the dialect has them."""
    parameters = dialect.parameters(question.form, sample=question.sample, weighs=question.field is not None)
    return {"model": question.model, "messages": [_turn(message) for message in asked], **parameters}


def _turn(message: Message) -> dict[str, Any]:
    if not message.pictures:
        return {"role": message.role, "content": message.text}
    pictures = [
        {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{base64.b64encode(p).decode()}"}}
        for p in message.pictures
    ]
    return {"role": message.role, "content": [{"type": "text", "text": message.text}, *pictures]}
