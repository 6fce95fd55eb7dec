"""Connections to an endpoint: to the very address that was checked, and nowhere else."""

from __future__ import annotations

import socket
import ssl
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import httpx2

from concepts.errors import ModelCallError
from concepts.language.failures import read_failure
from concepts.settings import Address, literal_address, login_of, serves_no_model
from concepts.use_cases.redacting import redacted

if TYPE_CHECKING:
    from openai import OpenAI

MOST_MODELS = 200
LIST_SECONDS = 15.0
# vLLM; OpenRouter and others; LM Studio
_CONTEXT = ("max_model_len", "context_length", "max_context_length", "context_window")


def openai_client(url: str, api_key: str | None, timeout: float) -> OpenAI:
    """A client for one endpoint. It follows no redirects, so no key travels to another host, and repeats
    nothing by itself, so that each attempt is in the ledger."""
    from openai import AzureOpenAI, OpenAI

    parts = urlsplit(url)
    by_proxy = parts.scheme in urllib.request.getproxies()  # which then does the connecting
    by_proxy = by_proxy and not urllib.request.proxy_bypass(parts.hostname or "")
    transport = None if by_proxy else CheckedTransport()
    query = dict(parse_qsl(parts.query))
    version = query.get("api-version")  # Azure wants one: …/openai/deployments/NAME?api-version=…
    client = partial(AzureOpenAI, api_version=version) if version else OpenAI
    return client(
        api_key=api_key or "none",  # a local server wants no key, the client insists on one
        base_url=urlunsplit(parts._replace(query="", fragment="")),
        timeout=timeout,
        max_retries=0,
        default_query=query,
        http_client=httpx2.Client(
            auth=login_of(api_key), transport=transport, timeout=timeout, follow_redirects=False
        ),
    )


def without_credentials(url: str) -> str:
    """The address without user, password, query and fragment."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))


class CheckedTransport(httpx2.HTTPTransport):
    """Resolves a name once, refuses addresses where no model is served (or other ones), and connects to what
    it checked: a name that stands for another address a moment later is not asked again."""

    def __init__(
        self,
        refuses: Callable[[Address], bool] = serves_no_model,
        said: str = "is an address where no model is served",
    ) -> None:
        """`said` of a host that is refused."""
        super().__init__(verify=_certificates())
        self._refuses, self._said = refuses, said

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpx2.ConnectError(f"there is no {host}", request=request) from error
        addresses = list(dict.fromkeys(str(place[4][0]) for place in found))
        for text in addresses:
            if (known := literal_address(text)) is None or self._refuses(known):
                raise httpx2.ConnectError(f"{host} {self._said}", request=request)
        *others, last = addresses
        request.extensions = {**request.extensions, "sni_hostname": host}
        for address in others:  # a server on this computer often listens on one of localhost's two
            with suppress(httpx2.ConnectError):
                return self._to(address, request)
        return self._to(last, request)

    def _to(self, address: str, request: httpx2.Request) -> httpx2.Response:
        request.url = request.url.copy_with(host=address)
        return super().handle_request(request)


@cache
def _certificates() -> ssl.SSLContext:
    """Read once: it takes longer than an answer of this computer."""
    return httpx2.create_ssl_context()


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
