"""Albums, which programs call collections: all of them, what Library does with selected pictures, and what a
concept looks in, on Describe. One album is a part of the library: `?in=3` in the address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from concepts.errors import DiscernError
from concepts.workbench import Workbench
from concepts.workbench.collections import A_SEARCH, CollectionView
from web.page import Action, number_of
from web.render import Button, Notice
from web.screens.trash_old import in_the_trash
from web.words import count

CHOSEN = "c-"  # how the boxes of Describe's form are called
ACTIONS = ("make-collection", "rename-collection", "put-chosen", "take-chosen", "undo-change")

Place = dict[str, str]


def do(bench: Workbench, action: Action, place: Place, author: str) -> Notice:
    """What to say of a press, with the way back. `place` becomes what is shown. Raises `DiscernError`."""
    collections, fields = bench.collections, action.fields
    if action.name == "make-collection":
        made = _make(bench, fields, author)
        place["in"] = str(made.id)
        return Notice(f"“{made.name}” created: {count(made.pictures, 'picture')}, {made.began}.", "good")
    if action.name == "rename-collection":
        before = collections.get(number_of(place.get("in", "")))
        renamed = collections.rename(before.id, fields.get("name", ""))
        return Notice(f"“{before.name}” is now “{renamed.name}”.", "good")
    if action.name == "undo-change":
        number, taken = number_of(place.pop("collection", "")), number_of(place.pop("change", ""))
        if not taken:
            return in_the_trash(bench, bench.trash.put(collection=f"id:{number}", author=author), place)
        undone = collections.undo(number, taken, author=author)
        return Notice("Undone." if undone else "There was nothing left to undo.", "good")
    chosen = fields.get("pictures", "").split()
    if not chosen:
        raise DiscernError("Select pictures first.")
    if action.name == "take-chosen":
        album = collections.get(number_of(place.get("in", "")))
        change = collections.take(album.id, chosen, author=author)
        if change is None:
            return Notice(f"None of them is in “{album.name}”.")
        said = f"{count(change.pictures, 'picture')} taken out of “{album.name}”, still in the library."
        return Notice(said, "good", _back(place, album.id, change.number))
    if not fields.get("collection"):
        made = collections.make(fields.get("name", ""), chosen, author=author)
        said = f"“{made.name}” created: {count(made.pictures, 'picture')}."
        return Notice(said, "good", _back(place, made.id))
    into = collections.get(number_of(fields["collection"]))
    change = collections.put(into.id, chosen, author=author)
    if change is None:
        return Notice(f"Already in “{into.name}”.")
    already = len(chosen) - change.pictures
    there = f", {already:,} {'was' if already == 1 else 'were'} already in it" if already else ""
    said = f"{count(change.pictures, 'picture')} added to “{into.name}”{there}."
    return Notice(said, "good", _back(place, into.id, change.number))


def _back(place: Place, collection: int, change: int = 0) -> Button:
    """Without a change, the album was made of the chosen ones and goes again."""
    value = {**place, "collection": str(collection), "change": str(change)}
    return Button("Undo", "undo-change", urlencode(value), "undo-2")


def _make(bench: Workbench, fields: Mapping[str, str], author: str) -> CollectionView:
    way, given = fields.get("way", ""), dict[str, Any]()
    if way == "adding":
        given["adding"] = number_of(fields.get("adding", ""))
    elif way == "dates":
        given = {"since": _day(fields.get("first", "")), "until": _day(fields.get("last", ""))}
        given["by_file"] = fields.get("by") == "file"
    elif way == "search":
        given = {"search": fields.get("words", ""), "n": number_of(fields.get("n", "")) or A_SEARCH}
    elif way != "hand":
        given["folder"] = fields.get("folder", "").strip()
    if way != "hand" and not next(iter(given.values())):
        raise DiscernError("Choose which pictures first.")
    return bench.collections.make(fields.get("name", ""), **given, author=author)


# What a concept looks in, on Describe


def look_in(workbench: Workbench, name: str, action: Action, author: str) -> Notice:
    """Does what was chosen in the dialog, or goes back to what is in the button's value, and says so."""
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
        return Notice(f"The scope is already {now.name}.")
    back = ",".join(map(str, before.collections)) or "0"
    said = f"Scope: {now.name}, {now.pictures:,} of {count(now.library, 'picture')}."
    return Notice(said, "good", Button("Undo", "look-in", back, "undo-2"))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise DiscernError("Give both days, such as 2025-03-01.") from error
