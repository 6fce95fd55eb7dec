"""Use cases of a concept's definition: begin, edit, expand, find candidates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from concepts.classifier.versions import head_views
from concepts.definition.document import (
    Change,
    Definition,
    Revision,
    word_diff,
)
from concepts.definition.editing import exclude, origin_in_words, what_changed
from concepts.definition.expansion import expand
from concepts.definition.names import checked_name
from concepts.definition.vocabulary import Vocabulary
from concepts.encoders.sentences import SentenceEncoder
from concepts.errors import ConflictError, DiscernError, ModelCallError
from concepts.jobs import Progress
from concepts.labelling.mining import (
    MineResult,
    QueryView,
    distinct_queries,
    kinds_found,
    mine_candidates,
    query_views,
)
from concepts.language import chat_model
from concepts.learning.scale import Scale
from concepts.library import browsing
from concepts.library.browsing import PictureView
from concepts.library.search import words_of_examples
from concepts.workbench.concept_views import (
    ConceptSummary,
    ConceptView,
    CriterionView,
    ProposedView,
    RevisionView,
    scale_view,
)
from concepts.workbench.context import POOL_SIZE, Context, revision_of
from concepts.workbench.jobs import DrawEvaluation, Drawn, Expand, Expanded, Mine
from concepts.workbench.overview import ConceptProgress, Steps
from storage.calls import Ledger
from storage.overview import Overview
from storage.tables import ConceptRow

BUILT_IN = "built-in vocabulary"


class Definitions:
    """Concepts and what counts."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._progress = ConceptProgress(
            Overview(context.database),
            context.store,
            context.counts,
            context.figures,
            self._weight_of_the_machine,
            self._flagged,
            context.settling_of,
        )
        context.jobs.register(DrawEvaluation, self._draw_evaluation)
        context.jobs.register(Expand, self._expand)
        context.jobs.register(Mine, self._mine)

    def create_concept(
        self,
        name: str,
        description: str,
        *,
        excluding: Sequence[str] = (),
        examples: Sequence[str] = (),
        author: str = "me",
        scale: Scale | None = None,
    ) -> ConceptView:
        """Begins a concept and draws its evaluation set before anything else sees those pictures.
        `excluding`: kinds of pictures that don't count. `scale`: it is answered by grades or classes, not by
        yes and no."""
        concept = self._begin(name, description, excluding, examples, author, scale)
        self._context.draw_evaluation(concept)
        return self.concept(name)

    def begin_concept(
        self,
        name: str,
        description: str,
        *,
        excluding: Sequence[str] = (),
        examples: Sequence[str] = (),
        author: str = "me",
        scale: Scale | None = None,
    ) -> ConceptView:
        """The same, with the evaluation set drawn in the background. Whatever learns waits for that."""
        concept = self._begin(name, description, excluding, examples, author, scale)
        if self._context.collection.library.encoder() is not None:
            self._context.jobs.submit(DrawEvaluation(concept.id))
        return self.concept(name)

    def concepts(self, limit: int | None = None, offset: int = 0) -> list[ConceptSummary]:
        """The first begun first; all of them or a page."""
        return self._progress.summaries(self._context.store.all(limit, offset))

    def concept(self, name: str, *, revision: int | None = None) -> ConceptView:
        """Raises `UnknownConceptError`, and `DiscernError` for a revision that isn't there."""
        concept = self._context.concept(name)
        newest, shown = self._context.revision(concept), self._context.revision(concept, revision)
        said = self._context.advice(concept)
        decisions = self._context.dataset(concept).decisions if said.count.conflict else {}  # all answers
        return ConceptView(
            id=concept.id,
            name=concept.name,
            created=concept.created,
            revision=revision_view(shown),
            revisions=newest.number,
            candidates=self._context.store.candidate_count(concept.id),
            answers=said.count,
            advice=said.more,
            rare=said.rare,
            annotated=self._context.store.annotated(concept.id),
            conflicts=[i for i, d in decisions.items() if d.value == "conflict"],
            heads=head_views(self._context.heads, concept.id),
            scale=scale_view(Scale.read(concept.scale)),
        )

    def set_scale(self, name: str, scale: Scale | None) -> ConceptView:
        """Has a concept answered by grades or classes, or, with None, by yes and no. Raises `ConflictError`
        once anybody has answered: an answer on one scale says nothing on another."""
        concept = self._context.concept(name)
        if not self._context.store.set_scale(concept.id, scale.as_document() if scale else None):
            raise ConflictError(
                f"“{concept.name}” has been answered already, so what is answered stays as it is. Begin "
                "another concept for that."
            )
        return self.concept(name)

    def steps(self, name: str) -> Steps | None:
        """The steps of this concept's journey; None where there is no such concept."""
        concept = self._context.store.find(name)
        return self._progress.steps(concept) if concept else None

    def is_step(self, name: str, step: str) -> bool:
        """Whether it is one of this concept's journey: Review is where a machine's opinion is worth it."""
        steps = self.steps(name)
        return steps is not None and step in steps.names

    def revise(
        self, name: str, definition: Definition, *, author: str, note: str, after: int | None = None
    ) -> RevisionView:
        """Keeps an edited definition as the next revision; going back is revising to an older one. It has
        the name that the concept has: another one is given by renaming.

        Raises `DiscernError` where `after` is given and another revision came in between.
        """
        return self._keep(self._context.concept(name), definition, author, note, after)

    def edit(
        self, name: str, change: Callable[[Definition], Definition], *, author: str, after: int
    ) -> RevisionView:
        """Makes one change (of `concepts.definition.editing`) to revision `after`, if it is still the newest.

        A change that changes nothing makes no revision. Raises `DiscernError`, and then nothing is changed.
        """
        before = self._context.revision(self._context.concept(name), after)
        edited = change(before.definition)
        if edited == before.definition:
            return revision_view(before)
        self._check_examples(name, edited)
        note = what_changed(before.definition, edited)
        return self.revise(name, edited, author=author, note=note, after=after)

    def restore(self, name: str, number: int, *, author: str, after: int) -> RevisionView:
        """Makes an older definition the newest again."""
        concept = self._context.concept(name)
        older, newest = self._context.revision(concept, number), self._context.revision(concept)
        if older.definition == newest.definition:
            return revision_view(newest)
        note = f"back to definition {number}"
        return self.revise(name, older.definition, author=author, note=note, after=after)

    def criteria(self, name: str, n: int = 0, *, reader: str = "me") -> list[CriterionView]:
        """The criteria of the newest definition, each with where it came from, and kinds of pictures with n
        pictures of the library that show them."""
        concept = self._context.concept(name)
        revisions = [revision_of(row) for row in self._context.store.definitions(concept.id)]
        found: dict[str, list[PictureView]] = {}
        if n:
            found = kinds_found(
                self._context.dataset(concept), self._context.collection, self._context.finder, n
            )
        definition = revisions[-1].definition
        return [
            CriterionView(
                index=index,
                kind=criterion.kind,
                text=criterion.text,
                origin=origin_in_words(criterion, revisions, reader),
                proposed=criterion.origin != "person",
                of=definition.signal_of(criterion),
                found=found.get(criterion.text, []),
            )
            for index, criterion in enumerate(definition.criteria)
        ]

    def queries(self, name: str, n: int = 8, *, reader: str = "me") -> list[QueryView]:
        """The queries of the newest definition, each with n pictures it finds and how many it brought."""
        concept = self._context.concept(name)
        revisions = [revision_of(row) for row in self._context.store.definitions(concept.id)]
        return query_views(
            self._context.dataset(concept),
            self._context.collection,
            self._context.finder,
            revisions,
            reader,
            n,
        )

    def revisions(self, name: str, limit: int | None = None, offset: int = 0) -> list[RevisionView]:
        """Every definition the concept had, the oldest first; all of them or a page."""
        rows = self._context.store.definitions(self._context.concept(name).id, limit, offset)
        return [revision_view(revision_of(row)) for row in rows]

    def diff(self, name: str, before: int, after: int) -> list[tuple[Change, str]]:
        """Word diff between two revisions."""
        concept = self._context.concept(name)
        old, new = (
            self._context.revision(concept, number).definition.as_text() for number in (before, after)
        )
        return word_diff(old, new)

    def expand(self, name: str) -> ProposedView:
        """Proposes criteria and queries: from a language model where one is set and answers, else built
        in."""
        concept = self._context.concept(name)
        return self._propose(concept, self._context.ledger.charged_to(None, concept.id))

    def possible_examples(self, name: str, words: str, n: int) -> list[PictureView]:
        """Pictures found by these words that may become examples: none of those that measure."""
        dataset = self._context.dataset(self._context.concept(name))
        found = self._context.finder.find_each(dataset.index, [words.strip() or name], n, dataset.reserved)[0]
        return browsing.views_of(self._context.collection.library.pictures(found))

    def submit_expand(self, name: str) -> int:
        """Proposes in the background; returns the job's id."""
        return self._context.jobs.submit(Expand(self._context.concept(name).id))

    def submit_mine(self, name: str, *, size: int = POOL_SIZE) -> int:
        """Fills the candidate pool in the background; returns the job's id."""
        return self._context.jobs.submit(Mine(self._context.concept(name).id, size))

    def mine(self, name: str, *, size: int = POOL_SIZE) -> MineResult:
        """Fills the candidate pool up to `size` pictures."""
        return self.fill_pool(self._context.concept(name), size)

    def fill_pool(self, concept: ConceptRow, size: int = POOL_SIZE) -> MineResult:
        """The same for a concept that another room has looked up."""
        self._context.draw_evaluation(concept)
        dataset = self._context.dataset(concept)
        found = mine_candidates(dataset, self._context.collection, size)
        added = self._context.store.add_candidates(concept.id, found, dataset.revision.number)
        pool = self._context.store.candidates(concept.id)
        per_query = Counter(origin for brought_by in pool.values() for origin in brought_by)
        return MineResult(added=added, candidates=len(pool), per_query=dict(per_query.most_common()))

    def _begin(
        self,
        name: str,
        description: str,
        excluding: Sequence[str],
        examples: Sequence[str],
        author: str,
        scale: Scale | None,
    ) -> ConceptRow:
        ids = tuple(self._context.collection.library.resolve(example) for example in examples)
        definition = exclude(
            _checked(name=checked_name(name), description=description, examples=ids), excluding
        )
        document = scale.as_document() if scale else None
        concept = self._context.store.create(definition.name, document)
        self._context.store.add_definition(concept.id, definition.model_dump(mode="json"), author, "begun")
        return concept

    def _draw_evaluation(self, job: DrawEvaluation, progress: Progress) -> Drawn:
        progress.report(0, None, "setting pictures aside to measure with")
        self._context.draw_evaluation(self._context.store.get(job.concept_id))
        return Drawn(pictures=len(self._context.store.evaluation_pictures(job.concept_id)))

    def _expand(self, job: Expand, progress: Progress) -> Expanded:
        progress.report(0, None, "thinking of what counts and what to search for")
        concept = self._context.store.get(job.concept_id)
        proposed = self._propose(concept, self._context.ledger.charged_to(progress.job_id, concept.id))
        return Expanded(revision=proposed.number, author=proposed.author, problem=proposed.problem)

    def _mine(self, job: Mine, progress: Progress) -> MineResult:
        progress.report(0, None, "looking through the library")
        return self.fill_pool(self._context.store.get(job.concept_id), job.size)

    def _propose(self, concept: ConceptRow, ledger: Ledger) -> ProposedView:
        """From the model where it gives an answer, else from the built-in words; why not, is in `problem`."""
        revision = self._context.revision(concept)
        model = chat_model(self._context.settings, "scoping", ledger)
        vocabulary = Vocabulary(SentenceEncoder().encode)
        hints = self.words_of_examples(concept, revision.definition.examples, vocabulary)
        apart = partial(
            distinct_queries, self._context.collection, self._context.finder, self._context.dataset(concept)
        )
        author, note, problem = model.name if model else BUILT_IN, "proposed from the description", ""
        try:
            prompts = self._context.prompts(concept.id)
            definition = expand(revision.definition, model, vocabulary, hints, apart, prompts)
        except ModelCallError as error:
            definition = expand(revision.definition, None, vocabulary, hints, apart)
            author, problem = BUILT_IN, str(error)
            note += f", as {model.name if model else 'the model'} gave no answer"
        else:
            if model and any(query.origin == "vocabulary" for query in definition.queries):
                note += ", with searches from the built-in words"
        kept = revision_view(revision)
        if definition != revision.definition:
            kept = self._keep(concept, definition, author, note)
        return ProposedView(**kept.model_dump(), problem=problem)

    def words_of_examples(
        self, concept: ConceptRow, examples: Sequence[str], vocabulary: Vocabulary
    ) -> list[str]:
        """Nouns for what the examples show, where the library's encoder knows any."""
        recorded = self._context.collection.library.encoder()
        if not examples or recorded is None or recorded.name != "embedded":
            return []
        dataset = self._context.dataset(concept)
        known = dataset.with_vectors(list(examples))
        if not known:
            return []
        return words_of_examples(
            dataset.vectors(known), lambda shown, n: [noun.name for noun in vocabulary.nearest_to(shown, n)]
        )

    def _weight_of_the_machine(self, concept: ConceptRow) -> float:
        agreement = self._context.dataset(concept).agreement
        return agreement.weight if agreement else 0.0

    def _flagged(self, concept: ConceptRow, n: int) -> list[str]:
        """At most n pictures that the newest version flags, the surest first; none where that would take
        long, or where it is for another encoder's vectors."""
        head = self._context.heads.get(concept.id)
        if head is None or head.fingerprint != self._context.collection.recorded().fingerprint:
            return []
        scores = self._context.library_scores(concept.id, head)
        top = scores.probability.top(n) if scores else []
        return [picture for picture, probability in top if probability >= head.threshold]

    def _keep(
        self, concept: ConceptRow, definition: Definition, author: str, note: str, after: int | None = None
    ) -> RevisionView:
        document = definition.model_dump(mode="json")
        row = self._context.store.add_definition(concept.id, document, author, note, after)
        return revision_view(revision_of(row))

    def _check_examples(self, name: str, edited: Definition) -> None:
        """Rule 4: a picture that measures is no example, because examples decide what is looked for."""
        concept = self._context.concept(name)
        shown = [*edited.examples, *edited.counterexamples]
        if shown:
            self._context.draw_evaluation(concept, avoid=shown)
        dataset = self._context.dataset(concept)
        outside = self._context.collection.outside.of(concept.id, shown)
        if dataset.reserved.intersection(shown) or dataset.like_reserved(outside):
            raise DiscernError(
                "This picture, or one that looks the same, is set aside to measure with, so it can't be an "
                "example. Choose another one; nothing was changed."
            )


def _checked(**values: Any) -> Definition:
    from pydantic import ValidationError

    try:
        return Definition(**values)
    except ValidationError as error:
        first = error.errors()[0]
        raise DiscernError(f"The {first['loc'][0]} can't be used: {first['msg']}.") from error


def revision_view(revision: Revision) -> RevisionView:
    return RevisionView(
        number=revision.number,
        author=revision.author,
        note=revision.note,
        created=revision.created,
        definition=revision.definition,
    )
