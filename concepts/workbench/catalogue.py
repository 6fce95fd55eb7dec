"""Use cases of concepts as a whole: rename, duplicate."""

from __future__ import annotations

from concepts.definition.names import checked_name
from concepts.learning.scale import Scale
from concepts.workbench.concept_views import (
    RenamedConcept,
    ScaleView,
    scale_view,
)
from concepts.workbench.context import Context


class Catalogue:
    """The concepts there are, by their names."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def names(self) -> list[str]:
        """Of the concepts, in the order of the alphabet."""
        return sorted((row.name for row in self._context.store.all()), key=str.casefold)

    def scales(self) -> dict[str, ScaleView]:
        """The same names, with what each is answered by."""
        rows = sorted(self._context.store.all(), key=lambda row: row.name.casefold())
        return {row.name: scale_view(Scale.read(row.scale)) for row in rows}

    def name_now(self, name: str) -> str | None:
        """What the concept is called that has or had this name; None where there is no such concept."""
        concept = self._context.store.find(name)
        return concept.name if concept else None

    def rename(self, name: str, new: str, *, author: str) -> RenamedConcept:
        """Gives a concept another name, everywhere at once: its newest definition has it too, as a revision
        of its own. Definition, answers, versions, jobs and figures stay what they are, and no answer is asked
        again. The old name leads to it until another concept gets that. To undo it, rename it back.

        Raises `DiscernError` for a name that a concept can't have, `ConflictError` for one that is taken.
        """
        concept = self._context.concept(name)
        before = self._context.store.rename(concept.id, checked_name(new), author)
        now = self._context.store.get(concept.id)
        revision = self._context.revision(now).number
        return RenamedConcept(id=now.id, name=now.name, before=before, revision=revision)

    def duplicate(self, name: str, new: str, *, labels: bool = False, author: str) -> str:
        """Begins another concept with the same definition and its history, and with `labels` those of people;
        returns its name. Versions, figures, candidates and what machines said are not taken along.

        What measures stays honest:

        - It looks in the same collections. Its own pictures to measure with are drawn first, from there or
          from the whole library, by a seed of its own, before it has any answer. So what was answered had no
          part in what is drawn.
        - An answer that falls on one of those measures only if it was given blindly there, and teaches
          nothing here. The figures begin once the pictures are answered in the order drawn, as ever: those
          that nobody had answered are asked.
        - Pictures that measured the other concept, and weren't drawn here, teach here. So figures of the two
          are of different pictures: they can't be compared like versions of one concept.
        - Answers keep who gave them, when, under which definition and whether the machine was in view, and
          name the event they are from. Those given under words that meant something else are treated as they
          are in the other concept: a share of those that measure is asked again.
        - Where the library has no pictures yet, there are no answers to take along.

        Raises `DiscernError` like `rename`.
        """
        source = self._context.concept(name)
        copy = self._context.store.duplicate(source.id, checked_name(new), author)
        looks_in = self._context.collection.frames.now(source.id)
        if not looks_in.is_whole:
            self._context.collection.frames.concepts.add(copy.id, sorted(looks_in.ids), author)
        self._context.draw_evaluation(copy)
        if labels:
            self._context.log.copy(source.id, copy.id, author)
        return copy.name
