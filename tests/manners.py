"""The manners of the servers that call themselves OpenAI-compatible, as far as a client meets them.

Written down from what these servers do (their sources, their documentation, one of them run here): which
forms of an answer they reject and how, which they take and ignore, whether they tell probabilities, how their
errors look, what their list of models says, and what they do with a picture for a model without eyes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

MODEL = "simulated-model"


def as_openai(status: int, message: str, code: str | None, param: str | None) -> Any:
    return {"error": {"message": message, "type": "simulated", "code": code, "param": param}}


def flat(status: int, message: str, code: str | None, param: str | None) -> Any:
    """vLLM until 0.10."""
    return {"object": "error", "message": message, "type": "BadRequestError", "param": param, "code": status}


def a_sentence(status: int, message: str, code: str | None, param: str | None) -> Any:
    return {"error": message}


def with_a_number(status: int, message: str, code: str | None, param: str | None) -> Any:
    """llama.cpp's server."""
    return {"error": {"code": status, "message": message, "type": "server_error"}}


@dataclass(frozen=True)
class Rejection:
    status: int
    message: str
    param: str | None = None


@dataclass(frozen=True)
class Manner:
    """How one server behaves. Forms: json_schema, json_object_schema (a schema beside json_object),
    json_object. `ignores` are taken and not kept: the answer comes as prose. `parameters` are rejected by
    name."""

    name: str
    rejects: dict[str, Rejection] = field(default_factory=dict)
    ignores: frozenset[str] = frozenset()
    parameters: dict[str, Rejection] = field(default_factory=dict)
    chances: Literal["told", "dropped"] = "told"
    error: Callable[[int, str, str | None, str | None], Any] = as_openai
    usage: bool = True
    root: str = "/v1"
    query: str = ""
    lists: bool = True
    listed: dict[str, Any] = field(default_factory=dict)
    props: dict[str, Any] | None = None
    key_in: Literal["authorization", "api-key"] = "authorization"
    blind: Rejection | None = None  # what a picture gets from a model without eyes; an empty answer if none


OPENAI = Manner(
    "OpenAI",
    rejects={
        "json_object_schema": Rejection(
            400, "Unknown parameter: 'response_format.schema'.", "response_format"
        )
    },
    parameters={
        "max_tokens": Rejection(
            400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", "max_tokens"
        ),
    },
    blind=Rejection(400, "Invalid content type. image_url is only supported by certain models."),
)
AZURE = Manner(
    "Azure",
    rejects={
        "json_schema": Rejection(
            400, "response_format value as json_schema is enabled only for later versions"
        ),
        "json_object_schema": Rejection(400, "Unknown parameter: 'response_format.schema'."),
    },
    root=f"/openai/deployments/{MODEL}",
    query="?api-version=2024-06-01",
    lists=False,
    key_in="api-key",
    blind=Rejection(400, "Invalid image data."),
)
VLLM = Manner(
    "vLLM",
    error=flat,
    listed={"max_model_len": 8192},
    blind=Rejection(400, "simulated-model is not a multimodal model"),
)
OLLAMA = Manner(
    "Ollama",
    ignores=frozenset({"json_object_schema"}),
    chances="dropped",
    error=a_sentence,
    listed={"owned_by": "library"},
    blind=Rejection(500, "this model is missing data required for image input"),
)
LM_STUDIO = Manner(
    "LM Studio",
    rejects={
        form: Rejection(400, "'response_format.type' must be 'json_schema' or 'text'")
        for form in ("json_object", "json_object_schema")
    },
    chances="dropped",
    error=a_sentence,
    usage=False,
    blind=Rejection(400, "Model does not support images."),
)
LLAMA_CPP = Manner(
    "llama.cpp",
    error=with_a_number,
    listed={"owned_by": "llamacpp", "meta": {"n_ctx_train": 32768}},
    props={"default_generation_settings": {"n_ctx": 4096}},
    blind=Rejection(500, "image input is not supported - hint: you may need to provide the mmproj"),
)
LLAMA_CPP_PYTHON = Manner(
    "llama-cpp-python",
    rejects={
        "json_schema": Rejection(500, "[{'type': 'literal_error', 'loc': ('body', 'response_format')}]")
    },
    ignores=frozenset({"json_object"}),
    chances="dropped",
    listed={"owned_by": "me", "permissions": []},
)
# Not a server by itself: some gateways take any form and pass on a model's prose.
IGNORES_ALL = Manner(
    "a gateway that ignores every form",
    ignores=frozenset({"json_schema", "json_object_schema", "json_object"}),
    chances="dropped",
    usage=False,
)

MANNERS = [OPENAI, AZURE, VLLM, OLLAMA, LM_STUDIO, LLAMA_CPP, LLAMA_CPP_PYTHON, IGNORES_ALL]
