"""Example pictures of a concept: giving one, from the library or from outside of it, and taking it back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import Field

from concepts.definition import editing
from concepts.definition.document import Definition, Revision
from concepts.definition.editing import what_changed
from concepts.definition.revisions import definition_of, revise
from concepts.errors import DiscernError
from concepts.labelling.training_data import training_data_of
from concepts.labelling.waves import draw_test_pictures
from concepts.library import browsing
from concepts.library.browsing import PictureView
from concepts.library.collection import collection_of
from concepts.library.outside_pictures import keep
from concepts.library.search import finder_of
from concepts.use_cases import Concept, use_case
from concepts.use_cases.parameters import AuthorName, Flag
from concepts.view import View
from storage.pictures import sources

IS_A_TEST_PICTURE = (
    "This picture, or one that looks the same, is a test picture, so it can't be an example. Choose another "
    "one; nothing was changed."
)


class ExampleView(View):
    """A picture that counts, or that only looks as if. `outside`: it is no picture of the library, and is in
    none of its counts. `used`: something is learned from it; from outside not where it looks the same as a
    test picture, or where the library has had another encoder since."""

    id: str
    counts: bool
    outside: bool
    used: bool


class GivenExample(View):
    """What was done with an example, as the newest definition has it."""

    id: str
    outside: bool
    revision: int
    note: str


def examples_of(concept: Concept) -> list[ExampleView]:
    """The examples of the newest definition: what counts first; without pictures that were removed from the
    library."""
    collection, definition = collection_of(concept.app), definition_of(concept).definition
    given = [(i, True) for i in definition.examples] + [(i, False) for i in definition.counterexamples]
    if not given:
        return []
    ids = [picture_id for picture_id, _ in given]
    library = {picture.id for picture in collection.library.pictures(ids)}
    kept = library | {picture.id for picture in collection.outside.of(concept.id, ids)}
    learned_from = set[str]()
    if collection.library.encoder() is not None:
        data = training_data_of(concept)
        learned_from = set(data.with_vectors([i for i in ids if i in data.spoken_for]))
    return [
        ExampleView(id=i, counts=counts, outside=i not in library, used=i in learned_from)
        for i, counts in given
        if i in kept
    ]


def possible_examples(concept: Concept, words: str, n: int) -> list[PictureView]:
    """Pictures found by these words that may become examples: no test pictures."""
    data = training_data_of(concept)
    sought = [words.strip() or concept.name]
    found = finder_of(concept.app).find_each(data.index, sought, n, data.reserved)[0]
    return browsing.views_of(collection_of(concept.app).library.pictures(found))


def give_example(concept: Concept, data: bytes, *, counts: bool = True, author: str) -> GivenExample:
    """Makes the picture in these bytes an example; of one that the library has it is that one.

    The same again changes nothing. Raises `BadPictureError`, and `DiscernError` where it looks the same as a
    test picture.
    """
    collection = collection_of(concept.app)
    picture, is_new = keep(collection, concept.id, data, author)
    try:
        return choose_example(concept, picture, counts=counts, author=author)
    except DiscernError:
        if is_new:
            collection.outside.discard(concept.id, picture)
        raise


@use_case(command="concept example")
def give_example_file(
    concept: Concept,
    picture: Annotated[
        str, Field(description="A file, of the library or not, or the id of a picture there.")
    ],
    *,
    counts: Annotated[
        bool,
        Flag("--counts/--look-alike"),
        Field(description="Whether it counts, or only looks as if it did."),
    ] = True,
    author: AuthorName,
) -> GivenExample:
    """Make a picture an example. An example is learned from, and pictures like it are asked about first."""
    if Path(picture).is_file():
        data = sources.read(str(Path(picture).absolute()))
        return give_example(concept, data, counts=counts, author=author)
    known = collection_of(concept.app).library.resolve(picture)
    return choose_example(concept, known, counts=counts, author=author)


def choose_example(concept: Concept, picture_id: str, *, counts: bool = True, author: str) -> GivenExample:
    """Makes a picture that is kept already an example."""
    change = partial(editing.add_example, picture_id=picture_id, counts=counts)
    return _with_example(concept, picture_id, change, author)


@use_case(
    "DELETE /concepts/{name}/examples/{picture_id}",
    command="concept drop-example",
    audit="changed what counts",
)
def remove_example(
    concept: Concept,
    picture_id: Annotated[str, Field(description="An id, or how the id of an example begins.")],
    *,
    author: AuthorName,
) -> GivenExample:
    """It is no example any more. Older definitions still have it."""
    definition = definition_of(concept).definition
    given = [*definition.examples, *definition.counterexamples]
    begins = [one for one in given if one.startswith(picture_id)]
    known = begins[0] if begins else collection_of(concept.app).library.resolve(picture_id)
    return _with_example(concept, known, partial(editing.remove_example, picture_id=known), author)


def _with_example(
    concept: Concept, picture_id: str, change: Callable[[Definition], Definition], author: str
) -> GivenExample:
    kept = edit_definition(concept, change, author=author)
    outside = not collection_of(concept.app).library.has(picture_id)
    return GivenExample(id=picture_id, outside=outside, revision=kept.number, note=kept.note)


def edit_definition(
    concept: Concept,
    change: Callable[[Definition], Definition],
    *,
    author: str,
    after: int | None = None,
) -> Revision:
    """Makes one change (of `concepts.definition.editing`) to revision `after`, if it is still the newest, or
    to the newest. A change that changes nothing makes no revision.

    Raises `DiscernError`, and then nothing is changed.
    """
    before = definition_of(concept, after)
    edited = change(before.definition)
    if edited == before.definition:
        return before
    # Rule 4: a test picture is no example, because examples decide what is looked for.
    shown = [*edited.examples, *edited.counterexamples]
    if shown:
        draw_test_pictures(concept, avoid=shown)
    data = training_data_of(concept)
    outside = collection_of(concept.app).outside.of(concept.id, shown)
    if data.reserved.intersection(shown) or data.like_reserved(outside):
        raise DiscernError(IS_A_TEST_PICTURE)
    note = what_changed(before.definition, edited)
    return revise(concept, edited, author=author, note=note, after=before.number)
