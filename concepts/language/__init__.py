"""Chat models behind one small protocol, prompts as files, the call ledger."""

from __future__ import annotations

from typing import Literal, get_args

from concepts.language.base import ChatModel
from concepts.language.capabilities import require_sight
from concepts.language.dialects import Wishes
from concepts.language.ledger import Budget, Ledger, Price
from concepts.language.openai_compatible import OpenAICompatibleModel
from concepts.settings import Settings

# What a model is asked to do. Several roles may be the same model.
Role = Literal[
    "scoping",  # words: from a name and a sentence to what counts
    "annotating",  # pictures: labels them
    "escalating",  # pictures: a larger model, for those the first is not sure of
    "criticising",  # words: reads where person and machine differ, and proposes other wordings
]
ROLES: tuple[Role, ...] = get_args(Role)


def chat_model(
    settings: Settings, role: Role, ledger: Ledger, budget: Budget | None = None
) -> ChatModel | None:
    """The model that the settings name for a role; None where they name none."""
    model, price = named(settings, role)
    if not settings.has_endpoint or not model:
        return None
    key = settings.openai_api_key
    return OpenAICompatibleModel(
        model,
        api_key=key.get_secret_value() if key else None,
        base_url=settings.openai_base_url,
        ledger=ledger,
        cache=settings.cache,
        price=price,
        budget=budget,
        at_once=settings.model_concurrency,
        wishes=Wishes(
            effort="" if settings.reasoning_effort == "default" else settings.reasoning_effort,
            answer_tokens=settings.answer_tokens,
            detail=settings.picture_detail or "",
            fields=settings.request_fields or "",
        ),
        side=settings.picture_side,
        timeout=settings.request_timeout,
    )


def seeing_model(
    settings: Settings, role: Role, ledger: Ledger, budget: Budget | None = None
) -> ChatModel | None:
    """The same for a role that is shown pictures, once it has read some whose content can't be guessed.

    That is asked at most once a week, and charged to no job, as other tests of the endpoint. Raises
    `BlindModelError`, and `ModelCallError` where nobody answers.
    """
    model = chat_model(settings, role, ledger, budget)
    tester = chat_model(settings, role, ledger.charged_to(None, None))
    if tester is not None:
        require_sight(tester, settings.cache)
    return model


def named(settings: Settings, role: Role) -> tuple[str | None, Price | None]:
    """The model of a role, and its price: the role's own, else that of the model in the table of prices.
    Raises `BadPriceError`."""
    # Who criticises is who scopes, unless another is named; nobody is escalated to, unless one is named.
    if role == "annotating":
        model, own, setting = settings.vlm_model, settings.vlm_price, "vlm_price"
    elif role == "escalating":
        model, own, setting = settings.large_vlm_model, settings.large_vlm_price, "large_vlm_price"
    elif role == "criticising" and settings.critic_model:
        model, own, setting = settings.critic_model, settings.critic_price, "critic_price"
    else:
        model, own, setting = settings.llm_model, settings.llm_price, "llm_price"
    if own or not model:
        return model, Price.parse(own, setting) if own else None
    return model, Price.table(settings.prices or "").get(model)
