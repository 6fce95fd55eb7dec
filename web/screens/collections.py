"""Collections on Library: all, and one with its pictures; and on Describe what a concept looks in.

What is shown is in the address of Library: `?view=collections&collection=3&find=words&after=id`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode

from concepts.errors import DiscernError
from concepts.workbench import Workbench
from concepts.workbench.collections import A_SEARCH, CollectionView, LooksIn
from web.advice import in_words
from web.page import Action
from web.render import Button, Notice, render
from web.words import count

PAGE = 36
FOUND = 24
PICTURE, CHOSEN = "p-", "c-"  # how the boxes of forms are called
ACTIONS = (
    "make-collection",
    "rename-collection",
    "find-pictures",
    "put-pictures",
    "take-pictures",
    "undo-change",
)

Place = Mapping[str, str]


class CollectionsView:
    """The view and its buttons."""

    def __init__(self, workbench: Workbench) -> None:
        self._bench = workbench

    def html(self, place: Place, said: Notice | None = None) -> str:
        collections = self._bench.collections
        if (number := _number(place.get("collection", ""))) is None:
            return render(
                "collections/all.html",
                collections=collections.all(),
                addings=collections.addings(),
                a_search=A_SEARCH,
                concept=place.get("concept", ""),
                said=said,
            )
        one, words = collections.get(number), place.get("find", "").strip()
        found = self._bench.library.search(words, n=FOUND) if words else []
        pictures = collections.pictures(number, PAGE + 1, place.get("after", ""))
        return render(
            "collections/one.html",
            one=one,
            concept=place.get("concept", ""),
            pictures=pictures[:PAGE],
            more=pictures[PAGE - 1].id if len(pictures) > PAGE else "",
            first=not place.get("after"),
            words=words,
            found=found,
            changes=one.changes[:8],
            said=said,
        )

    def do(self, action: Action, author: str) -> tuple[dict[str, str], Notice | None]:
        """Does what was pressed: the place to show next, and what was done, perhaps with the way back."""
        place = {"view": "collections"} | dict(parse_qsl(action.value))
        try:
            return self._do(action, place, author)
        except DiscernError as error:
            return place, Notice(in_words(error), "bad")

    def _do(self, action: Action, place: dict[str, str], author: str) -> tuple[dict[str, str], Notice | None]:
        collections, fields = self._bench.collections, action.fields
        if action.name == "make-collection":
            made = self._make(fields, author)
            words = f"“{made.name}” is made: {count(made.pictures, 'picture')}, {made.began}."
            return place | {"collection": str(made.id)}, Notice(words, "good")
        number = _number(place.get("collection", "")) or 0
        if action.name == "find-pictures":
            return place | {"find": fields.get("words", "")}, None
        if action.name == "rename-collection":
            before = collections.get(number).name
            renamed = collections.rename(number, fields.get("name", ""))
            return place, Notice(f"“{before}” is “{renamed.name}” now.", "good")
        if action.name == "undo-change":
            undone = collections.undo(number, _number(place.pop("change", "")) or 0, author=author)
            return place, Notice("Undone." if undone else "Nothing was left of that.", "good")
        chosen = [name.removeprefix(PICTURE) for name in fields if name.startswith(PICTURE)]
        if not chosen:
            return place, Notice("Tick some pictures first.", "warn")
        put = action.name == "put-pictures"
        change = (collections.put if put else collections.take)(number, chosen, author=author)
        if change is None:
            return place, Notice("They are in it already." if put else "None of them is in it.")
        back = Button(
            "Undo", "undo-change", urlencode({"collection": number, "change": change.number}), "undo-2"
        )
        deed = "put in" if put else "taken out"
        now = count(change.remaining, "picture")
        return place, Notice(f"{count(change.pictures, 'picture')} {deed}; {now} in it now.", "good", back)

    def _make(self, fields: Place, author: str) -> CollectionView:
        way, given = fields.get("way", ""), dict[str, Any]()
        if way == "adding":
            given["adding"] = _number(fields.get("adding", "")) or 0
        elif way == "dates":
            given = {"since": _day(fields.get("first", "")), "until": _day(fields.get("last", ""))}
            given["by_file"] = fields.get("by") == "file"
        elif way == "search":
            given = {"search": fields.get("words", ""), "n": _number(fields.get("n", "")) or A_SEARCH}
        elif way != "hand":
            given["folder"] = fields.get("folder", "").strip()
        if way != "hand" and not next(iter(given.values())):
            raise DiscernError("Say first what it is to be made of.")
        return self._bench.collections.make(fields.get("name", ""), **given, author=author)


# What a concept looks in, on Describe


def where_to_look(workbench: Workbench, name: str) -> str:
    """The dialog that asks."""
    return render(
        "describe/look_in.html",
        now=workbench.concept(name).scope.get(),
        collections=workbench.collections.all(),
    )


def look_in(workbench: Workbench, name: str, action: Action, author: str) -> Notice:
    """Does what was chosen there, or goes back to what is in the button's value, and says so."""
    before = workbench.concept(name).scope.get()
    if action.fields.get("everything"):
        numbers = []
    elif action.value:
        numbers = action.value.split(",")
    else:
        numbers = [box.removeprefix(CHOSEN) for box in action.fields if box.startswith(CHOSEN)]
    wanted = [int(number) for number in numbers if number.isdecimal() and int(number)]
    now = workbench.concept(name).scope.set([*wanted], author=author)
    if now.number == before.number:
        return Notice(f"The scope is {now.name} already.")
    back = ",".join(map(str, before.collections)) or "0"
    return Notice(f"Scope: {_where(now)}.", "good", Button("Undo", "look-in", back, "undo-2"))


def _where(now: LooksIn) -> str:
    return f"{now.name}, {now.pictures:,} of {count(now.library, 'picture')}"


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and 0 < int(text) < 2**31 else None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise DiscernError("Give both days, such as 2025-03-01.") from error
