"""Use cases of finding out what is meant before pictures are labelled: questions, and kinds of pictures."""

from __future__ import annotations

from functools import partial

from concepts.definition.questions import DefinitionQuestion, answer, ask, still_open
from concepts.definition.tree import propose_kinds
from concepts.errors import DiscernError, ModelCallError
from concepts.jobs import Listener, Progress
from concepts.language import chat_model
from concepts.workbench.concept_views import RevisionView
from concepts.workbench.context import Context
from concepts.workbench.definitions import BUILT_IN, Definitions
from concepts.workbench.jobs import AskQuestions, KindsProposed, ProposeKinds, QuestionsAsked

NO_MODEL = "More kinds of pictures come from a language model, and none is set. Add your own meanwhile."


class Scoping:
    """A person is asked what they mean; what comes of it stands in the definition."""

    def __init__(self, context: Context, definitions: Definitions) -> None:
        self._context = context
        self._definitions = definitions
        context.jobs.register(AskQuestions, self._ask)
        context.jobs.register(ProposeKinds, self._propose_kinds)

    def has_model(self) -> bool:
        """Whether a language model asks and proposes, or the built-in words alone."""
        settings = self._context.settings
        return bool(settings.has_endpoint and settings.llm_model)

    def ask(self, name: str, *, listener: Listener | None = None) -> QuestionsAsked:
        """Thinks of at most three questions, and waits for them. They are open until each is answered or
        skipped, or others are asked."""
        return self._context.jobs.run(AskQuestions(self._context.concept(name).id), listener)

    def submit_ask(self, name: str) -> int:
        """The same in the background; returns the job's id."""
        return self._context.jobs.submit(AskQuestions(self._context.concept(name).id))

    def questions(self, name: str) -> list[DefinitionQuestion]:
        """Those that were asked last and are open."""
        concept = self._context.concept(name)
        asked = self._context.jobs.newest_done(AskQuestions, concept.id)
        if asked is None:
            return []
        return still_open(asked.questions, self._context.revision(concept).definition)

    def can_ask(self, name: str) -> bool:
        """Whether there is something to ask without a model."""
        return bool(ask(self._context.revision(self._context.concept(name)).definition, None))

    def answer(self, name: str, question: str, said: str, *, author: str, after: int) -> RevisionView:
        """Answers an open question with an offered answer or own words; empty ones skip it.

        Raises `DiscernError` where it isn't open, or `after` is not the newest definition any more.
        """
        found = next((q for q in self.questions(name) if q.question.casefold() == question.casefold()), None)
        if found is None:
            raise DiscernError("This question is answered, or others were asked since. Nothing was changed.")
        change = partial(answer, question=found, said=said)
        return self._definitions.edit(name, change, author=author, after=after)

    def more_kinds(self, name: str, signal: str = "", *, listener: Listener | None = None) -> KindsProposed:
        """Adds up to three more kinds of pictures near a necessary criterion or the whole concept, and waits
        for them. Raises `DiscernError` where no language model is set."""
        return self._context.jobs.run(self._more(name, signal), listener)

    def submit_more_kinds(self, name: str, signal: str = "") -> int:
        """The same in the background; returns the job's id."""
        return self._context.jobs.submit(self._more(name, signal))

    def _more(self, name: str, signal: str) -> ProposeKinds:
        concept = self._context.concept(name)
        necessary = self._context.revision(concept).definition.of_kind("necessary")
        if signal and signal not in {criterion.text for criterion in necessary}:
            raise DiscernError(f"“{signal}” is none of the criteria that every picture must show.")
        if not self.has_model():
            raise DiscernError(NO_MODEL)
        return ProposeKinds(concept.id, signal)

    # The work

    def _ask(self, job: AskQuestions, progress: Progress) -> QuestionsAsked:
        progress.report(0, None, "thinking of what to ask")
        concept = self._context.store.get(job.concept_id)
        ledger = self._context.ledger.charged_to(progress.job_id, concept.id)
        model = chat_model(self._context.settings, "scoping", ledger)
        definition = self._context.revision(concept).definition
        try:
            questions = ask(definition, model, self._context.prompts(concept.id))
        except ModelCallError as error:
            return QuestionsAsked(questions=ask(definition, None), author=BUILT_IN, problem=str(error))
        return QuestionsAsked(questions=questions, author=model.name if model else BUILT_IN)

    def _propose_kinds(self, job: ProposeKinds, progress: Progress) -> KindsProposed:
        progress.report(0, None, "thinking of more kinds of pictures")
        concept = self._context.store.get(job.concept_id)
        ledger = self._context.ledger.charged_to(progress.job_id, concept.id)
        model = chat_model(self._context.settings, "scoping", ledger)
        if model is None:
            raise DiscernError(NO_MODEL)
        before = self._context.revision(concept)
        definition = propose_kinds(before.definition, model, job.signal, self._context.prompts(concept.id))
        added = len(definition.criteria) - len(before.definition.criteria)
        number = before.number
        if added:
            note = f"more kinds proposed near “{job.signal}”" if job.signal else "more kinds proposed"
            kept = self._definitions.revise(
                f"id:{concept.id}", definition, author=model.name, note=note, after=before.number
            )
            number = kept.number
        return KindsProposed(revision=number, author=model.name, added=added)
