"""Collections on Library: all, and one with its pictures; and on Define what a concept looks in.

What is shown is in the address of Library: `?view=collections&collection=3&find=words&after=id`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from urllib.parse import parse_qsl, urlencode

from concepts.errors import DiscernError
from concepts.library.collections import By, CollectionView, LooksIn
from concepts.workbench import Workbench
from web.advice import in_words
from web.live import Action
from web.render import Button, Notice, render
from web.words import count

PAGE = 36
FOUND = 24
A_SEARCH = 200  # pictures, unless somebody says otherwise
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
        found = self._bench.pictures.search(words, n=FOUND) if words else []
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
            changes=collections.changes(number)[:8],
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
        change = (collections.add if put else collections.take)(number, chosen, author=author)
        if change is None:
            return place, Notice("They are in it already." if put else "None of them is in it.")
        back = Button(
            "Undo", "undo-change", urlencode({"collection": number, "change": change.number}), "undo-2"
        )
        deed = "put in" if put else "taken out"
        now = count(change.remaining, "picture")
        return place, Notice(f"{count(change.pictures, 'picture')} {deed}; {now} in it now.", "good", back)

    def _make(self, fields: Place, author: str) -> CollectionView:
        collections, name, way = self._bench.collections, fields.get("name", ""), fields.get("way", "")
        if way == "adding":
            return collections.from_adding(name, _number(fields.get("adding", "")) or 0, author=author)
        if way == "dates":
            first, last = (_day(fields.get(end, "")) for end in ("first", "last"))
            by: By = "file" if fields.get("by") == "file" else "added"
            return collections.from_dates(name, first, last, by=by, author=author)
        if way == "search":
            n = _number(fields.get("n", "")) or A_SEARCH
            return collections.from_search(name, fields.get("words", ""), n, author=author)
        if way == "hand":
            return collections.from_pictures(name, [], author=author)
        folder = fields.get("folder", "").strip()
        if not folder:
            raise DiscernError("Write the folder first.")
        return collections.from_folder(name, folder, author=author)


# What a concept looks in, on Define


def where_to_look(workbench: Workbench, name: str) -> str:
    """The dialog that asks."""
    return render(
        "define/look_in.html",
        now=workbench.collections.looked_in(name),
        collections=workbench.collections.all(),
    )


def look_in(workbench: Workbench, name: str, action: Action, author: str) -> Notice:
    """Does what was chosen there, or goes back to what is in the button's value, and says so."""
    before = workbench.collections.looked_in(name)
    if action.fields.get("everything"):
        wanted = []
    elif action.value:
        wanted = [int(number) for number in action.value.split(",") if number.isdecimal() and int(number)]
    else:
        boxes = (box.removeprefix(CHOSEN) for box in action.fields if box.startswith(CHOSEN))
        wanted = [int(number) for number in boxes if number.isdecimal()]
    now = workbench.collections.look_in(name, wanted, author=author)
    if now.number == before.number:
        return Notice(f"It looks in {now.name} already.")
    back = ",".join(map(str, before.collections)) or "0"
    return Notice(f"It looks in {_where(now)} now.", "good", Button("Undo", "look-in", back, "undo-2"))


def _where(now: LooksIn) -> str:
    return f"{now.name}: {now.pictures:,} of {count(now.library, 'picture')}"


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and 0 < int(text) < 2**31 else None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise DiscernError("Give both days, such as 2025-03-01.") from error
