"""Whether a model sees pictures: it is shown some whose content can't be guessed.

A model without eyes may answer a picture with HTTP 200 and a confident sentence, so what it says of itself,
or what an endpoint accepts, proves nothing.
"""

from __future__ import annotations

import io
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, Field

from concepts.errors import BlindModelError, ModelAnswerError, ModelCallError
from concepts.language.base import ChatModel, Message
from concepts.language.capabilities import CapabilityMemory, Sight
from concepts.language.prompts import load_prompt

PURPOSE = "test"
PICTURES = 2  # guessed right by chance once in 2,500
SIDE = 336  # pixels; small models see tiles of this size
BELIEVED_FOR = timedelta(days=7)
REJECTS_PICTURES = (400, 415, 422, 500, 501)  # without saying that it is for the picture

Colour = Literal["red", "green", "blue", "orange", "black"]
COLOURS: dict[Colour, tuple[int, int, int]] = {
    "red": (205, 20, 30),
    "green": (10, 135, 50),
    "blue": (25, 65, 205),
    "orange": (245, 140, 0),
    "black": (15, 15, 15),
}


class Seen(BaseModel):
    """What a model is asked for."""

    digit: int = Field(ge=0, le=9)
    colour: Colour


def check_sight(model: ChatModel) -> Sight:
    """Shows drawn pictures, new ones every time, until one is not read right.

    Raises `ModelCallError` where that tells nothing about the model's eyes: nobody there, no such model, a
    wrong key.
    """
    for _ in range(PICTURES):
        shown = Seen(digit=random.randrange(10), colour=random.choice(get_args(Colour)))
        why = _misread(model, shown)
        if why:
            return Sight(sees=False, when=datetime.now(UTC), why=why)
    return Sight(sees=True, when=datetime.now(UTC))


def require_sight(model: ChatModel, cache: Path) -> None:
    """Raises `BlindModelError` unless the model has read the pictures within the last days. One that could
    not is asked again every time: another may answer under its name by now."""
    memory = CapabilityMemory(cache, model.endpoint, model.name)
    sight = memory.known.sight
    if sight is None or not sight.sees or datetime.now(UTC) - sight.when > BELIEVED_FOR:
        sight = check_sight(model)
        memory.saw(sight)
    if not sight.sees:
        raise BlindModelError(model.name, sight.why)


def draw(shown: Seen) -> bytes:
    """JPEG of the digit, somewhere on a pale ground."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (SIDE, SIDE), tuple(random.randrange(236, 256) for _ in range(3)))
    place = (SIDE / 2 + random.randint(-40, 40), SIDE / 2 + random.randint(-30, 30))
    font = ImageFont.load_default(random.randrange(210, 250))
    ImageDraw.Draw(image).text(place, str(shown.digit), COLOURS[shown.colour], font, anchor="mm")
    file = io.BytesIO()
    image.save(file, "JPEG", quality=90)
    return file.getvalue()


def _misread(model: ChatModel, shown: Seen) -> str:
    """What the model did with a picture, in a sentence; empty where it read it right."""
    # The number keeps a repeated picture from being answered out of the cache.
    text = load_prompt("sight").render(number=str(random.randrange(10**9)))
    before = f"Shown {_in_words(shown)},"
    try:
        seen = model.ask([Message("user", text, (draw(shown),))], Seen, purpose=PURPOSE)
    except ModelAnswerError as error:
        return f"{before} it gave no usable answer ({error.outcome})."
    except ModelCallError as error:
        if error.status in REJECTS_PICTURES:
            return f"{before} it failed: {error}"
        raise
    return "" if seen == shown else f"{before} it said {_in_words(seen)}."


def _in_words(seen: Seen) -> str:
    return f"{'an' if seen.colour == 'orange' else 'a'} {seen.colour} {seen.digit}"
