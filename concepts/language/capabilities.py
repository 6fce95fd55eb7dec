"""What is known of a model at an endpoint, found by asking it once: how it is asked, and whether it sees.

Kept in a file for each endpoint and model. It is asked again when it stops working (another server may have
the address now), and where it was poor it is asked again after a week (servers are upgraded).

To know whether it sees, it is shown pictures whose content can't be guessed: a model without eyes may answer
a picture with HTTP 200 and a confident sentence, so what it says of itself, or what an endpoint accepts,
proves nothing.
"""

from __future__ import annotations

import hashlib
import io
import random
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, Field, ValidationError

from concepts.errors import BlindModelError, ModelAnswerError, ModelCallError
from concepts.language.base import ChatModel, Message
from concepts.language.dialects import RUNGS, EndpointDialect, Wishes
from concepts.language.prompts import load_prompt
from concepts.view import View
from storage.files import read_kept, write_kept

BELIEVED_FOR = timedelta(days=7)
MISSES_BELIEVED = 3  # answers in a row without the form that was asked for, by an endpoint that has kept it

_lock = threading.Lock()  # of the files: they are read, changed and written again

PURPOSE = "test"
PICTURES = 2  # guessed right by chance once in 2,500
SIDE = 336  # pixels; small models see tiles of this size
REJECTS_PICTURES = (400, 415, 422, 500, 501)  # without saying that it is for the picture
Colour = Literal["red", "green", "blue", "orange", "black"]
COLOURS: dict[Colour, tuple[int, int, int]] = {
    "red": (205, 20, 30),
    "green": (10, 135, 50),
    "blue": (25, 65, 205),
    "orange": (245, 140, 0),
    "black": (15, 15, 15),
}


class Sight(View):
    """Whether a model read pictures whose content can't be guessed."""

    sees: bool
    when: datetime
    why: str = ""  # what it did instead, in a sentence


class Capabilities(View):
    """`proven`: since when the dialect has worked; none where nothing was answered yet."""

    dialect: EndpointDialect = EndpointDialect()
    proven: datetime | None = None
    misses: int = 0
    sight: Sight | None = None


class CapabilityMemory:
    """The capabilities of one model at one endpoint. Safe from several threads; the last process wins."""

    def __init__(self, folder: Path, endpoint: str, model: str, wishes: Wishes | None = None) -> None:
        digest = hashlib.sha256(f"{endpoint}\n{model}".encode()).hexdigest()[:16]
        self._file = folder / "capabilities" / f"{digest}.json"
        self._wishes = wishes or Wishes()

    @property
    def known(self) -> Capabilities:
        try:
            return Capabilities.model_validate_json(read_kept(self._file) or b"")
        except ValidationError:
            return Capabilities()

    @property
    def dialect(self) -> tuple[EndpointDialect, bool]:
        """The dialect to use, and whether the endpoint has answered in it."""
        known = self.known
        best = known.dialect.rung == RUNGS[0]
        if known.proven is None or (not best and datetime.now(UTC) - known.proven > BELIEVED_FOR):
            return EndpointDialect().wishing(self._wishes), False
        if known.dialect.wishes != self._wishes:  # they were changed since
            return known.dialect.wishing(self._wishes), False
        return known.dialect, True

    def worked(self, dialect: EndpointDialect) -> None:
        """The endpoint has answered in it, in the form that was asked for."""
        known = self.known
        if not known.misses and self.dialect == (dialect, True):
            return
        same = known.dialect == dialect and known.proven is not None and self.dialect[1]
        self._keep(dialect=dialect, proven=known.proven if same else datetime.now(UTC), misses=0)

    def ignored(self, dialect: EndpointDialect) -> bool:
        """The endpoint took the form and did not keep it. Returns whether to believe that of the rung."""
        known = self.known
        if known.dialect != dialect or not self.dialect[1]:
            return True
        misses = known.misses + 1
        believed = misses >= MISSES_BELIEVED
        self._keep(misses=misses, **({"proven": None} if believed else {}))
        return believed

    def saw(self, sight: Sight) -> None:
        self._keep(sight=sight)

    def forget(self) -> None:
        """Everything is to be asked anew."""
        with _lock:
            self._file.unlink(missing_ok=True)

    def _keep(self, **changes: Any) -> None:
        with _lock:
            kept = self.known.model_copy(update=changes)
            write_kept(self._file, kept.model_dump_json().encode())


class Seen(BaseModel):
    """What a model is asked for."""

    digit: int = Field(ge=0, le=9)
    colour: Colour


def check_sight(model: ChatModel) -> Sight:
    """Shows drawn pictures, new ones every time, until one is not read right.

    Raises `ModelCallError` where that tells nothing about the model's eyes: nobody there, no such model, a
    wrong key, or an answer that was cut off or only thought.
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
        if error.outcome in ("only thought", "cut off"):
            raise  # which tells nothing about its eyes
        return f"{before} it gave no usable answer ({error.outcome})."
    except ModelCallError as error:
        if error.status in REJECTS_PICTURES:
            return f"{before} it failed: {error}"
        raise
    return "" if seen == shown else f"{before} it said {_in_words(seen)}."


def _in_words(seen: Seen) -> str:
    return f"{'an' if seen.colour == 'orange' else 'a'} {seen.colour} {seen.digit}"
