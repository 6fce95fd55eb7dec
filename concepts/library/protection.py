"""Use cases of protecting whoever looks at pictures: how they are shown, by person and by concept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from concepts.use_cases import App, Concept, use_case
from concepts.use_cases.parameters import AuthorName
from concepts.use_cases.roles import Role
from concepts.view import View

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


@use_case("GET /protection")
def protection_of(app: App, author: AuthorName) -> Protection:
    """How pictures are shown to you."""
    kept = app.protection.preference(author)
    return Protection.model_validate(kept, from_attributes=True) if kept else Protection()


@use_case("PUT /protection", role=Role.VIEWER)
def prefer_protection(
    app: App,
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
    app.protection.prefer(author, **wanted.model_dump())
    return wanted


def protection_on_page(app: App, person: str, concept: str | None) -> OnPage:
    """What protects on a page of a concept, or of none: there the strictest of all holds."""
    row = app.store.find(concept) if concept else None
    asked = {row.protection} if row else app.protection.in_use()
    own = protection_of(app, person)
    return OnPage(parts=sorted(parts_of(own.shown_as, asked)), key=own.key)


@use_case("GET /concepts/{name}/protection")
def protection_of_concept(concept: Concept) -> OfConcept:
    """How pictures are shown on the screens of a concept."""
    return OfConcept.model_validate({"shown_as": concept.app.protection.of_concept(concept.id)})


@use_case("PUT /concepts/{name}/protection", audit="changed how pictures are shown")
def protect_concept(
    concept: Concept, shown_as: Annotated[ShownAs, Field(description="Empty for as they are.")]
) -> OfConcept:
    """Choose how everybody sees pictures on the screens of a concept who hasn't chosen otherwise. Screens of
    no one concept are as strict as the strictest."""
    concept.app.protection.protect(concept.id, shown_as)
    return OfConcept(shown_as=shown_as)
