"""Use cases of comments: what people remark on pictures, and who may read it when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from concepts.errors import DiscernError
from concepts.view import View
from concepts.workbench.context import Context
from storage.labels import Author, LabelEvent
from storage.tables import ConceptRow


class Remark(View):
    """What one person remarks on a picture. `own`: whoever reads it wrote it."""

    author: str
    text: str
    own: bool
    created: datetime


class Comments:
    """Comments of people on pictures, one concept at a time."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def keep(
        self, name: str, picture_id: str, text: str, *, author: str, key: str, beside: bool = False
    ) -> None:
        """Keeps a remark on a picture in the place of this person's earlier ones, or `beside` them; it
        changes no answer. An empty text takes the earlier ones back. The same key again changes nothing.

        Raises `DiscernError` for an empty text where there is nothing to take back.
        """
        concept, text = self._context.concept(name), text.strip()
        self._context.collection.library.require([picture_id])
        who, log = Author(author), self._context.log
        if not text and not log.with_keys([key]) and not self.own(name, [picture_id], author):
            raise DiscernError("The comment is empty.")
        number = self._context.revision(concept).number
        log.comment(concept.id, key, picture_id, who, number, text, beside=beside)

    def shown(self, name: str, picture_ids: Sequence[str], author: str) -> dict[str, list[Remark]]:
        """Picture id → the comments that this person may read, oldest first: their own, and those of others
        once they have answered about the picture themselves."""
        return self._shown(self._context.concept(name), picture_ids, author)

    def own(self, name: str, picture_ids: Sequence[str], author: str) -> dict[str, str]:
        """Picture id → all that this person remarks on it."""
        found: dict[str, list[str]] = defaultdict(list)
        for event in self._context.log.comments(self._context.concept(name).id, picture_ids):
            if event.author == Author(author):
                found[event.picture_id].append(event.comment)
        return {picture_id: "\n".join(said) for picture_id, said in found.items()}

    def of_picture(self, picture_id: str, author: str) -> dict[str, list[Remark]]:
        """Concept → what `shown` has of this picture there; only concepts with something."""
        found = {
            concept.name: self._shown(concept, [picture_id], author).get(picture_id, [])
            for concept in self._context.store.all()
        }
        return {name: said for name, said in found.items() if said}

    def _shown(self, concept: ConceptRow, ids: Sequence[str], author: str) -> dict[str, list[Remark]]:
        events = self._context.log.comments(concept.id, ids)
        foreign = {event.picture_id for event in events if event.author != Author(author)}
        answered = self._answered(concept, sorted(foreign), author) if foreign else set()
        found: dict[str, list[Remark]] = defaultdict(list)
        for event in events:
            if event.author == Author(author) or event.picture_id in answered:
                found[event.picture_id].append(_remark(event, author))
        return dict(found)

    def _answered(self, concept: ConceptRow, ids: Sequence[str], author: str) -> set[str]:
        """To skip a picture is no answer to it."""
        standing = self._context.log.standing(concept.id, ("person",), ids)
        return {e.picture_id for e in standing if e.author.name == author and e.value != "skip"}


def _remark(event: LabelEvent, reader: str) -> Remark:
    own = event.author == Author(reader)
    return Remark(author=event.author.name, text=event.comment, own=own, created=event.created)
