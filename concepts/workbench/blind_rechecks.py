"""Questions that people are asked a second time, to see how consistent they are."""

from __future__ import annotations

from collections.abc import Collection as Ids
from collections.abc import Sequence

from concepts.labelling.rechecks import EVERY, Repeats
from concepts.labelling.selection import NextPicture, to_measure
from concepts.workbench.context import Context
from storage.labels import Author
from storage.tables import ConceptRow


class SecondTime:
    """What comes when, and what an answer to it is."""

    def __init__(self, context: Context, concept: ConceptRow) -> None:
        self._context, self._concept = context, concept

    def next(self, author: str, have: Sequence[str], answered: Ids[str]) -> list[str]:
        """The picture to ask about a second time now, if any, behind those a screen `has`, some of which may
        be `answered` before: they are second ones on their way."""
        return [] if any(i in answered for i in have) else self._due(author, 1)

    def mixed(
        self, author: str, found: list[NextPicture], n: int, waiting: Sequence[str]
    ) -> list[NextPicture]:
        """Mix repeats among the new test pictures that were `found`. Repeats never come alone: a client that
        doesn't say which labels are repeats would be asked for ever."""
        if not found:
            return found
        again, mixed = [i for i in self._due(author, n) if i not in waiting], list(found)
        paths = self._context.collection.paths(again)
        for place, i in enumerate(again):
            mixed.insert(EVERY * place + EVERY // 2, to_measure(i, paths.get(i, ""), repeat=True))
        return mixed

    def among(self, author: Author, picture_ids: Ids[str]) -> set[str]:
        """Those of these pictures whose answer by this person is a second one."""
        return self._repeats.among(author, picture_ids) if picture_ids else set()

    @property
    def _repeats(self) -> Repeats:
        measuring = self._context.label_cache.held_out(self._concept.id).evaluation
        return Repeats(self._context.log, measuring, self._concept)

    def _due(self, author: str, n: int) -> list[str]:
        return self._repeats.due(Author(author), self._context.revision(self._concept).number, n)
