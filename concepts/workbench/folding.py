"""Use cases of folding one concept into another: what would happen, doing it, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from concepts.definition.names import id_in
from concepts.errors import ConflictError, DiscernError, UnknownConceptError
from concepts.labels.folding import Differing, Plan, plan_fold
from concepts.view import View
from concepts.workbench.context import Context
from storage.folds import Fold, FoldStore
from storage.labels import LabelEvent
from storage.tables import ConceptRow

SHOWN = 60  # pictures where a person said something else of the two


class DifferingAnswer(View):
    """What one person said of a picture, of each of the two concepts. The newer one, `holds`, counts."""

    id: str
    path: str
    author: str
    source: str
    source_when: datetime
    target: str
    target_when: datetime
    holds: Literal["source", "target"]


class FoldPreview(View):
    """What folding would do, before it is done. Of the `copied` answers, `measure` fall on pictures that
    measure the other concept, and only measure there; `kept_apart` look like such a picture, or are set apart
    for something else, and teach nothing; the rest teach. `measured_before` of those measured the folded
    concept. `between_people`: pictures of which people would then say yes and no."""

    source: str
    target: str
    source_means: str
    target_means: str
    answers: int
    copied: int
    same: int
    measure: int
    kept_apart: int
    teach: int
    measured_before: int
    versions: int
    between_people: int
    differ: int
    differing: tuple[DifferingAnswer, ...]


class Folded(View):
    """A concept that was folded into another one, with how many answers that took along."""

    source: str
    target: str
    copied: int


class Unfolded(View):
    """A concept that is back, and how many answers were taken back from the other one."""

    source: str
    target: str
    taken_back: int


class DifferedAnswer(View):
    """What one person had said of a picture, of each of the two concepts, and which of the two holds."""

    id: str
    path: str
    author: str
    source: str
    target: str
    holds: str


class FoldView(View):
    """A fold that holds. `differ` answers differed, of which the first are listed."""

    source: str
    target: str
    author: str
    created: datetime
    differ: int
    differing: tuple[DifferedAnswer, ...]


class Folding:
    """Two concepts that turned out to be one."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = FoldStore(context.database)

    def preview(self, name: str, into: str) -> FoldPreview:
        """What `fold` would do now. Changes nothing but this: pictures that measure are drawn for the other
        concept, where that hasn't happened yet."""
        source, target = self._two(name, into)
        self._context.draw_evaluation(target)
        plan = self._plan(source, target)
        material, own = self._context.material(target), self._context.material(source)
        ids = [(event.picture_id, event.in_view) for event in plan.copied]
        measure = sum(i in material.evaluation and not in_view for i, in_view in ids)
        apart = sum(i in material.reserved for i, _ in ids) - measure
        taught = [i for i, _ in ids if i not in material.reserved]
        return FoldPreview(
            source=source.name,
            target=target.name,
            source_means=own.revision.definition.description,
            target_means=material.revision.definition.description,
            answers=len(self._standing(source)),
            copied=len(plan.copied),
            same=plan.same,
            measure=measure,
            kept_apart=apart,
            teach=len(taught),
            measured_before=sum(i in own.evaluation for i in taught),
            versions=len(self._context.heads.all(source.id)),
            between_people=plan.between_people,
            differ=len(plan.differing),
            differing=self._differing(plan.differing[:SHOWN]),
        )

    def fold(self, name: str, into: str, *, author: str) -> Folded:
        """Copies a concept's answers to another one and archives it. `unfold` takes both back.

        - Whose answers they are, when they were given and whether the machine was in view stays, and each
          names the event it is from. They stand under the other concept's definition as it is now.
        - Where a person answered about both, the newer answer holds: an older one isn't copied, and a newer
          one stands behind the one that was there. Figures go on to rest on what was said there first.
        - Pictures that measure the other concept are drawn before anything is copied. Answers on those, and
          on what looks like them, teach nothing.
        - What measured the folded concept, and isn't set apart here, teaches here. So its old figures say
          nothing of the other's versions.
        - Its versions, definition, comments and what machines said stay with it, in the archive.

        Raises `ConflictError` for one concept given twice.
        """
        source, target = self._two(name, into)
        self._context.draw_evaluation(target)
        plan = self._plan(source, target)
        differing = [
            (d.source.picture_id, d.source.author.name, d.source.said, d.target.said, d.holds)
            for d in plan.differing
        ]
        number = self._context.revision(target).number
        self._store.fold(source.id, target.id, plan.copied, number, differing, author)
        self._context.jobs.store.cancel_all(source.id)
        return Folded(source=source.name, target=target.name, copied=len(plan.copied))

    def unfold(self, name: str, *, author: str) -> Unfolded:
        """Brings a folded concept back and takes back, in the other one, the answers that came with it. What
        was answered since then stays. Raises `DiscernError` where it isn't folded."""
        concept = self._any(name)
        fold = self._store.newest([concept.id]).get(concept.id)
        if fold is None:
            raise DiscernError(f"“{concept.name}” isn’t folded into another concept.")
        taken = self._store.unfold(fold.id, author)
        target = self._context.store.names([fold.target_id]).get(fold.target_id, "")
        return Unfolded(source=concept.name, target=target, taken_back=taken)

    def folds(self, name: str) -> list[FoldView]:
        """Of this concept into others, and of others into it, the last first, with where people had said
        something else of the two. An archived one can be asked about too."""
        folds = self._store.about(self._any(name).id)
        ids = {fold.source_id for fold in folds} | {fold.target_id for fold in folds}
        names = self._context.store.names(ids)
        pictures = {picture for fold in folds for picture, *_ in fold.differing[:SHOWN]}
        paths = self._context.collection.paths(sorted(pictures))
        return [_view(fold, names, paths) for fold in folds]

    def _any(self, name: str) -> ConceptRow:
        """By its name or as `id:7`, one in the trash too."""
        concept = self._context.store.find(name)
        number = id_in(name) or self._context.trash.find("concept", name)
        if concept is None and number is not None:
            concept = self._context.store.any(number)
        if concept is None:
            raise UnknownConceptError(f"There is no concept “{name}”.")
        return concept

    def _two(self, name: str, into: str) -> tuple[ConceptRow, ConceptRow]:
        source, target = self._context.concept(name), self._context.concept(into)
        if source.id == target.id:
            raise ConflictError(f"“{source.name}” can’t be folded into itself. Choose another concept.")
        if source.scale != target.scale:
            raise ConflictError(
                f"“{source.name}” and “{target.name}” aren’t answered alike, by yes and no or the same "
                "grades or classes, so the answers of one can’t be the other’s."
            )
        return source, target

    def _plan(self, source: ConceptRow, target: ConceptRow) -> Plan:
        return plan_fold(self._standing(source), self._standing(target))

    def _standing(self, concept: ConceptRow) -> list[LabelEvent]:
        return self._context.log.standing(concept.id, ("person", "simulated"))

    def _differing(self, differing: Sequence[Differing]) -> tuple[DifferingAnswer, ...]:
        paths = self._context.collection.paths([one.source.picture_id for one in differing])
        return tuple(
            DifferingAnswer(
                id=one.source.picture_id,
                path=paths.get(one.source.picture_id, ""),
                author=one.source.author.name,
                source=one.source.said,
                source_when=one.source.created,
                target=one.target.said,
                target_when=one.target.created,
                holds=one.holds,
            )
            for one in differing
        )


def _view(fold: Fold, names: Mapping[int, str], paths: Mapping[str, str]) -> FoldView:
    return FoldView(
        source=names.get(fold.source_id, ""),
        target=names.get(fold.target_id, ""),
        author=fold.author,
        created=fold.created,
        differ=len(fold.differing),
        differing=tuple(
            DifferedAnswer(
                id=picture,
                path=paths.get(picture, ""),
                author=author,
                source=source,
                target=target,
                holds=source if holds == "source" else target,
            )
            for picture, author, source, target, holds in fold.differing[:SHOWN]
        ),
    )
