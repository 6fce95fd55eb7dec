"""Text without secrets, and without what is no text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

A_REAL_KEY = 8  # characters; what is shorter, a word of some text may hold by chance
_NO_TEXT = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def redacted(text: str, secrets: Sequence[str]) -> str:
    """`text` without these keys and passwords, which some endpoints repeat in their errors, and without what
    is no text.

    A short one (local servers take "x" as well as a key) is a word by itself there, or it is no secret.
    """
    text = str(as_text(text))
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        word = re.escape(secret)
        text = re.sub(word if len(secret) >= A_REAL_KEY else rf"(?<!\w){word}(?!\w)", "***", text)
    return text


def as_text(value: Any) -> Any:
    """The same with a sign in place of every character that is no text, at any depth of lists and objects."""
    if isinstance(value, str):
        return _NO_TEXT.sub("\ufffd", value)
    if isinstance(value, list):
        return [as_text(one) for one in value]
    if isinstance(value, dict):
        return {name: as_text(one) for name, one in value.items()}
    return value
