"""What a reply holds: text, tokens, probabilities; or why it can't be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from concepts.language.probabilities import Token
from storage.calls import Outcome

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion
    from openai.types.chat.chat_completion import Choice
    from openai.types.chat.chat_completion_token_logprob import ChatCompletionTokenLogprob, TopLogprob


@dataclass(frozen=True)
class Reply:
    """`tokens` are those of the text with their alternatives; none where the endpoint doesn't tell. Where
    there is no usable text, `problem` says why in words that follow the model's name."""

    text: str
    outcome: Outcome = "answered"
    problem: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens: tuple[Token, ...] = ()


def read_reply(completion: ChatCompletion) -> Reply:
    """Servers leave out what OpenAI always sends, and the client checks nothing: any part may be missing."""
    usage = completion.usage
    tokens_in = usage.prompt_tokens if usage else None
    tokens_out = usage.completion_tokens if usage else None
    choice = completion.choices[0] if completion.choices else None
    text = (choice.message.content or "") if choice and choice.message else ""
    outcome, problem = _unusable(choice, text, tokens_out)
    tokens = _tokens(choice) if choice and not problem else ()
    return Reply(text, outcome, problem, tokens_in, tokens_out, tokens)


def _unusable(choice: Choice | None, text: str, tokens_out: int | None) -> tuple[Outcome, str]:
    refusal = getattr(choice.message, "refusal", None) if choice else None
    if refusal or (choice and choice.finish_reason == "content_filter"):
        return "refused", f" refused: {refusal or 'its content filter stepped in'}"
    if choice and choice.finish_reason == "length":
        return "cut off", f"’s answer was cut off after {tokens_out or 'too many'} tokens."
    if not text.strip():
        return "empty", " answered with nothing."
    return "answered", ""


def _tokens(choice: Choice) -> tuple[Token, ...]:
    told = getattr(choice, "logprobs", None)
    return tuple(
        Token(
            _raw(token),
            token.logprob,
            tuple((_raw(other), other.logprob) for other in getattr(token, "top_logprobs", None) or ()),
        )
        for token in getattr(told, "content", None) or ()
    )


def _raw(token: ChatCompletionTokenLogprob | TopLogprob) -> bytes:
    told = getattr(token, "bytes", None)
    return bytes(told) if told else token.token.encode()
