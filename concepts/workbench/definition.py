"""A concept as a whole: reading it, and changing its name, its labels and who annotates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from concepts.collaborator.annotations import choose_annotator
from concepts.collaborator.proposals import open_questions, scoping_model
from concepts.collaborator.setups import Setup
from concepts.definition.revisions import RevisionNumber, rename
from concepts.errors import ConflictError, DiscernError
from concepts.labelling.examples import examples_of
from concepts.learning.scale import Scale
from concepts.library.search import about_language
from concepts.results.advice import advice_for
from concepts.results.versions import head_views
from concepts.use_cases.parameters import AuthorName, Flag
from concepts.workbench.concept_views import ConceptPage, ConceptView, scale_view
from concepts.workbench.concepts import NAMEABLE, Classes, CountsFrom, GradeNames, Grades, scale_from
from concepts.workbench.operation import operation

if TYPE_CHECKING:
    from concepts.workbench.concept import Concept


class ConceptDefinition:
    """What counts: a sentence, criteria and searches, in revisions that stay. A person is asked what they
    mean; what comes of it stands in the definition."""

    def __init__(self, concept: Concept) -> None:
        self._concept, self._context = concept, concept.context

    # The concept as a whole

    def read(self, revision: int | None = None) -> ConceptView:
        """What screens show. Raises `UnknownError` for a revision that isn't there."""
        concept, context = self._concept.row, self._context
        newest, shown = context.revision(concept), context.revision(concept, revision)
        said = advice_for(self._concept)
        decisions = context.dataset(concept).decisions if said.count.conflict else {}  # all answers
        return ConceptView(
            id=concept.id,
            name=concept.name,
            created=concept.created,
            revision=shown,
            revisions=newest.number,
            candidates=context.store.candidate_count(concept.id),
            answers=said.count,
            advice=said.more,
            rare=said.rare,
            annotated=context.store.annotated(concept.id),
            conflicts=[i for i, d in decisions.items() if d.value == "conflict"],
            heads=head_views(context.heads, concept.id),
            scale=scale_view(Scale.read(concept.scale)),
            hint=about_language(
                context.collection, shown.definition.description, scoping_model(context.settings)
            ),
        )

    @operation("GET")
    def get(self, revision: RevisionNumber = None) -> ConceptPage:
        """The definition with its example pictures and open questions, the labels so far, who annotates, and
        every trained version."""
        return ConceptPage(
            **dict(self.read(revision)),
            annotator=self._context.setup(self._concept.id),
            examples=examples_of(self._concept),
            questions=open_questions(self._concept),
        )

    @operation("PATCH", command="set", audit="changed a concept")
    def set(
        self,
        *,
        new_name: Annotated[
            str | None,
            Flag("--name"),
            Field(
                alias="name",
                min_length=1,
                max_length=1000,
                pattern=NAMEABLE,
                description="Another name. The old one leads to the concept until another concept gets that.",
            ),
        ] = None,
        grades: Grades = None,
        counts_from: CountsFrom = None,
        grade_names: GradeNames = None,
        classes: Classes = None,
        yes_or_no: Annotated[
            bool, Field(description="Label by yes and no, not by grades or classes.")
        ] = False,
        annotator: Annotated[
            str | None,
            Field(max_length=60, description="Who labels from now on; `auto` for a model that sees, if set."),
        ] = None,
        large: Annotated[
            bool, Field(description="With the annotator: by the model for doubtful pictures.")
        ] = False,
        examples: Annotated[
            bool, Field(description="With the annotator: it is shown similar labelled pictures beside each.")
        ] = False,
        repeats: Annotated[
            bool,
            Field(
                description="With the annotator: asked three times where the endpoint doesn't tell how "
                "sure it is."
            ),
        ] = False,
        author: AuthorName,
    ) -> ConceptPage:
        """Change the name, the kind of labels (before the first), or the annotator."""
        scale = scale_from(grades, counts_from, grade_names, classes)
        if scale is not None and yes_or_no:
            raise DiscernError(
                "A concept is labelled by yes and no, by grades or by classes. Give one of them."
            )
        if annotator is None and (large or examples or repeats):
            raise DiscernError("Say which annotator this is about, such as auto.")
        if scale is not None or yes_or_no:
            self.set_scale(scale)
        if annotator is not None:
            choose_annotator(self._concept, Setup(annotator, large, examples, repeats), author=author)
        if new_name is not None:
            rename(self._concept, new_name, author=author)
        return self._concept.bench.concept_of(self._concept.id).definition.get()

    def set_scale(self, scale: Scale | None) -> None:
        """Has it answered by grades or classes, or, with None, by yes and no. Raises `ConflictError` once
        anybody has answered: an answer on one scale says nothing on another."""
        if not self._context.store.set_scale(self._concept.id, scale.as_document() if scale else None):
            raise ConflictError(
                f"“{self._concept.name}” has labels already, so their kind stays as it is. "
                "Begin another concept for that."
            )
