"""What a failed request means: whether asking again can help, and what a person can do about it.

The words of an endpoint choose the sentence and are not in it: whatever answers at an address that somebody
typed would speak to whoever reads the error. They are in the log, where DISCERN_DEBUG is set.
"""

from __future__ import annotations

import contextlib
import logging
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from storage.calls import Outcome

if TYPE_CHECKING:
    from openai import APIError, APIStatusError

log = logging.getLogger(__name__)

LONGEST = 500  # characters of what an endpoint says
READ = 4000  # characters of it that are searched for a reason

TAKES_NO_PICTURES = (400, 404, 415, 422, 500, 501)
# As OpenAI and Ollama say it; models are called "reasoning", too.
ABOUT_THOUGHT = re.compile(r"reasoning.?effort|think value")
_ABOUT_PARAMETERS = re.compile(
    rf"response_format|schema|temperature|max_(completion_)?tokens|logprobs|{ABOUT_THOUGHT.pattern}"
)
_ABOUT_PICTURES = re.compile(r"\b(images?|image_url|vision|multi-?modal|mmproj)\b")


class NoCompletionError(ValueError):
    """An answer of an endpoint is something else, and what it is in words of ours."""


@dataclass(frozen=True)
class Failure:
    """`final`: no other way of asking can help. `transient`: the same request may work a little later.
    `congested`: the endpoint has more to do than it bears."""

    message: str
    status: int | None = None
    outcome: Outcome = "failed"
    transient: bool = False
    final: bool = False
    congested: bool = False
    timed_out: bool = False
    retry_after: float | None = None  # seconds
    about: str = ""  # all that the endpoint said, in lower case: to be searched, never shown


def read_failure(
    error: APIError | ValueError, model: str, endpoint: str, *, pictures: bool = False
) -> Failure:
    """`pictures` says whether the request had any."""
    from httpx2 import ConnectError
    from openai import APIConnectionError, APIStatusError, APITimeoutError

    log.debug("%s failed: %s", endpoint, str(error)[:READ])
    if isinstance(error, APITimeoutError):
        return Failure(f"{endpoint} did not answer in time.", transient=True, congested=True, timed_out=True)
    if isinstance(error, APIConnectionError):
        why = str(error.__cause__ or "")
        if not isinstance(error.__cause__, ConnectError) and why:  # perhaps the words of what answered
            why = "it closed the connection, or doesn't speak HTTP"
        reason = f" ({why})" if why else ""
        return Failure(
            f"{endpoint} can't be reached{reason}. Is it running, and is its address right?",
            transient=True,
        )
    if isinstance(error, APIStatusError):
        return _read_status(error, model, endpoint, pictures=pictures)
    reason = f": {error}" if isinstance(error, NoCompletionError) else ""
    return Failure(f"{endpoint} answered with something that is no chat completion{reason}.", final=True)


def _read_status(error: APIStatusError, model: str, endpoint: str, *, pictures: bool) -> Failure:
    status, code, document, about = error.status_code, error.code or "", None, ""
    with contextlib.suppress(ValueError, RecursionError):
        document = error.response.json()
        about = str(document)[:READ].lower()  # to find the name of what was rejected in it
    if 300 <= status < 400:
        return Failure(f"{endpoint} sends on to another address, which is not followed.", status, final=True)
    if status in (401, 403):
        return Failure(
            f"{endpoint} refused the key ({status}). Check the key and what it may use.", status, final=True
        )
    if code in ("content_filter", "content_policy_violation"):
        said = f"{endpoint} refused the question: its content filter stepped in."
        return Failure(said, status, "refused", final=True)
    if code == "context_length_exceeded" and "completion" not in about:
        return Failure(f"The question is too long for {model}.", status, final=True)
    if code == "model_not_found" or (status == 404 and "model" in _own_words(document).lower()):
        return Failure(f"{endpoint} has no model {model}. Check the name of the model.", status, final=True)
    if code == "insufficient_quota":
        return Failure(f"The account at {endpoint} has no credit left.", status, final=True)
    if pictures and status in TAKES_NO_PICTURES and _speaks_of_pictures(about, model):
        return Failure(f"{model} takes no pictures, or not this one ({status}).", status, "blind", final=True)
    if status == 404:
        return Failure(
            f"{endpoint} has no chat completions. The address usually ends in /v1.", status, about=about
        )
    if status in (408, 409, 429) or status >= 500:
        return Failure(
            f"{endpoint} could not answer ({status}).",
            status,
            transient=True,
            congested=status in (429, 503),
            retry_after=_retry_after(error),
            about=about,
        )
    return Failure(f"{endpoint} rejected the question ({status}).", status, about=about)


def _speaks_of_pictures(about: str, model: str) -> bool:
    """And of nothing else: models are called "vision", and requests with pictures have forms too."""
    without = about.replace(model.lower(), "")
    return bool(_ABOUT_PICTURES.search(without)) and not _ABOUT_PARAMETERS.search(without)


def _own_words(document: Any) -> str:
    """What an endpoint says in the form that OpenAI gave errors, or as Ollama and LM Studio do it. Any other
    body, such as that of a server which is no endpoint at all, is nobody's business here."""
    if not isinstance(document, dict):
        return ""
    inner = document.get("error", document)
    said = inner.get("message") if isinstance(inner, dict) else inner
    return said[:LONGEST] if isinstance(said, str) else ""


def _retry_after(error: APIStatusError) -> float | None:
    """Seconds, from a number or a date (RFC 9110, section 10.2.3), or from Azure's milliseconds."""
    headers = error.response.headers
    with contextlib.suppress(ValueError):
        return _finite(float(headers.get("retry-after-ms", "")) / 1000)
    value = headers.get("retry-after", "")
    with contextlib.suppress(ValueError):
        return _finite(float(value))
    with contextlib.suppress(ValueError, TypeError, OverflowError):  # TypeError: a date without a zone
        return (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    return None


def _finite(seconds: float) -> float | None:
    return seconds if math.isfinite(seconds) else None
