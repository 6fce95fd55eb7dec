"""Use cases of concepts as a whole: rename, duplicate, archive."""

from __future__ import annotations

from concepts.definition.names import checked_name, id_in
from concepts.learning.scale import Scale
from concepts.workbench.concept_views import (
    ArchivedConcept,
    RenamedConcept,
    ScaleView,
    scale_view,
)
from concepts.workbench.context import Context
from storage.tables import ConceptRow


class Catalogue:
    """The concepts there are, by their names."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def names(self) -> list[str]:
        """Of the concepts that are neither deleted nor archived, in the order of the alphabet."""
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
        before = self._context.catalogue.rename(concept.id, checked_name(new), author)
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
        copy = self._context.catalogue.duplicate(source.id, checked_name(new), author)
        looks_in = self._context.collection.frames.now(source.id)
        if not looks_in.is_whole:
            self._context.collection.frames.concepts.add(copy.id, sorted(looks_in.ids), author)
        self._context.draw_evaluation(copy)
        if labels:
            self._context.log.copy(source.id, copy.id, author)
        return copy.name

    def archive(self, name: str) -> ArchivedConcept:
        """Takes a concept out of lists and the sidebar. Its work in the background is cancelled, what it
        watches is left alone, and nothing can be done with it until `restore`. Nothing is lost, and its name
        stays its own. Archived again, nothing changes."""
        concept = self._archived(name) or self._context.concept(name)
        row = self._context.catalogue.archive(concept.id)
        self._context.jobs.store.cancel_all(concept.id)
        return _view(row)

    def restore(self, name: str) -> str:
        """Brings an archived concept back as it was; returns its name. Cancelled work can be tried again. One
        that isn't archived stays as it is. Raises `UnknownConceptError`."""
        concept = self._archived(name) or self._context.concept(name)
        return self._context.catalogue.restore(concept.id).name

    def archived(self, limit: int | None = None, offset: int = 0) -> list[ArchivedConcept]:
        """The last archived first; all of them or a page."""
        return [_view(row) for row in self._context.catalogue.archived(limit, offset)]

    def _archived(self, name: str) -> ConceptRow | None:
        """By its name or as `id:7`; None where it isn't archived."""
        number = id_in(name)
        found = self._context.store.find(name)
        if found is None and number is not None:
            found = self._context.catalogue.find(number)
        return found if found and found.archived else None


def _view(row: ConceptRow) -> ArchivedConcept:
    assert row.archived is not None
    return ArchivedConcept(id=row.id, name=row.name, archived=row.archived)
