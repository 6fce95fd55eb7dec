"""Use cases of protecting whoever looks at pictures: how they are shown, by person and by concept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from concepts.use_cases.parameters import AuthorName
from concepts.use_cases.roles import Role
from concepts.view import View
from concepts.workbench.context import Context
from concepts.workbench.operation import operation

if TYPE_CHECKING:
    from concepts.workbench.concept import Concept

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


class OfConcept(View):
    """How pictures are shown on the screens of a concept to people who haven't chosen otherwise; empty: as
    they are."""

    shown_as: ShownAs


class OnPage(View):
    """What a page has to know before it shows a picture."""

    parts: list[Part]
    key: Key

    @property
    def query(self) -> str:
        """The query of a picture's address that protects it so."""
        return "?" + "&".join(f"shown={part}" for part in self.parts) if self.parts else ""


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

    @operation("GET /protection")
    def of_person(self, author: AuthorName) -> Protection:
        """How pictures are shown to you."""
        kept = self._store.preference(author)
        return Protection.model_validate(kept, from_attributes=True) if kept else Protection()

    @operation("PUT /protection", role=Role.VIEWER)
    def prefer(
        self,
        shown_as: Annotated[
            Choice,
            Field(description="Empty for as each concept says; `plain` for as they are, whatever it says."),
        ] = "",
        key: Annotated[Key, Field(description="The key that shows the picture that has the focus.")] = "v",
        *,
        author: AuthorName,
    ) -> Protection:
        """Choose how pictures are shown to you, from the next page on."""
        wanted = Protection(shown_as=shown_as, key=key)
        self._store.prefer(author, **wanted.model_dump())
        return wanted

    def on_page(self, person: str, concept: str | None) -> OnPage:
        """For a page of a concept, or of none: that shows pictures of all, so the strictest holds."""
        row = self._context.store.find(concept) if concept else None
        asked = {row.protection} if row else self._store.in_use()
        own = self.of_person(person)
        return OnPage(parts=sorted(parts_of(own.shown_as, asked)), key=own.key)


class ConceptProtection:
    """How the pictures of a concept are shown to everybody."""

    def __init__(self, concept: Concept) -> None:
        self._concept, self._store = concept, concept.context.protection

    @operation("GET /protection")
    def get(self) -> OfConcept:
        """How pictures are shown on the screens of a concept."""
        return OfConcept.model_validate({"shown_as": self._store.of_concept(self._concept.id)})

    @operation("PUT /protection", audit="changed how pictures are shown")
    def set(self, shown_as: Annotated[ShownAs, Field(description="Empty for as they are.")]) -> OfConcept:
        """Choose how everybody sees pictures on the screens of a concept who hasn't chosen otherwise. Screens
        of no one concept are as strict as the strictest."""
        self._store.protect(self._concept.id, shown_as)
        return OfConcept(shown_as=shown_as)
