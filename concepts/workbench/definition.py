"""A concept's definition: reading and editing it, proposals, questions, and the candidates it finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from concepts.classifier.versions import head_views
from concepts.collaborator.setups import Setup
from concepts.definition.document import Change, Definition, Revision, word_diff
from concepts.definition.editing import origin_in_words, what_changed
from concepts.definition.expansion import expand
from concepts.definition.names import checked_name
from concepts.definition.questions import DefinitionQuestion, answer, ask, still_open
from concepts.definition.tree import propose_kinds
from concepts.definition.vocabulary import Vocabulary
from concepts.encoders.sentences import SentenceEncoder
from concepts.errors import ConflictError, DiscernError, ModelCallError
from concepts.jobs import Progress, Started
from concepts.labelling.mining import (
    MineResult,
    QueryView,
    distinct_queries,
    kinds_found,
    mine_candidates,
    query_views,
)
from concepts.language import chat_model
from concepts.language.base import ChatModel
from concepts.learning.scale import Scale
from concepts.library.search import about_language, reads_english, words_of_examples
from concepts.settings import Settings
from concepts.workbench.advice import advise
from concepts.workbench.concept_views import (
    ConceptPage,
    ConceptView,
    CriterionView,
    DefinitionChange,
    Run,
    scale_view,
)
from concepts.workbench.concepts import NAMEABLE, AtMost, Classes, CountsFrom, GradeNames, Grades, scale_from
from concepts.workbench.context import POOL_SIZE, Context, revision_of
from concepts.workbench.jobs import AskQuestions, Expand, Expanded, Mine, ProposeKinds, QuestionsAsked
from concepts.workbench.operation import AuthorName, Flag, Offset, operation
from storage.tables import ConceptRow

if TYPE_CHECKING:
    from concepts.workbench.concept import Concept

BUILT_IN = "built-in vocabulary"
NO_MODEL = "More kinds of pictures come from a language model, and none is set. Add your own meanwhile."
LARGEST = 2**31 - 1

RevisionNumber = Annotated[
    int | None, Field(ge=1, le=LARGEST, description="An older definition; without it, the newest.")
]
After = Annotated[
    int | None, Field(ge=1, le=LARGEST, description="Only if this is still the newest definition.")
]


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
        said = advise(context, concept)
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
            examples=self._concept.examples.all(),
            questions=self.questions(),
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
            self._concept.annotators.choose(Setup(annotator, large, examples, repeats), author=author)
        if new_name is not None:
            self.rename(new_name, author=author)
        return self._concept.bench.concept_of(self._concept.id).definition.get()

    def rename(self, new: str, *, author: str) -> str:
        """Gives the concept another name, everywhere at once: its newest definition has it too, as a revision
        of its own. Definition, answers, versions, jobs and figures stay what they are, and no answer is asked
        again. The old name leads to it until another concept gets that. To undo it, rename it back. Returns
        it as it is kept.

        Raises `DiscernError` for a name that a concept can't have, `ConflictError` for one that is taken.
        """
        self._context.store.rename(self._concept.id, checked_name(new), author)
        return self._context.store.get(self._concept.id).name

    def set_scale(self, scale: Scale | None) -> None:
        """Has it answered by grades or classes, or, with None, by yes and no. Raises `ConflictError` once
        anybody has answered: an answer on one scale says nothing on another."""
        if not self._context.store.set_scale(self._concept.id, scale.as_document() if scale else None):
            raise ConflictError(
                f"“{self._concept.name}” has labels already, so their kind stays as it is. "
                "Begin another concept for that."
            )

    # Revisions

    @operation("GET /revisions")
    def revisions(self, limit: AtMost = 50, offset: Offset = 0) -> list[DefinitionChange]:
        """Every definition this concept had, the oldest first, each with what changed, word by word."""
        first = max(offset - 1, 0)  # what a page begins with is compared with the one before
        most = None if limit is None else limit + offset - first
        rows = self._context.store.definitions(self._concept.id, most, first)
        found = [revision_of(row) for row in rows]
        before = [None, *found]
        changes = []
        for old, one in list(zip(before, found, strict=False))[offset - first :]:
            runs = word_diff(old.definition.as_text(), one.definition.as_text()) if old else []
            said = [Run(change=change, text=text) for change, text in runs]
            changes.append(DefinitionChange(**dict(one), changes=said))
        return changes

    def diff(self, before: int, after: int) -> list[tuple[Change, str]]:
        """Word diff between two revisions."""
        old, new = (self._context.revision(self._concept.row, n).definition for n in (before, after))
        return word_diff(old.as_text(), new.as_text())

    @operation("POST /revisions", audit="changed what counts")
    def revise(
        self,
        definition: Annotated[Definition, Field(description="The whole definition. Its name stays.")],
        *,
        note: Annotated[str, Field(max_length=500, description="Why, in a few words.")] = "",
        after: After = None,
        author: AuthorName,
    ) -> Revision:
        """Keep an edited definition as the next revision. Older ones stay, and going back is revising to one.

        Raises `DiscernError` where `after` is given and another revision came in between.
        """
        document = definition.model_dump(mode="json")
        row = self._context.store.add_definition(self._concept.id, document, author, note, after)
        return revision_of(row)

    def edit(
        self, change: Callable[[Definition], Definition], *, author: str, after: int | None = None
    ) -> Revision:
        """Makes one change (of `concepts.definition.editing`) to revision `after`, if it is still the newest,
        or to the newest. A change that changes nothing makes no revision.

        Raises `DiscernError`, and then nothing is changed.
        """
        before = self._context.revision(self._concept.row, after)
        edited = change(before.definition)
        if edited == before.definition:
            return before
        # Rule 4: a picture that measures is no example, because examples decide what is looked for.
        shown = [*edited.examples, *edited.counterexamples]
        if shown:
            self._context.draw_evaluation(self._concept.row, avoid=shown)
        dataset = self._concept.dataset()
        outside = self._context.collection.outside.of(self._concept.id, shown)
        if dataset.reserved.intersection(shown) or dataset.like_reserved(outside):
            raise DiscernError(
                "This picture, or one that looks the same, is a test picture, so it can't be an "
                "example. Choose another one; nothing was changed."
            )
        note = what_changed(before.definition, edited)
        return self.revise(edited, author=author, note=note, after=before.number)

    def restore(self, number: int, *, author: str, after: int) -> Revision:
        """Makes an older definition the newest again."""
        concept = self._concept.row
        older, newest = self._context.revision(concept, number), self._context.revision(concept)
        if older.definition == newest.definition:
            return newest
        return self.revise(older.definition, author=author, note=f"back to definition {number}", after=after)

    # Its parts, with what they find

    def criteria(self, n: int = 0, *, reader: str = "me") -> list[CriterionView]:
        """The criteria of the newest definition, each with where it came from, and kinds of pictures with n
        pictures of the library that show them."""
        revisions = self._all_revisions()
        found = kinds_found(self._concept.dataset(), self._context.finder, n) if n else {}
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

    def queries(self, n: int = 8, *, reader: str = "me") -> list[QueryView]:
        """The queries of the newest definition, each with n pictures it finds and how many it brought."""
        dataset, finder = self._concept.dataset(), self._context.finder
        return query_views(dataset, finder, self._all_revisions(), reader, n)

    def _all_revisions(self) -> list[Revision]:
        return [revision_of(row) for row in self._context.store.definitions(self._concept.id)]

    @operation("POST /mine", command="mine")
    def mine(
        self,
        size: Annotated[
            int, Field(ge=1, le=100_000, description="How many candidates the concept shall have.")
        ] = POOL_SIZE,
    ) -> Started[MineResult]:
        """Search the library for pictures worth labelling: likely ones, similar ones and random ones."""
        return self._context.jobs.begin(Mine(self._concept.id, size))

    # Proposals and questions

    @operation("POST /expand")
    def propose(
        self,
        *,
        kinds: Annotated[
            bool, Field(description="Only up to three more kinds of pictures; needs a language model.")
        ] = False,
        near: Annotated[
            str, Field(max_length=300, description="Kinds near this criterion that every picture must show.")
        ] = "",
    ) -> Started[Expanded]:
        """Propose what counts, what doesn't, what is open, and what to search for; kept as a new revision.

        Raises `DiscernError` for more kinds where no language model is set.
        """
        if not (kinds or near):
            return self._context.jobs.begin(Expand(self._concept.id))
        necessary = self._context.revision(self._concept.row).definition.of_kind("necessary")
        if near and near not in {criterion.text for criterion in necessary}:
            raise DiscernError(f"“{near}” is none of the criteria that every picture must show.")
        if not scoping_model(self._context.settings):
            raise DiscernError(NO_MODEL)
        return self._context.jobs.begin(ProposeKinds(self._concept.id, near))

    @operation("POST /questions")
    def ask(self) -> Started[QuestionsAsked]:
        """Think of at most three questions to the person. They are open until each is answered or skipped, or
        others are asked."""
        return self._context.jobs.begin(AskQuestions(self._concept.id))

    def questions(self) -> list[DefinitionQuestion]:
        """Those that were asked last and are open."""
        asked = self._context.jobs.newest_done(AskQuestions, self._concept.id)
        if asked is None:
            return []
        return still_open(asked.questions, self._context.revision(self._concept.row).definition)

    def can_ask(self) -> bool:
        """Whether there is something to ask without a model."""
        return bool(ask(self._context.revision(self._concept.row).definition, None))

    @operation("POST /questions/answer", audit="changed what counts")
    def answer(
        self,
        question: Annotated[str, Field(min_length=1, max_length=300, description="One that is open.")],
        said: Annotated[
            str,
            Field(max_length=300, description="An offered answer, or your own words; nothing skips it."),
        ] = "",
        *,
        after: After = None,
        author: AuthorName,
    ) -> Revision:
        """Answer an open question, or skip it; what it means is kept as the next revision.

        Raises `DiscernError` where it isn't open, or `after` is not the newest definition any more.
        """
        found = next((q for q in self.questions() if q.question.casefold() == question.casefold()), None)
        if found is None:
            raise DiscernError("This question is answered, or others were asked since. Nothing was changed.")
        return self.edit(partial(answer, question=found, said=said), author=author, after=after)


def scoping_model(settings: Settings) -> str:
    """The language model that proposes and asks; empty where only the built-in words do."""
    return settings.llm_model or "" if settings.has_endpoint else ""


def fill_pool(context: Context, concept: ConceptRow, size: int = POOL_SIZE) -> MineResult:
    """Finds candidates until there are `size`."""
    context.draw_evaluation(concept)
    dataset = context.dataset(concept)
    found = mine_candidates(dataset, size)
    added = context.store.add_candidates(concept.id, found, dataset.revision.number)
    pool = context.store.candidates(concept.id)
    per_query = Counter(origin for brought_by in pool.values() for origin in brought_by)
    return MineResult(added=added, candidates=len(pool), per_query=dict(per_query.most_common()))


def nouns_of_examples(context: Context, concept: ConceptRow, vocabulary: Vocabulary) -> list[str]:
    """Nouns for what the newest definition's examples show, where the library's encoder knows any."""
    examples = context.revision(concept).definition.examples
    recorded = context.collection.library.encoder()
    if not examples or recorded is None or recorded.name != "embedded":
        return []
    dataset = context.dataset(concept)
    known = dataset.with_vectors(list(examples))
    if not known:
        return []
    return words_of_examples(
        dataset.vectors(known), lambda shown, n: [noun.name for noun in vocabulary.nearest_to(shown, n)]
    )


# The work


def mine(concept: Concept, job: Mine, progress: Progress) -> MineResult:
    progress.report(0, None, "looking through the library")
    return fill_pool(concept.context, concept.row, job.size)


def _scoping(concept: Concept, progress: Progress) -> ChatModel | None:
    context = concept.context
    return chat_model(context.settings, "scoping", context.ledger.charged_to(progress.job_id, concept.id))


def propose(concept: Concept, job: Expand, progress: Progress) -> Expanded:
    """From the model where it gives an answer, else from the built-in words; why not, is in `problem`."""
    progress.report(0, None, "thinking of what counts and what to search for")
    context = concept.context
    revision = context.revision(concept.row)
    model = _scoping(concept, progress)
    vocabulary = Vocabulary(SentenceEncoder().encode)
    hints = nouns_of_examples(context, concept.row, vocabulary)
    apart = partial(distinct_queries, concept.dataset(), context.finder)
    author, note, problem = model.name if model else BUILT_IN, "proposed from the description", ""
    try:
        prompts = context.prompts(concept.id)
        english = reads_english(context.collection)
        definition = expand(revision.definition, model, vocabulary, hints, apart, prompts, english)
    except ModelCallError as error:
        definition = expand(revision.definition, None, vocabulary, hints, apart)
        author, problem = BUILT_IN, str(error)
        note += f", as {model.name if model else 'the model'} gave no answer"
    else:
        if model and any(query.origin == "vocabulary" for query in definition.queries):
            note += ", with searches from the built-in words"
    kept = revision
    if definition != revision.definition:
        kept = concept.definition.revise(definition, author=author, note=note)
    return Expanded(revision=kept.number, author=kept.author, problem=problem)


def propose_more(concept: Concept, job: ProposeKinds, progress: Progress) -> Expanded:
    progress.report(0, None, "thinking of more kinds of pictures")
    context = concept.context
    model = _scoping(concept, progress)
    if model is None:
        raise DiscernError(NO_MODEL)
    before = context.revision(concept.row)
    definition = propose_kinds(before.definition, model, job.signal, context.prompts(concept.id))
    added, number = len(definition.criteria) - len(before.definition.criteria), before.number
    if added:
        note = f"more kinds proposed near “{job.signal}”" if job.signal else "more kinds proposed"
        kept = concept.definition.revise(definition, author=model.name, note=note, after=before.number)
        number = kept.number
    return Expanded(revision=number, author=model.name, added=added)


def ask_questions(concept: Concept, job: AskQuestions, progress: Progress) -> QuestionsAsked:
    progress.report(0, None, "thinking of what to ask")
    context = concept.context
    model = _scoping(concept, progress)
    definition = context.revision(concept.row).definition
    try:
        questions = ask(definition, model, context.prompts(concept.id))
    except ModelCallError as error:
        return QuestionsAsked(questions=ask(definition, None), author=BUILT_IN, problem=str(error))
    return QuestionsAsked(questions=questions, author=model.name if model else BUILT_IN)
