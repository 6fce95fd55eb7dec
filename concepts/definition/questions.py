"""Questions that help a person say what they mean: asked by a model or from the built-in words, answered with
a click or a word. What comes of an answer stands in the definition, with the answer beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError, field_validator

from concepts.definition.document import (
    LONGEST,
    AskedQuestion,
    Criterion,
    CriterionKind,
    Definition,
    one_line,
)
from concepts.definition.exclusions import speaks_of
from concepts.definition.proposing import (
    Phrase,
    Remark,
    Sentence,
    answers_as_text,
    between,
    is_copied,
    is_of_the_request,
)
from concepts.definition.tree import PURPOSE, excluded_by
from concepts.errors import DiscernError
from concepts.language.base import ChatModel
from concepts.language.prompts import DEFAULTS, PromptFiles

MOST_QUESTIONS = 3
FEWEST_ANSWERS, MOST_ANSWERS = 2, 4
# The first words of an answer in the person's own words to whether a kind counts.
YES = re.compile(r"^(?:yes|yeah|yep|sure|of course|always)\b[\s,.;:–-]*", re.IGNORECASE)
NO = re.compile(r"^(?:no|nope|never)\b(?!\s+(?:matter|problem))[\s,.;:–-]*", re.IGNORECASE)
OPEN = re.compile(
    r"^(?:unsure|not sure|maybe|perhaps|depends|it depends|don.t know|no idea|i don.t know)\b", re.I
)
# As scripts end a question; a small model names a thing instead.
ASKS = re.compile(r"[?？؟;]\W*$")


class Offered(BaseModel):
    # An answer to click on, and the criterion that it adds, unless that is "nothing".

    answer: Phrase
    kind: Literal["necessary", "included", "supporting", "excluding", "undecided", "nothing"]
    criterion: Remark = ""

    @field_validator("criterion")
    @classmethod
    def _own_words(cls, text: str) -> str:
        return "" if is_of_the_request(text) else text


class DefinitionQuestion(BaseModel):
    # `about` is the kind of picture it asks about, empty where it asks something else.

    question: Sentence
    about: Remark = ""
    answers: list[Offered] = Field(json_schema_extra=between(FEWEST_ANSWERS, 3))

    @field_validator("question", "about")
    @classmethod
    def _in_one_line(cls, text: str) -> str:
        return one_line(text)[:LONGEST]

    @field_validator("answers")
    @classmethod
    def _a_choice(cls, answers: list[Offered]) -> list[Offered]:
        kept = {one.answer.strip().casefold(): one for one in reversed(answers) if one.answer.strip()}
        if len(kept) < FEWEST_ANSWERS:
            raise ValueError(f"offer at least {FEWEST_ANSWERS} different answers")
        return list(reversed(kept.values()))[:MOST_ANSWERS]


class Questions(BaseModel):
    # What a chat model is asked for.

    questions: list[DefinitionQuestion] = Field(json_schema_extra=between(1, MOST_QUESTIONS))

    @field_validator("questions", mode="before")
    @classmethod
    def _usable(cls, given: Any) -> Any:
        """One that can't be used takes none of the others with it."""
        return [one for one in given if _fits(one)] or given if isinstance(given, list) else given

    @field_validator("questions")
    @classmethod
    def _some(cls, questions: list[DefinitionQuestion]) -> list[DefinitionQuestion]:
        kept = [one for one in questions if ASKS.search(one.question) and not is_of_the_request(one.question)]
        if not kept:
            raise ValueError("ask at least one question")
        return kept[:MOST_QUESTIONS]


def _fits(given: Any) -> bool:
    try:
        DefinitionQuestion.model_validate(given)
    except ValidationError:
        return False
    return True


def ask(
    definition: Definition, model: ChatModel | None, prompts: PromptFiles = DEFAULTS
) -> list[DefinitionQuestion]:
    """At most three questions that were not asked before; none where there is nothing to ask.

    Without a model whether the look-alikes that the built-in vocabulary proposed count. Raises what
    `ChatModel.ask` raises.
    """
    if model is None:
        return still_open(_about_look_alikes(definition), definition)[:MOST_QUESTIONS]
    messages = prompts.messages(
        "scope.questions", definition=definition.as_text(), answers=answers_as_text(definition)
    )
    said = model.ask(messages, Questions, purpose=PURPOSE).questions
    instructions, own = messages[0].text, definition.as_text()
    return still_open([one for one in said if not is_copied(one.question, instructions, own)], definition)


def still_open(questions: Iterable[DefinitionQuestion], definition: Definition) -> list[DefinitionQuestion]:
    """Those that this definition has no answer to."""
    asked = {one.question.casefold() for one in definition.asked}
    return [one for one in questions if one.question.casefold() not in asked]


def answer(definition: Definition, question: DefinitionQuestion, said: str) -> Definition:
    """With what the answer means. `said` is one of the offered answers, the person's own words, or empty to
    skip the question. Raises `DiscernError` for words that can't be kept."""
    words = one_line(said)
    if len(words) > LONGEST:
        raise DiscernError(
            f"At most {LONGEST} characters, please; these are {len(words)}. Nothing was changed."
        )
    meaning = _meaning(question, words) if words else None
    criteria, queries = list(definition.criteria), definition.queries
    if meaning is not None:
        kind, text = meaning
        note = f"from your answer: “{words}”"
        for index, known in enumerate(criteria):
            if known.text.casefold() == text.casefold():
                of = "" if kind == "necessary" else known.of
                criteria[index] = Criterion(kind=kind, text=known.text, of=of, note=note)
                break
        else:
            criteria.append(Criterion(kind=kind, text=text, note=note))
        if kind in ("included", "undecided"):
            queries = tuple(q for q in queries if q.counts or q.text.casefold() != text.casefold())
    try:
        asked = (*definition.asked, AskedQuestion(question=question.question, answer=words))
    except ValidationError as error:
        raise DiscernError(f"This can't be kept: {error.errors()[0]['msg']}. Nothing was changed.") from error
    return definition.model_copy(update={"criteria": tuple(criteria), "queries": queries, "asked": asked})


def _meaning(question: DefinitionQuestion, words: str) -> tuple[CriterionKind, str] | None:
    for offered in question.answers:
        if offered.answer.strip().casefold() == words.casefold():
            text = one_line(offered.criterion)[:LONGEST]
            if offered.kind == "nothing" or not text:
                return None
            return offered.kind, text
    if not question.about:
        if OPEN.match(words):
            return "undecided", words
        kinds = [one.kind for one in question.answers if one.kind != "nothing"]
        return (kinds[0] if kinds else "supporting"), words
    if OPEN.match(words):
        return "undecided", question.about
    if NO.match(words):
        return "excluding", question.about
    more = YES.sub("", words)
    return "included", f"{question.about}, {more}"[:LONGEST] if more else question.about


def _about_look_alikes(definition: Definition) -> list[DefinitionQuestion]:
    """About the built-in nouns that share words with the concept, and that nobody has decided on."""
    decided, excluded = {c.text.casefold() for c in definition.criteria}, excluded_by(definition)
    nouns = [q.text for q in definition.queries if q.origin == "vocabulary" and not q.counts]
    return [
        DefinitionQuestion(
            question=f"Does “{noun}” count?",
            about=noun,
            answers=[
                Offered(answer="It counts", kind="included", criterion=noun),
                Offered(answer="It doesn’t count", kind="excluding", criterion=noun),
                Offered(answer="Not decided yet", kind="undecided", criterion=noun),
            ],
        )
        for noun in nouns
        if noun.casefold() not in decided and not speaks_of(noun, excluded)
    ]
