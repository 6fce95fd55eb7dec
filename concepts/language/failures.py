"""What a failed request means: whether asking again can help, and what a person can do about it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openai import APIError, APIStatusError

LONGEST = 500  # characters of what an endpoint says
A_REAL_KEY = 8  # characters; what is shorter, a word of some text may hold by chance


@dataclass(frozen=True)
class Failure:
    """`final`: no other way of asking can help. `transient`: the same request may work a little later."""

    message: str
    status: int | None = None
    outcome: str = "failed"
    transient: bool = False
    final: bool = False
    retry_after: float | None = None  # seconds


def read_failure(error: APIError | ValueError, model: str, endpoint: str) -> Failure:
    from openai import APIConnectionError, APIStatusError, APITimeoutError

    if isinstance(error, APITimeoutError):
        return Failure(f"{endpoint} did not answer in time.", transient=True)
    if isinstance(error, APIConnectionError):
        reason = f" ({error.__cause__})" if error.__cause__ else ""
        return Failure(
            f"{endpoint} can't be reached{reason}. Is it running, and is its address right?",
            transient=True,
        )
    if isinstance(error, APIStatusError):
        return _read_status(error, model, endpoint)
    return Failure(f"{endpoint} answered with something that is no chat completion: {error}", final=True)


def redacted(text: str, secrets: Sequence[str]) -> str:
    """`text` without these keys and passwords, which some endpoints repeat in their errors.

    A short one (local servers take "x" as well as a key) is a word by itself there, or it is no secret.
    """
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        word = re.escape(secret)
        text = re.sub(word if len(secret) >= A_REAL_KEY else rf"(?<!\w){word}(?!\w)", "***", text)
    return text


def _read_status(error: APIStatusError, model: str, endpoint: str) -> Failure:
    status, code, said = error.status_code, error.code or "", _own_words(error)
    if 300 <= status < 400:
        return Failure(f"{endpoint} sends on to another address, which is not followed.", status, final=True)
    if status in (401, 403):
        return Failure(
            f"{endpoint} refused the key ({status}): {said} Check the key and what it may use.",
            status,
            final=True,
        )
    if code in ("content_filter", "content_policy_violation"):
        return Failure(f"{endpoint} refused the question: {said}", status, "refused", final=True)
    if code == "context_length_exceeded":
        return Failure(f"The question is too long for {model}: {said}", status, final=True)
    if code == "model_not_found" or (status == 404 and "model" in said.lower()):
        return Failure(
            f"{endpoint} has no model {model}. Check the name of the model. ({said})",
            status,
            final=True,
        )
    if code == "insufficient_quota":
        return Failure(f"The account at {endpoint} has no credit left: {said}", status, final=True)
    if status == 404:
        return Failure(
            f"{endpoint} has no chat completions. The address usually ends in /v1. ({said})", status
        )
    if status in (408, 409, 429) or status >= 500:
        return Failure(
            f"{endpoint} could not answer ({status}): {said}",
            status,
            transient=True,
            retry_after=_retry_after(error),
        )
    return Failure(f"{endpoint} rejected the question ({status}): {said}", status)


def _own_words(error: APIStatusError) -> str:
    """What an endpoint says in the form that OpenAI gave errors. Any other body, such as that of a server
    which is no endpoint at all, is nobody's business here."""
    body = error.body
    said = body.get("message") if isinstance(body, dict) else None
    return said[:LONGEST] if isinstance(said, str) else ""


def _retry_after(error: APIStatusError) -> float | None:
    """Seconds, from a number or a date (RFC 9110, section 10.2.3)."""
    value = error.response.headers.get("retry-after", "")
    with contextlib.suppress(ValueError):
        return float(value)
    with contextlib.suppress(ValueError):
        return (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    return None
