"""What a language model, or the built-in words, propose for a definition and ask about it."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from pydantic import Field

from concepts.collaborator.setups import prompts_of
from concepts.definition.document import Revision
from concepts.definition.expansion import expand
from concepts.definition.questions import DefinitionQuestion, answer, ask, still_open
from concepts.definition.revisions import After, definition_of, revise
from concepts.definition.tree import propose_kinds
from concepts.definition.vocabulary import Vocabulary
from concepts.encoders.sentences import SentenceEncoder
from concepts.errors import DiscernError, ModelCallError
from concepts.jobs import Progress
from concepts.labelling.examples import edit_definition
from concepts.labelling.mining import distinct_queries
from concepts.labelling.training_data import training_data_of
from concepts.language import chat_model
from concepts.language.base import ChatModel
from concepts.language.ledger import ledger_of
from concepts.library.collection import collection_of
from concepts.library.search import finder_of, reads_english, words_of_examples
from concepts.settings import Settings
from concepts.use_cases import Concept, use_case
from concepts.use_cases.parameters import AuthorName, Flag
from concepts.view import View, count

BUILT_IN = "built-in vocabulary"
NO_MODEL = "More kinds of pictures come from a language model, and none is set. Add your own meanwhile."


class Proposed(View):
    """The `revision` that was kept. `problem` is why the model that is set did not propose it and the
    built-in words did. `added`: how many kinds of pictures that nobody had thought of, where more of them
    were asked for."""

    revision: int
    author: str
    problem: str = ""
    added: int = 0
    kinds: bool = False

    def says(self) -> str:
        what = f"{count(self.added, 'kind')} of pictures" if self.kinds else f"definition {self.revision}"
        return f"{what}, by {self.author}"


class QuestionsAsked(View):
    """What was asked about a concept, and by whom: a model's name, or the built-in vocabulary. `problem` is
    why the model that is set asked nothing."""

    questions: list[DefinitionQuestion]
    author: str
    problem: str = ""

    def says(self) -> str:
        return f"{count(len(self.questions), 'question')}, by {self.author}"


def scoping_model(settings: Settings) -> str:
    """The language model that proposes and asks; empty where only the built-in words do."""
    return settings.llm_model or "" if settings.has_endpoint else ""


def _can_propose(concept: Concept, *, kinds: bool = False, near: str = "") -> None:
    necessary = definition_of(concept).definition.of_kind("necessary")
    if near and near not in {criterion.text for criterion in necessary}:
        raise DiscernError(f"“{near}” is none of the criteria that every picture must show.")
    if (kinds or near) and not scoping_model(concept.app.settings):
        raise DiscernError(NO_MODEL)


@use_case("POST /concepts/{name}/expand", job="Making proposals", before=_can_propose)
def propose(
    concept: Concept,
    progress: Progress,
    *,
    kinds: Annotated[
        bool, Field(description="Only up to three more kinds of pictures; needs a language model.")
    ] = False,
    near: Annotated[
        str, Field(max_length=300, description="Kinds near this criterion that every picture must show.")
    ] = "",
) -> Proposed:
    """Propose what counts, what doesn't, what is open, and what to search for; kept as a new revision.

    Raises `DiscernError` for more kinds where no language model is set.
    """
    if kinds or near:
        return _propose_more_kinds(concept, progress, near)
    progress.report(0, None, "thinking of what counts and what to search for")
    revision = definition_of(concept)
    model = _model(concept, progress)
    vocabulary = Vocabulary(SentenceEncoder().encode)
    hints = nouns_of_examples(concept, vocabulary)
    apart = partial(distinct_queries, training_data_of(concept), finder_of(concept.app))
    author, note, problem = model.name if model else BUILT_IN, "proposed from the description", ""
    try:
        english = reads_english(collection_of(concept.app))
        definition = expand(
            revision.definition, model, vocabulary, hints, apart, prompts_of(concept), english
        )
    except ModelCallError as error:
        definition = expand(revision.definition, None, vocabulary, hints, apart)
        author, problem = BUILT_IN, str(error)
        note += f", as {model.name if model else 'the model'} gave no answer"
    else:
        if model and any(query.origin == "vocabulary" for query in definition.queries):
            note += ", with searches from the built-in words"
    kept = revision
    if definition != revision.definition:
        kept = revise(concept, definition, author=author, note=note)
    return Proposed(revision=kept.number, author=kept.author, problem=problem)


def _propose_more_kinds(concept: Concept, progress: Progress, near: str) -> Proposed:
    progress.report(0, None, "thinking of more kinds of pictures")
    model = _model(concept, progress)
    if model is None:
        raise DiscernError(NO_MODEL)
    before = definition_of(concept)
    definition = propose_kinds(before.definition, model, near, prompts_of(concept))
    added, number = len(definition.criteria) - len(before.definition.criteria), before.number
    if added:
        note = f"more kinds proposed near “{near}”" if near else "more kinds proposed"
        number = revise(concept, definition, author=model.name, note=note, after=before.number).number
    return Proposed(revision=number, author=model.name, added=added, kinds=True)


@use_case("POST /concepts/{name}/questions", command="concept ask", job="Preparing questions")
def ask_questions(concept: Concept, progress: Progress) -> QuestionsAsked:
    """Think of at most three questions to the person. They are open until each is answered or skipped, or
    others are asked."""
    progress.report(0, None, "thinking of what to ask")
    model = _model(concept, progress)
    definition = definition_of(concept).definition
    try:
        questions = ask(definition, model, prompts_of(concept))
    except ModelCallError as error:
        return QuestionsAsked(questions=ask(definition, None), author=BUILT_IN, problem=str(error))
    return QuestionsAsked(questions=questions, author=model.name if model else BUILT_IN)


@use_case("GET /concepts/{name}/questions", command="concept questions")
def open_questions(concept: Concept) -> list[DefinitionQuestion]:
    """The questions that were asked last and are open."""
    asked = concept.newest(ask_questions)
    return still_open(asked.questions, definition_of(concept).definition) if asked else []


def can_ask_without_a_model(concept: Concept) -> bool:
    return bool(ask(definition_of(concept).definition, None))


@use_case("POST /concepts/{name}/questions/answer", command="concept answer", audit="changed what counts")
def answer_question(
    concept: Concept,
    question: Annotated[
        str, Field(min_length=1, max_length=300, description="One that is open, or its number from 1.")
    ],
    said: Annotated[
        str,
        Flag("REPLY"),
        Field(
            max_length=300,
            description="An offered answer or its letter, or your own words; nothing skips it.",
        ),
    ] = "",
    *,
    after: After = None,
    author: AuthorName,
) -> Revision:
    """Answer an open question, or skip it; what it means is kept as the next revision.

    Raises `DiscernError` where it isn't open, or `after` is not the newest definition any more.
    """
    questions = open_questions(concept)
    numbered = enumerate(questions, 1)
    found = next((q for i, q in numbered if question.casefold() in (q.question.casefold(), str(i))), None)
    if found is None:
        raise DiscernError("This question is answered, or others were asked since. Nothing was changed.")
    said = dict(zip("abcd", (one.answer for one in found.answers), strict=False)).get(said.lower(), said)
    return edit_definition(concept, partial(answer, question=found, said=said), author=author, after=after)


def _model(concept: Concept, progress: Progress) -> ChatModel | None:
    app = concept.app
    return chat_model(app.settings, "scoping", ledger_of(app).charged_to(progress.job_id, concept.id))


def nouns_of_examples(concept: Concept, vocabulary: Vocabulary) -> list[str]:
    """Nouns for what the newest definition's examples show, where the library's encoder knows any."""
    examples = definition_of(concept).definition.examples
    recorded = collection_of(concept.app).library.encoder()
    if not examples or recorded is None or recorded.name != "embedded":
        return []
    data = training_data_of(concept)
    known = data.with_vectors(list(examples))
    if not known:
        return []
    return words_of_examples(
        data.vectors(known), lambda shown, n: [noun.name for noun in vocabulary.nearest_to(shown, n)]
    )
