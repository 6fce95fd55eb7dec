"""What part of the library somebody looks at, in which order, as an address or a program says it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from pydantic import ConfigDict, Field, ValidationError

from concepts.errors import DiscernError
from concepts.view import View
from storage.picture_filter import Order, PictureFilter

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
    """Everything that narrows or orders the library; the defaults are all of it, newest first."""

    model_config = ConfigDict(populate_by_name=True)

    q: str = Field(default="", max_length=2000, description="Words: the nearest pictures first.")
    captions: bool = Field(default=False, description="Every word in a caption, or in a picture.")
    like: str = Field(default="", max_length=4096, description="A picture, by id or path: the most like it.")
    sort: Order = Field(
        default=Order.NEWEST,
        description="By when it was added, its name, when it was taken, its pixels or its bytes, or in a "
        "random order that stays. A search sorts by likeness.",
    )
    folder: str = Field(default="", max_length=4096, description="In this folder and below.")
    within: str = Field(
        default="", max_length=120, alias="in", description="Of one collection alone, by name or number."
    )
    format: str = Field(default="", max_length=10, description="Such as JPEG or PNG.")
    size: Size = Field(default="", description="Below 0.5 megapixels, below 4, or larger.")
    taken_from: date | None = Field(default=None, description="Taken on this day or later.")
    taken_to: date | None = Field(default=None, description="Taken on this day or earlier.")
    undated: bool = Field(default=False, description="Those that say no date.")
    added_from: date | None = Field(default=None, description="Added on this day or later.")
    added_to: date | None = Field(default=None, description="Added on this day or earlier.")
    concept: str = Field(default="", max_length=120, description="What `answered` and `says` are about.")
    answered: Answered = Field(default="", description="What you have labelled it.")
    says: Said = Field(default="", description="What the newest version makes of it.")
    rule: str = Field(
        default="",
        max_length=2000,
        description="Flagged by trained concepts, such as `messy room AND NOT people`.",
    )
    shape: str = Field(
        default="", max_length=4096, description="Inside of a shape on the map: x,y x,y x,y from -1 to 1."
    )
    repeated: Repeated = Field(default="", description="At several places, or near-duplicates of others.")
    safe: bool = Field(
        default=False, description="Without what imported columns call unsafe: punsafe from 0.5 on, NSFW."
    )

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
    def collection(self) -> int | str:
        """The one that pictures are of. In an address a number is a number, whatever others are called."""
        return int(self.within) if self.within.isdecimal() and len(self.within) < 10 else self.within

    @property
    def by_likeness(self) -> bool:
        """Whether pictures come by how near they are to words or a picture."""
        return bool(self.q.strip() or self.like)

    @property
    def narrows(self) -> int:
        """How many conditions there are, the folder and the search apart."""
        given = self.model_dump(exclude_defaults=True).keys()
        return len(given - {"q", "captions", "like", "sort", "folder", "within", "concept"})

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
            format=self.format.upper(),
            pixels=SIZES.get(self.size, (None, None)),
            taken=(_seconds(self.taken_from), _seconds(taken_to)),
            dated=False if self.undated else None,
            added=(_midnight(self.added_from), _midnight(added_to)),
            copies=self.repeated == "copies",
            look_alikes=self.repeated == "look-alikes",
            safe=self.safe,
        )


_WORDS = {
    "sort": "order of pictures",
    "taken_from": "day",
    "taken_to": "day",
    "added_from": "day",
    "added_to": "day",
    "like": "picture",
}


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)


def _seconds(day: date | None) -> int | None:
    midnight = _midnight(day)
    return None if midnight is None else int(midnight.timestamp())
