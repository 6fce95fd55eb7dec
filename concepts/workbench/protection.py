"""Use cases of protecting whoever looks at pictures: how they are shown, by person and by concept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from concepts.view import View
from concepts.workbench.context import Context
from storage.protection import Preference

ShownAs = Literal["", "blur", "greyscale", "both"]
Choice = Literal["", "plain", "blur", "greyscale", "both"]
Part = Literal["blur", "greyscale"]
Key = Literal["v", "b", "h", "p", "r"]  # none of them does anything else on a screen

PARTS: dict[str, frozenset[Part]] = {
    "": frozenset(),
    "plain": frozenset(),
    "blur": frozenset({"blur"}),
    "greyscale": frozenset({"greyscale"}),
    "both": frozenset({"blur", "greyscale"}),
}


class Protection(View):
    """How one person wants to see pictures. `shown_as`: empty for as the concept says; `plain` for never
    protected, whatever the concept says. `key` shows the picture that has the focus."""

    shown_as: Choice = ""
    key: Key = "v"


class OnPage(View):
    """What a page has to know before it shows a picture."""

    parts: list[Part]
    key: Key


def parts_of(choice: str, concepts: Iterable[str]) -> frozenset[Part]:
    """What protects: all that the person and the concepts ask for, unless the person wants none."""
    if choice == "plain":
        return frozenset()
    return PARTS[choice].union(*(PARTS[one] for one in concepts))


class Protections:
    """How pictures are shown to whom."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.protection

    def of_person(self, person: str) -> Protection:
        kept = self._store.preference(person)
        return Protection.model_validate(vars(kept)) if kept else Protection()

    def prefer(self, person: str, wanted: Protection) -> Protection:
        """Counts from the next page on."""
        self._store.prefer(person, Preference(**wanted.model_dump()))
        return wanted

    def of_concept(self, name: str) -> ShownAs:
        found: ShownAs = self._store.of_concept(self._context.concept(name).id)  # type: ignore[assignment]
        return found

    def protect(self, name: str, shown_as: ShownAs) -> ShownAs:
        """How everybody sees pictures on the screens of a concept who hasn't chosen otherwise."""
        self._store.protect(self._context.concept(name).id, shown_as)
        return shown_as

    def on_page(self, person: str, concept: str | None) -> OnPage:
        """For a page of a concept, or of none: that shows pictures of all, so the strictest holds."""
        row = self._context.store.find(concept) if concept else None
        asked = {row.protection} if row else self._store.in_use()
        own = self.of_person(person)
        return OnPage(parts=sorted(parts_of(own.shown_as, asked)), key=own.key)
