"""The definitions a concept had, numbered: reading them, keeping an edited one, going back."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from concepts.definition.document import Change, Definition, Revision, word_diff
from concepts.errors import UnknownError
from concepts.use_cases import Concept, use_case
from concepts.use_cases.names import checked_name
from concepts.use_cases.parameters import LARGEST, MOST, AuthorName, Flag, Offset
from concepts.view import View
from storage.tables import DefinitionRow

AtMost = Annotated[int | None, Flag("--n"), Field(ge=1, le=MOST, description="At most how many.")]
RevisionNumber = Annotated[
    int | None, Field(ge=1, le=LARGEST, description="An older definition; without it, the newest.")
]
After = Annotated[
    int | None, Field(ge=1, le=LARGEST, description="Only if this is still the newest definition.")
]


class Run(View):
    """Words that stayed, were added or were removed."""

    change: Change
    text: str


class DefinitionChange(Revision):
    """A revision with what it changed in the one before."""

    changes: list[Run]


def definition_of(concept: Concept, number: int | None = None) -> Revision:
    """The newest definition of a concept, or the one asked for. Raises `UnknownError`."""
    row = concept.app.store.definition(concept.id, number)
    if row is None:
        newest = concept.app.store.definition(concept.id)
        raise UnknownError(
            f"“{concept.name}” has no definition {number}; it has 1 to {newest.number if newest else 0}.",
            "version",
        )
    return revision_of(row)


def all_revisions(concept: Concept) -> list[Revision]:
    """Every definition a concept had, the oldest first."""
    return [revision_of(row) for row in concept.app.store.definitions(concept.id)]


@use_case("GET /concepts/{name}/revisions", command="concept revisions")
def revisions(concept: Concept, limit: AtMost = 50, offset: Offset = 0) -> list[DefinitionChange]:
    """Every definition this concept had, the oldest first, each with what changed, word by word."""
    first = max(offset - 1, 0)  # what a page begins with is compared with the one before
    most = None if limit is None else limit + offset - first
    found = [revision_of(row) for row in concept.app.store.definitions(concept.id, most, first)]
    changes = []
    for old, one in list(zip([None, *found], found, strict=False))[offset - first :]:
        said = runs(old.definition.as_text(), one.definition.as_text()) if old else []
        changes.append(DefinitionChange(**dict(one), changes=said))
    return changes


def changes_between(concept: Concept, before: int, after: int) -> list[Run]:
    """The word diff of two definitions of a concept."""
    old, new = (definition_of(concept, number).definition for number in (before, after))
    return runs(old.as_text(), new.as_text())


def runs(old: str, new: str) -> list[Run]:
    """The word diff of two texts."""
    return [Run(change=change, text=text) for change, text in word_diff(old, new)]


@use_case("POST /concepts/{name}/revisions", command="concept revise", audit="changed what counts")
def revise(
    concept: Concept,
    definition: Annotated[Definition, Field(description="The whole definition. Its name stays.")],
    *,
    note: Annotated[str, Field(max_length=500, description="Why, in a few words.")] = "",
    after: After = None,
    author: AuthorName,
) -> Revision:
    """Keep an edited definition as the next revision. Older ones stay, and going back is revising to one.

    Raises `DiscernError` where `after` is given and another revision came in between.
    """
    document = definition.model_dump(mode="json")
    return revision_of(concept.app.store.add_definition(concept.id, document, author, note, after))


def restore_definition(concept: Concept, number: int, *, author: str, after: int) -> Revision:
    """Makes an older definition the newest again."""
    older, newest = definition_of(concept, number), definition_of(concept)
    if older.definition == newest.definition:
        return newest
    note = f"back to definition {number}"
    return revise(concept, older.definition, author=author, note=note, after=after)


def rename(concept: Concept, new: str, *, author: str) -> str:
    """Gives the concept another name, everywhere at once, and returns it as it is kept.

    Its newest definition has it too, as a revision of its own. Labels, versions, jobs and figures stay what
    they are. The old name leads to it until another concept gets that. To undo it, rename it back.

    Raises `DiscernError` for a name that a concept can't have, `ConflictError` for one that is taken.
    """
    concept.app.store.rename(concept.id, checked_name(new), author)
    return concept.app.store.get(concept.id).name


def revision_of(row: DefinitionRow) -> Revision:
    definition = Definition.model_validate(row.document)
    return Revision(
        number=row.number, definition=definition, author=row.author, note=row.note, created=row.created
    )
