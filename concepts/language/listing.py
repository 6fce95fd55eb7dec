"""The models that an endpoint lists, and what it says of them. Not every endpoint has the list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from concepts.errors import ModelCallError
from concepts.language.connection import openai_client
from concepts.language.failures import read_failure, redacted
from concepts.language.openai_compatible import without_credentials

if TYPE_CHECKING:
    from openai import OpenAI

MOST_MODELS = 200
LIST_SECONDS = 15.0
# vLLM; OpenRouter and others; LM Studio
_CONTEXT = ("max_model_len", "context_length", "max_context_length", "context_window")


@dataclass(frozen=True)
class Listing:
    """Ids in order → what is said of each. `note` says why there are none."""

    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    note: str = ""
    served: int | None = None  # tokens, of a server that serves one model and says how

    def context(self, model: str) -> int | None:
        """How many tokens the model reads at once, as it is served."""
        about = self.models.get(model, {})
        meta = about.get("meta")
        trained = meta.get("n_ctx_train") if isinstance(meta, Mapping) else None
        for told in (*(about.get(name) for name in _CONTEXT), self.served, trained):
            if isinstance(told, int) and told > 0:
                return told
        return None


def list_models(url: str, api_key: str | None) -> Listing:
    """Raises `ModelCallError` where nobody is there, or the key is refused."""
    from openai import APIConnectionError, APIError, AuthenticationError, PermissionDeniedError

    client = openai_client(url, api_key, LIST_SECONDS)
    try:
        found = sorted(client.models.list().data or [], key=lambda model: model.id)[:MOST_MODELS]
        models = {model.id: model.model_dump() for model in found}
    except (APIConnectionError, AuthenticationError, PermissionDeniedError) as error:
        failure = read_failure(error, "", without_credentials(url))
        message = redacted(failure.message, [api_key or "", urlsplit(url).password or ""])
        raise ModelCallError(message, status=failure.status) from None
    except (APIError, ValueError, AttributeError, TypeError):
        return Listing(note="It does not list its models, which is no harm.")
    ours = any(about.get("owned_by") == "llamacpp" for about in models.values())
    return Listing(models, served=_served(client, url) if ours else None)


def _served(client: OpenAI, url: str) -> int | None:
    """llama.cpp's server lists for how many tokens a model was trained, and tells elsewhere how many it
    serves."""
    from openai import APIError

    parts = urlsplit(url)
    try:
        props = client.get(urlunsplit((parts.scheme, parts.netloc, "/props", "", "")), cast_to=object)
        told = props["default_generation_settings"]["n_ctx"]  # type: ignore[index]  # checked by trying
    except (APIError, ValueError, KeyError, TypeError):
        return None
    return told if isinstance(told, int) else None
