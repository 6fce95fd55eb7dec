"""Chat models behind one small protocol, prompts as files, the call ledger."""

from __future__ import annotations

from typing import Literal

from concepts.language.base import ChatModel
from concepts.language.ledger import Budget, Ledger, Price
from concepts.language.openai_compatible import OpenAICompatibleModel
from concepts.registry import Registry
from concepts.settings import Settings

CHAT_MODELS: Registry[ChatModel] = Registry("chat model")
CHAT_MODELS.register(OpenAICompatibleModel)

Role = Literal["llm", "vlm"]


def chat_model(
    settings: Settings, role: Role, ledger: Ledger, budget: Budget | None = None
) -> ChatModel | None:
    """The model that the settings name for words (`llm`) or pictures (`vlm`); None where they name none."""
    model, price = (
        (settings.llm_model, settings.llm_price)
        if role == "llm"
        else (settings.vlm_model, settings.vlm_price)
    )
    if not settings.has_endpoint or not model:
        return None
    key = settings.openai_api_key
    return CHAT_MODELS["openai-compatible"](
        model,
        api_key=key.get_secret_value() if key else None,
        base_url=settings.openai_base_url,
        ledger=ledger,
        cache=settings.cache,
        price=Price.parse(price, f"DISCERN_{role.upper()}_PRICE") if price else None,
        budget=budget,
    )
