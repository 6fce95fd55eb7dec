"""What is done with pictures chosen on Library: into a collection, out of the browsed one, and back."""

from __future__ import annotations

from urllib.parse import urlencode

from concepts.errors import DiscernError
from concepts.workbench import Workbench
from web.page import Action
from web.render import Button, Notice
from web.screens.trash import in_the_trash
from web.words import count

ACTIONS = ("put-chosen", "take-chosen", "undo-chosen")

Place = dict[str, str]


def do(bench: Workbench, action: Action, place: Place, author: str) -> Notice:
    """What to say of it, with the way back to where one was. Raises `DiscernError`."""
    collections = bench.collections
    if action.name == "undo-chosen":
        return _undo(bench, place, author)
    chosen = action.fields.get("pictures", "").split()
    if not chosen:
        raise DiscernError("Choose some pictures first.")
    if action.name == "take-chosen":
        taken_from = collections.get(_number(place.get("in", "")))
        change = collections.take(taken_from.id, chosen, author=author)
        if change is None:
            return Notice(f"None of them is in “{taken_from.name}”.")
        return Notice(
            f"{count(change.pictures, 'picture')} taken out of “{taken_from.name}”; still in the library.",
            "good",
            _back(place, taken_from.id, change.number),
        )
    if not action.fields.get("collection"):
        made = collections.make(action.fields.get("name", ""), chosen, author=author)
        said = f"“{made.name}” is made: {count(made.pictures, 'picture')}."
        return Notice(said, "good", _back(place, made.id))
    into = collections.get(_number(action.fields["collection"]))
    change = collections.put(into.id, chosen, author=author)
    if change is None:
        one = len(chosen) == 1
        return Notice(f"{'It is' if one else 'All of them are'} in “{into.name}” already.")
    already = len(chosen) - change.pictures
    there = f"; {already:,} {'was' if already == 1 else 'were'} in it already" if already else ""
    return Notice(
        f"{count(change.pictures, 'picture')} put into “{into.name}”{there}.",
        "good",
        _back(place, into.id, change.number),
    )


def _back(place: Place, collection: int, change: int = 0) -> Button:
    """Without a change, the collection was made of the chosen ones and goes again."""
    value = {**place, "collection": str(collection), "change": str(change)}
    return Button("Undo", "undo-chosen", urlencode(value), "undo-2")


def _undo(bench: Workbench, place: Place, author: str) -> Notice:
    number, change = _number(place.pop("collection", "")), _number(place.pop("change", ""))
    if not change:
        return in_the_trash(bench, bench.trash.put(collection=f"id:{number}", author=author), place)
    undone = bench.collections.undo(number, change, author=author)
    return Notice("Undone." if undone else "Nothing was left of that.", "good")


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0
