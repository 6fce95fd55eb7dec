"""Use cases of example pictures: giving one, from the library or from outside of it, and taking it back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from concepts.definition import editing
from concepts.definition.document import Definition
from concepts.errors import DiscernError
from concepts.library.outside_pictures import keep, outside_thumbnail
from concepts.view import View
from concepts.workbench.context import Context
from concepts.workbench.definitions import Definitions
from storage.pictures import sources


class ExampleView(View):
    """A picture that counts, or that only looks as if. `outside`: it is no picture of the library, and is in
    none of its counts. `used`: something is learned from it; from outside not where it looks the same as one
    that measures, or where the library has had another encoder since."""

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


class Examples:
    """Pictures that say what words can't."""

    def __init__(self, context: Context, definitions: Definitions) -> None:
        self._context = context
        self._definitions = definitions

    def of(self, name: str) -> list[ExampleView]:
        """Those of the newest definition: what counts first; without pictures that were removed from the
        library."""
        concept = self._context.concept(name)
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

    def give(self, name: str, data: bytes, *, counts: bool = True, author: str) -> GivenExample:
        """Makes the picture in these bytes an example; of one that the library has it is that one.

        The same again changes nothing. Raises `BadPictureError`, and `DiscernError` where it looks the same
        as one that measures.
        """
        concept = self._context.concept(name)
        picture, is_new = keep(self._context.collection, concept.id, data, author)
        try:
            return self.choose(name, picture, counts=counts, author=author)
        except DiscernError:
            if is_new:
                self._context.collection.outside.discard(concept.id, picture)
            raise

    def give_file(self, name: str, picture: str, *, counts: bool = True, author: str) -> GivenExample:
        """The same for a file of this computer, or for the id of a picture of the library."""
        if Path(picture).is_file():
            data = sources.read(str(Path(picture).absolute()))
            return self.give(name, data, counts=counts, author=author)
        known = self._context.collection.library.resolve(picture)
        return self.choose(name, known, counts=counts, author=author)

    def choose(self, name: str, picture_id: str, *, counts: bool = True, author: str) -> GivenExample:
        """Makes a picture that is kept already an example."""
        change = partial(editing.add_example, picture_id=picture_id, counts=counts)
        return self._edited(name, picture_id, change, author)

    def remove(self, name: str, picture: str, *, author: str) -> GivenExample:
        """Older definitions still have it. `picture` is an id, or how the id of an example begins."""
        definition = self._context.revision(self._context.concept(name)).definition
        given = [*definition.examples, *definition.counterexamples]
        begins = [picture_id for picture_id in given if picture_id.startswith(picture)]
        known = begins[0] if begins else self._context.collection.library.resolve(picture)
        return self._edited(name, known, partial(editing.remove_example, picture_id=known), author)

    def thumbnail(self, picture_id: str) -> bytes:
        """WebP of an example from outside. Raises `UnknownPictureError`."""
        return outside_thumbnail(self._context.collection, picture_id)

    def _edited(
        self, name: str, picture_id: str, change: Callable[[Definition], Definition], author: str
    ) -> GivenExample:
        newest = self._context.revision(self._context.concept(name)).number
        view = self._definitions.edit(name, change, author=author, after=newest)
        outside = not self._context.collection.library.has(picture_id)
        return GivenExample(id=picture_id, outside=outside, revision=view.number, note=view.note)
