"""What part of the library somebody looks at, in which order, as an address or a program says it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from pydantic import ConfigDict, Field, ValidationError

from concepts.errors import DiscernError
from concepts.view import View
from storage.picture_filter import Order, PictureFilter

LIKENESS = "likeness"
IN = "in"  # of an address: Python has the word for itself
MEGAPIXEL = 1_000_000
# Pixels: at least, and less than.
SIZES: dict[str, tuple[int | None, int | None]] = {
    "small": (None, MEGAPIXEL // 2),
    "medium": (MEGAPIXEL // 2, 4 * MEGAPIXEL),
    "large": (4 * MEGAPIXEL, None),
}

Size = Literal["", "small", "medium", "large"]
Answered = Literal["", "yes", "no", "unsure", "skip", "any", "none"]
Repeated = Literal["", "copies", "look-alikes"]
Said = Literal["", "yes", "no"]


class PictureSelection(View):
    """Everything that narrows or orders the library; the defaults are all of it, newest first. Days include
    their whole day. `answered` and `says` are about `concept`: what people answered, and what its newest
    version makes of a picture."""

    model_config = ConfigDict(populate_by_name=True)

    q: str = Field(default="", max_length=2000)
    like: str = Field(default="", max_length=64)
    sort: Order = Order.NEWEST
    folder: str = Field(default="", max_length=4096)
    within: int | None = Field(default=None, ge=1, le=2**31 - 1, alias="in")  # a collection, by its number
    format: str = Field(default="", max_length=10)
    size: Size = ""
    taken_from: date | None = None
    taken_to: date | None = None
    undated: bool = False
    added_from: date | None = None
    added_to: date | None = None
    concept: str = Field(default="", max_length=120)
    answered: Answered = ""
    says: Said = ""
    repeated: Repeated = ""

    @classmethod
    def of(cls, said: Mapping[str, object]) -> PictureSelection:
        """Of an address's query or a form's fields; what is no part of this, and what is empty, is passed
        over. Raises `DiscernError` for a value that means nothing."""
        named = {"within" if name == IN else name: value for name, value in said.items()}
        given = {name: value for name, value in named.items() if name in cls.model_fields and value != ""}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            name = str(error.errors()[0]["loc"][0])
            raise DiscernError(f"“{str(given.get(name))[:80]}” is no {_WORDS.get(name, name)}.") from None

    @property
    def by_likeness(self) -> bool:
        """Whether pictures come by how near they are to words or a picture."""
        return bool(self.q.strip() or self.like)

    @property
    def narrows(self) -> int:
        """How many conditions there are, the folder and the search apart."""
        given = self.model_dump(exclude_defaults=True).keys()
        return len(given - {"q", "like", "sort", "folder", "within", "concept"})

    def said(self) -> dict[str, str]:
        """As an address says it: what is as always is left out."""
        values = self.model_dump(mode="json", exclude_defaults=True)
        named = {IN if name == "within" else name: value for name, value in values.items()}
        return {name: "yes" if value is True else str(value) for name, value in named.items()}

    def filter(self) -> PictureFilter:
        """What SQL can tell by itself."""
        taken_to = None if self.taken_to is None else self.taken_to + timedelta(days=1)
        added_to = None if self.added_to is None else self.added_to + timedelta(days=1)
        return PictureFilter(
            folder=self.folder,
            format=self.format,
            pixels=SIZES.get(self.size, (None, None)),
            taken=(_seconds(self.taken_from), _seconds(taken_to)),
            dated=False if self.undated else None,
            added=(_midnight(self.added_from), _midnight(added_to)),
            copies=self.repeated == "copies",
            look_alikes=self.repeated == "look-alikes",
        )


_WORDS = {
    "sort": "order of pictures",
    "taken_from": "day",
    "taken_to": "day",
    "added_from": "day",
    "added_to": "day",
    "like": "picture",
    "within": "number of a collection",
}


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)


def _seconds(day: date | None) -> int | None:
    midnight = _midnight(day)
    return None if midnight is None else int(midnight.timestamp())
