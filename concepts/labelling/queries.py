"""What each query of a definition finds: a few pictures to judge it by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from concepts.definition.document import Revision
from concepts.definition.editing import origin_in_words
from concepts.labelling.training_data import TrainingData
from concepts.library.browsing import PictureView, view_of
from concepts.library.collection import Collection
from concepts.library.search import Finder
from concepts.view import View

SHOWN_KINDS = ("included", "excluding", "undecided")
TOLD_APART_BY = 40  # nearest pictures of each text
FEWEST_TO_TELL = 10 * TOLD_APART_BY  # in a smaller library any two texts have many of those in common
# Of them, from which two texts find the same. Over the 764 pictures of OASIS, with the built-in encoder, "a
# cute animal" and "an animal" share 0.82, "the food looks unhealthy" and "food is shown" 0.68, "a weapon" and
# "a man" 0.33, "a person" and "a car" 0.15.
SHARED = 0.75


class QueryView(View):
    """Words that are searched for, and what that brings. `index` is None for the sentence itself."""

    index: int | None
    text: str
    counts: bool
    origin: str  # in words
    proposed: bool
    brought: int  # pictures of the candidate pool that it found
    found: list[PictureView]


def query_views(
    training_data: TrainingData,
    collection: Collection,
    finder: Finder,
    revisions: Sequence[Revision],
    reader: str,
    n: int,
) -> list[QueryView]:
    """The sentence itself and every query of the definition, with what each finds and what it brought."""
    definition = training_data.revision.definition
    searched = [
        (None, definition.description, True),
        *((i, q.text, q.counts) for i, q in enumerate(definition.queries)),
    ]
    brought = Counter(name for names in training_data.candidates.values() for name in names)
    if collection.library.encoder() is None:
        found: list[list[str]] = [[] for _ in searched]
    else:
        found = finder.find_each(
            training_data.index, [text for _, text, _ in searched], n, training_data.reserved
        )
    pictures = {
        p.id: view_of(p) for p in collection.library.pictures(list({i for ids in found for i in ids}))
    }
    return [
        QueryView(
            index=index,
            text=text,
            counts=counts,
            origin="your sentence"
            if index is None
            else origin_in_words(definition.queries[index], revisions, reader),
            proposed=index is not None and definition.queries[index].origin != "person",
            brought=brought[text],
            found=[pictures[i] for i in ids if i in pictures],
        )
        for (index, text, counts), ids in zip(searched, found, strict=True)
    ]


def kinds_found(
    training_data: TrainingData, collection: Collection, finder: Finder, n: int
) -> dict[str, list[PictureView]]:
    """n pictures for each kind of the definition that counts, doesn't or is open, by its words."""
    kinds = [c.text for c in training_data.revision.definition.criteria if c.kind in SHOWN_KINDS]
    if not kinds or collection.library.encoder() is None:
        return {}
    found = finder.find_each(training_data.index, kinds, n, training_data.reserved)
    pictures = {
        p.id: view_of(p) for p in collection.library.pictures(list({i for ids in found for i in ids}))
    }
    return {kind: [pictures[i] for i in ids if i in pictures] for kind, ids in zip(kinds, found, strict=True)}


def distinct_queries(
    collection: Collection, finder: Finder, training_data: TrainingData, one: str, other: str
) -> bool:
    """Whether two texts find different pictures; also where there are too few pictures to tell."""
    if collection.library.encoder() is None or len(training_data.index.ids) < FEWEST_TO_TELL:
        return True
    first, second = finder.find_each(training_data.index, [one, other], TOLD_APART_BY, training_data.reserved)
    return len(set(first) & set(second)) < SHARED * min(len(first), len(second))
