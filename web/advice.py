"""Errors in words of the screens."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

from concepts import errors

if TYPE_CHECKING:  # a server of exported classifiers has no visitors, and not what these need
    from concepts.visitors import Sandbox

VISITOR: ContextVar[Sandbox | None] = ContextVar("visitor", default=None)  # of a demo, who asks

# What settings are called on the screen.
FIELDS = {
    "openai_base_url": "Address",
    "openai_api_key": "Key",
    "llm_model": "Model for words",
    "vlm_model": "Model for pictures",
    "large_vlm_model": "Larger model",
    "critic_model": "Critic",
    "llm_price": "Price of the model for words",
    "vlm_price": "Price of the model for pictures",
    "large_vlm_price": "Price of the larger model",
    "critic_price": "Price of the critic",
    "prices": "Prices of models",
    "model_concurrency": "Parallel requests",
    "reasoning_effort": "Reasoning about pictures",
    "answer_tokens": "Longest answer",
    "picture_side": "Picture size",
    "picture_detail": "Picture detail",
    "request_timeout": "Time-out",
    "request_fields": "More fields",
}


def in_words(error: errors.DiscernError) -> str:
    """The case, and what to do about it."""
    if isinstance(error, errors.SettingsError) and error.problems:
        return " ".join(f"{FIELDS.get(name, name)}: {said}." for name, said in error.problems.items())
    advice = error.advice("on_screen")
    if error.case == errors.BAD_PRICE:
        advice = advice.replace(" it ", f" the {FIELDS[vars(error)['setting']].lower()} ")
    said, sandbox = " ".join(filter(None, (str(error), advice))), VISITOR.get()
    return sandbox.app.redact(said) if sandbox else said
