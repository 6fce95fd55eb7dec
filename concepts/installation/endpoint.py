"""What a model endpoint can do, found out by asking it: a test that costs a fraction of a cent."""

from __future__ import annotations

import io
import random
import time
from typing import Literal

from pydantic import BaseModel

from concepts.errors import DiscernError, ModelCallError, SettingsError
from concepts.jobs import Listener
from concepts.language import Role, chat_model
from concepts.language.base import ChatModel, Message
from concepts.language.connection import openai_client
from concepts.language.dialects import DialectMemory
from concepts.language.failures import read_failure, redacted
from concepts.language.openai_compatible import DEFAULT_ENDPOINT, without_credentials
from concepts.settings import Settings
from concepts.view import View
from storage.calls import Ledger

PURPOSE = "test"
MOST_MODELS = 200
LIST_SECONDS = 15.0
COLOURS = {"red": (210, 30, 30), "green": (20, 150, 60), "blue": (30, 70, 200), "yellow": (245, 210, 30)}


class ModelReport(View):
    """What one model did with a question whose answer is known. `listed` is none without a list."""

    role: Role
    model: str
    works: bool
    listed: bool | None
    correct: bool | None = None
    structured: str = ""  # how it is made to answer in a form: json_schema, json_object, text
    seconds: float | None = None
    problem: str = ""


class EndpointReport(View):
    """What an endpoint can do, found out by asking it."""

    address: str
    models: list[str]
    models_note: str
    answers: list[ModelReport]


class _Number(BaseModel):
    number: int


class _Colour(BaseModel):
    colour: Literal["red", "green", "blue", "yellow"]


def examine(settings: Settings, ledger: Ledger, report: Listener) -> EndpointReport:
    """Asks for the list of models, then puts one small question to each model that is set.

    Raises `SettingsError` where no endpoint is set, and `ModelCallError` where it can't be reached.
    """
    if not settings.has_endpoint:
        raise SettingsError("No endpoint is set. Give an address, a key, or both.")
    address = without_credentials(settings.openai_base_url or DEFAULT_ENDPOINT)
    report(0, 3, f"asking {address} for its models")
    models, note = _models(settings, address)
    answers = []
    roles: tuple[Role, ...] = ("scoping", "annotating")
    for step, role in enumerate(roles, start=1):
        report(step, 3, "asking about words" if role == "scoping" else "showing a picture")
        model = chat_model(settings, role, ledger)
        if model is not None:
            answers.append(_ask(model, role, settings, models))
    report(3, 3, "")
    return EndpointReport(address=address, models=models, models_note=note, answers=answers)


def _models(settings: Settings, address: str) -> tuple[list[str], str]:
    """Ids of the models, and why there are none. Not every endpoint has the list."""
    from openai import APIConnectionError, APIError, AuthenticationError, PermissionDeniedError

    key = settings.openai_api_key
    address_in_full = settings.openai_base_url or DEFAULT_ENDPOINT
    client = openai_client(address_in_full, key.get_secret_value() if key else None, LIST_SECONDS)
    try:
        return sorted(model.id for model in client.models.list().data or [])[:MOST_MODELS], ""
    except (APIConnectionError, AuthenticationError, PermissionDeniedError) as error:
        failure = read_failure(error, "", address)
        message = redacted(failure.message, [key.get_secret_value()] if key else [])
        raise ModelCallError(message, status=failure.status) from None
    except (APIError, ValueError, AttributeError, TypeError):
        return [], "It does not list its models, which is no harm."


def _ask(model: ChatModel, role: Role, settings: Settings, models: list[str]) -> ModelReport:
    """One question with a known answer. It is new every time, so that it is not answered from the cache."""
    started = time.monotonic()
    listed = model.name in models if models else None
    try:
        correct = _asks_a_number(model) if role == "scoping" else _asks_a_colour(model)
    except DiscernError as error:
        return ModelReport(role=role, model=model.name, listed=listed, works=False, problem=str(error))
    dialect, _ = DialectMemory(settings.cache, model.endpoint, model.name).current
    return ModelReport(
        role=role,
        model=model.name,
        listed=listed,
        works=True,
        correct=correct,
        structured=dialect.rung,
        seconds=round(time.monotonic() - started, 2),
    )


def _asks_a_number(model: ChatModel) -> bool:
    number = random.randrange(1000, 1_000_000)
    asked = [Message("user", f"Give back the number {number}.")]
    return model.ask(asked, _Number, purpose=PURPOSE).number == number


def _asks_a_colour(model: ChatModel) -> bool:
    name = random.choice(list(COLOURS))
    text = f"What colour is this picture? (Question {random.randrange(1_000_000)}.)"
    asked = [Message("user", text, (_square(COLOURS[name]),))]
    return model.ask(asked, _Colour, purpose=PURPOSE).colour == name


def _square(colour: tuple[int, int, int]) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (256, 256), colour).save(file, "JPEG")
    return file.getvalue()
