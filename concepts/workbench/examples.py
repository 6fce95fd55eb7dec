"""Example pictures of a concept: giving one, from the library or from outside of it, and taking it back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from concepts.definition import editing
from concepts.definition.document import Definition
from concepts.errors import DiscernError
from concepts.library import browsing
from concepts.library.browsing import PictureView
from concepts.library.outside_pictures import keep
from concepts.workbench.concept_views import ExampleView, GivenExample
from concepts.workbench.operation import AuthorName, operation
from storage.pictures import sources

if TYPE_CHECKING:
    from concepts.workbench.concept import Concept


class Examples:
    """Pictures that say what words can't."""

    def __init__(self, concept: Concept) -> None:
        self._concept, self._context = concept, concept.context

    def all(self) -> list[ExampleView]:
        """Those of the newest definition: what counts first; without pictures that were removed from the
        library."""
        concept = self._concept.row
        definition = self._context.revision(concept).definition
        given = [(i, True) for i in definition.examples] + [(i, False) for i in definition.counterexamples]
        if not given:
            return []
        ids = [picture_id for picture_id, _ in given]
        library = {picture.id for picture in self._context.collection.library.pictures(ids)}
        kept = library | {picture.id for picture in self._context.collection.outside.of(concept.id, ids)}
        dataset, used = self._context.dataset(concept), set[str]()
        if self._context.collection.library.encoder() is not None:
            used = set(dataset.with_vectors([i for i in ids if i in dataset.spoken_for]))
        return [
            ExampleView(id=i, counts=counts, outside=i not in library, used=i in used)
            for i, counts in given
            if i in kept
        ]

    def possible(self, words: str, n: int) -> list[PictureView]:
        """Pictures found by these words that may become examples: none of those that measure."""
        dataset = self._concept.dataset()
        sought = [words.strip() or self._concept.name]
        found = self._context.finder.find_each(dataset.index, sought, n, dataset.reserved)[0]
        return browsing.views_of(self._context.collection.library.pictures(found))

    def give(self, data: bytes, *, counts: bool = True, author: str) -> GivenExample:
        """Makes the picture in these bytes an example; of one that the library has it is that one.

        The same again changes nothing. Raises `BadPictureError`, and `DiscernError` where it looks the same
        as one that measures.
        """
        picture, is_new = keep(self._context.collection, self._concept.id, data, author)
        try:
            return self.choose(picture, counts=counts, author=author)
        except DiscernError:
            if is_new:
                self._context.collection.outside.discard(self._concept.id, picture)
            raise

    def give_file(self, picture: str, *, counts: bool = True, author: str) -> GivenExample:
        """The same for a file of this computer, or for the id of a picture of the library."""
        if Path(picture).is_file():
            return self.give(sources.read(str(Path(picture).absolute())), counts=counts, author=author)
        known = self._context.collection.library.resolve(picture)
        return self.choose(known, counts=counts, author=author)

    def choose(self, picture_id: str, *, counts: bool = True, author: str) -> GivenExample:
        """Makes a picture that is kept already an example."""
        change = partial(editing.add_example, picture_id=picture_id, counts=counts)
        return self._edited(picture_id, change, author)

    @operation("DELETE /examples/{picture_id}", audit="changed what counts")
    def remove(
        self,
        picture_id: Annotated[str, Field(description="An id, or how the id of an example begins.")],
        *,
        author: AuthorName,
    ) -> GivenExample:
        """It is no example any more. Older definitions still have it."""
        definition = self._context.revision(self._concept.row).definition
        given = [*definition.examples, *definition.counterexamples]
        begins = [one for one in given if one.startswith(picture_id)]
        known = begins[0] if begins else self._context.collection.library.resolve(picture_id)
        return self._edited(known, partial(editing.remove_example, picture_id=known), author)

    def _edited(
        self, picture_id: str, change: Callable[[Definition], Definition], author: str
    ) -> GivenExample:
        view = self._concept.definition.edit(change, author=author)
        outside = not self._context.collection.library.has(picture_id)
        return GivenExample(id=picture_id, outside=outside, revision=view.number, note=view.note)
